"""Refresh token grant: each refresh hands out the one successor. RFC 6749 §6, RFC 9700 §4.14.2.

The successor of a refresh token is determined by its predecessor, so two racing refreshes, or a
client that lost our answer and asks again, receive the same one. Any older token is proof that
somebody copied it, and ends the authorization.
"""

from ostiary.domain.authorization import Authorization, Standing
from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.instants import readable
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import parse_scope
from ostiary.provider.exchange import JsonAnswer
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.revocation import revoke_authorization
from ostiary.provider.tokens import token_response

GRANT_TYPE = "refresh_token"


async def exchange(request: GrantRequest, op: OpenIDProvider) -> JsonAnswer:
    # parse
    presented = request.parameters.get("refresh_token")
    if presented is None:
        raise ReasonCode.REFRESH_TOKEN_MISSING.refusal()
    handle = op.handles.open(presented, Purpose.REFRESH_TOKEN, request.client.client_id)
    if handle is None:
        raise ReasonCode.REFRESH_TOKEN_UNKNOWN.refusal(
            expected="a refresh token given to this client"
        )

    # validate, decide, persist
    standing = await _find_refreshable(handle, request, op)
    scope = check_narrowed(request, standing.authorization.scope, op)
    if not await _go_on(handle, standing.authorization, request, op):
        # Somebody was faster: what stands now decides whether this is a race or a replay.
        await _find_refreshable(handle, request, op)

    # respond
    members = token_response(op, request.client, standing, scope, request.now)
    members["refresh_token"] = _successor(handle, request.client, op)
    return JsonAnswer(members=members)


async def _find_refreshable(handle: Handle, request: GrantRequest, op: OpenIDProvider) -> Standing:
    """The authorization, proved to be refreshable with this generation; ended for an older one."""
    found = await op.store.authorizations.find_standing(op.issuer.issuer_id, handle.id)
    try:
        return check_refresh_token(found, handle.generation, request)
    except Refusal as refusal:
        if found is not None and refusal.code is ReasonCode.REFRESH_TOKEN_REUSED:
            await revoke_authorization(found.authorization, refusal.code, op, request.now)
        raise


def check_refresh_token(found: Standing | None, generation: int, request: GrantRequest) -> Standing:
    """The newest generation, or the one before it inside the client's grace."""
    if found is None or generation > found.authorization.generation:
        raise ReasonCode.REFRESH_TOKEN_UNKNOWN.refusal(
            expected="a refresh token that is still kept"
        )
    authorization = found.authorization
    if authorization.redeemed_at is None or not found.may_act(request.now):
        raise ReasonCode.AUTHORIZATION_ENDED.refusal()
    if generation < authorization.generation and not _in_grace(authorization, generation, request):
        raise ReasonCode.REFRESH_TOKEN_REUSED.refusal(
            expected=f"generation {authorization.generation}", received=f"generation {generation}"
        )
    if authorization.refresh_until is None or authorization.refresh_until <= request.now:
        raise ReasonCode.REFRESH_TOKEN_EXPIRED.refusal(
            expected=f"before {readable(authorization.refresh_until)}",
            received=readable(request.now),
        )
    return found


def _in_grace(authorization: Authorization, generation: int, request: GrantRequest) -> bool:
    return (
        generation == authorization.generation - 1
        and authorization.rotated_at is not None
        and request.now < authorization.rotated_at + request.client.refresh_grace
    )


def check_narrowed(
    request: GrantRequest, granted: frozenset[str], op: OpenIDProvider
) -> frozenset[str]:
    """The scope of this refresh: what is asked for, never more than was granted. RFC 6749 §6.

    Names that the authorization endpoint drops are dropped here too: many clients repeat what they
    asked for at first.
    """
    sent = request.parameters.get("scope")
    if sent is None:
        return granted
    try:
        wanted = parse_scope(sent) & op.issuer.scopes
    except Malformed as error:
        raise ReasonCode.SCOPE_MALFORMED.refusal(expected=error.expected, received=sent) from error
    narrowed = wanted & granted
    if not narrowed or not wanted - OFFLINE_SCOPES <= granted:
        raise ReasonCode.REFRESH_SCOPE_WIDER.refusal(
            expected=" ".join(sorted(granted)), received=sent
        )
    return narrowed


async def _go_on(
    handle: Handle, authorization: Authorization, request: GrantRequest, op: OpenIDProvider
) -> bool:
    """Advance by one generation. False when another request has done so since we looked."""
    if handle.generation < authorization.generation:
        return True  # a repetition inside the grace: the successor stands already
    if not op.profile(request.client).rotates_refresh_tokens:
        return True
    return await op.store.authorizations.rotate(
        op.issuer.issuer_id,
        authorization.authorization_id,
        generation=handle.generation,
        refresh_until=min(request.now + op.issuer.lifetimes.refresh_token, authorization.ends_at),
        now=request.now,
    )


def _successor(handle: Handle, client: Client, op: OpenIDProvider) -> str:
    rotates = op.profile(client).rotates_refresh_tokens
    successor = Handle(id=handle.id, generation=handle.generation + 1) if rotates else handle
    return op.handles.seal(successor, Purpose.REFRESH_TOKEN, client.client_id)
