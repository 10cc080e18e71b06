"""What comes in over ASGI: the host that was asked for, the body, and who says to be asking."""

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode, Refusal, shown
from ostiary.protocol.client_assertion import parse_client_assertion
from ostiary.protocol.credentials import parse_basic, split_authorization
from ostiary.protocol.malformed import Malformed
from ostiary.provider.exchange import EndpointRequest
from ostiary.web.asgi import Message, Receive, Scope

MAX_BODY_LENGTH = 65_536


def client_address(scope: Scope) -> str:
    """The peer's, or what a trusted proxy says; empty for one at the other end of a socket's file."""
    client = scope["client"]
    return client[0] if client else ""


def check_came_safely(request: EndpointRequest, issuer: Issuer) -> None:
    """Not without TLS to an issuer of https, where secrets could be read on the way. RFC 6749 §3.1."""
    if request.came_plain and issuer.secure:
        raise ReasonCode.PLAIN_HTTP.refusal(expected="https", received="http")


def requested_host(scope: Scope) -> bytes:
    """The one that is named: of two, a proxy may have read the other one. RFC 9112 §3.2."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return hosts[0].lower() if len(hosts) == 1 else b""


async def read_body(request: EndpointRequest, receive: Receive) -> bytes:
    """The whole body, as long as it is of a size that a form has."""
    declared = request.header(b"content-length") or "0"
    if declared.isascii() and declared.isdigit() and int(declared[:12]) > MAX_BODY_LENGTH:
        raise ReasonCode.BODY_TOO_LARGE.refusal(expected=MAX_BODY_LENGTH, received=declared)
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            # Half a form is not a form: what is missing could turn a yes into a no.
            raise ReasonCode.REQUEST_MALFORMED.refusal(expected="the whole body")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_LENGTH:
            raise ReasonCode.BODY_TOO_LARGE.refusal(expected=MAX_BODY_LENGTH)
    return body


def replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def tried_scheme(request: EndpointRequest) -> str:
    """The scheme of the one Authorization header, in lower case; empty without one."""
    scheme, _ = split_authorization(request.header(b"authorization") or "")
    return scheme


def claimed_grant_type(request: EndpointRequest) -> str | None:
    """What the form asks for, if it is one."""
    try:
        return request.form_parameters().get("grant_type")
    except Refusal:
        return None


def claimed_client_id(request: EndpointRequest) -> str | None:
    """The client that the request says it is from, proved or not, for the record."""
    try:
        scheme, rest = split_authorization(request.header(b"authorization") or "")
        if scheme == "basic":
            return shown(parse_basic(rest).client_id)
        parameters = (
            request.form_parameters() if request.method == "POST" else request.query_parameters()
        )
        client_id = parameters.get("client_id")
        if client_id is None and (assertion := parameters.get("client_assertion")):
            client_id = parse_client_assertion(assertion).claimed_client_id
    except (Malformed, Refusal):
        return None
    return None if client_id is None else shown(client_id)
