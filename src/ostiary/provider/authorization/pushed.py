"""Pushed authorization requests at the authorization endpoint: found, and still good. RFC 9126 §4.

A pushed request is good for one completed authorization. It is not spent by the first visit, so
that a browser may load the page twice, or a preview of the link be fetched.
"""

from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.instants import readable
from ostiary.domain.interaction import PushedRequest
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.authorization.code import return_address
from ostiary.provider.authorization.locate import (
    ReturnAddress,
    check_redirect_uri,
    check_still_allowed,
    find_usable_client,
)
from ostiary.provider.op import OpenIDProvider

URN = "urn:ietf:params:oauth:request_uri:"


def request_uri_of(pushed: PushedRequest, op: OpenIDProvider) -> str:
    """The reference that the client takes to the authorization endpoint. RFC 9126 §2.2."""
    handle = Handle(id=pushed.pushed_id)
    return URN + op.handles.seal(handle, Purpose.PUSHED_REQUEST, pushed.request.client_id)


def names_pushed_request(parameters: Parameters) -> bool:
    """Whether the request stands on a push: everything in it but client_id then counts for nothing."""
    return (parameters.get("request_uri") or "").startswith(URN)


async def locate_pushed(
    parameters: Parameters, op: OpenIDProvider, now: int
) -> tuple[Client, ReturnAddress, PushedRequest]:
    """The client and what it pushed, if it may still be asked; every refusal here is a page."""
    for name in ("client_id", "request_uri"):
        if name in parameters.repeated:
            raise ReasonCode.PARAMETER_REPEATED.refusal(received=name)
    client = await find_usable_client(parameters.get("client_id"), op)
    text = (parameters.get("request_uri") or "").removeprefix(URN)
    handle = op.handles.open(text, Purpose.PUSHED_REQUEST, client.client_id)
    if handle is None:
        raise ReasonCode.PUSHED_REQUEST_UNKNOWN.refusal(
            expected=f"a request_uri that {client.client_id} was given here"
        )
    found = await op.store.pushed_requests.find(op.issuer.issuer_id, handle.id)
    pushed = check_pushed_request(found, now)
    check_redirect_uri(pushed.request.redirect_uri, client)
    check_still_allowed(pushed.request.scope, pushed.request.institution_id, client)
    return client, return_address(pushed.request, op.issuer), pushed


def check_pushed_request(pushed: PushedRequest | None, now: int) -> PushedRequest:
    """RFC 9126 §2.2, §4: kept, not expired, not used."""
    if pushed is None:
        raise ReasonCode.PUSHED_REQUEST_UNKNOWN.refusal(expected="one that is still kept")
    if pushed.completed_at is not None:
        raise ReasonCode.PUSHED_REQUEST_USED.refusal(
            expected="a request_uri used once",
            received=f"one used at {readable(pushed.completed_at)}",
        )
    if now >= pushed.expires_at:
        raise ReasonCode.PUSHED_REQUEST_EXPIRED.refusal(
            expected=f"before {readable(pushed.expires_at)}", received=readable(now)
        )
    return pushed
