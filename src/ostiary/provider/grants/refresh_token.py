"""Refresh token grant: each refresh hands out the one successor. RFC 6749 §6, RFC 9700 §4.14.2.

The successor of a refresh token is determined by its predecessor, so two racing refreshes, or a
client that lost our answer and asks again, receive the same one. Any older token is proof that
somebody copied it, and ends the authorization. A profile without rotation keeps the token as it
is; that of a public client may be bound to a key (RFC 9449 §5).
"""

from ostiary.domain.authorization import Authorization, Standing
from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.instants import readable
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import parse_scope
from ostiary.provider.dpop import check_key
from ostiary.provider.exchange import JsonAnswer
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.revocation import revoke_authorization
from ostiary.provider.service_refresh import check_service_refresh
from ostiary.provider.tokens import access_token_members, mint_access_token, token_response

GRANT_TYPE = "refresh_token"


async def exchange(request: GrantRequest, op: OpenIDProvider) -> JsonAnswer:
    # parse
    presented = request.parameters.get("refresh_token")
    if presented is None:
        raise ReasonCode.REFRESH_TOKEN_MISSING.refusal()
    if presented.startswith(Purpose.SERVICE_REFRESH):
        return await _refresh_service(presented, request, op)
    handle = op.handles.open(presented, Purpose.REFRESH_TOKEN, request.client.client_id)
    if handle is None:
        raise ReasonCode.REFRESH_TOKEN_UNKNOWN.refusal(
            expected="a refresh token given to this client"
        )

    # validate, decide, persist
    standing = await _find_refreshable(handle, request, op)
    check_key(request.jkt, standing.authorization.refresh_jkt)
    # What the institution has taken from the client meanwhile is not given any more.
    granted = standing.authorization.scope & request.client.scopes
    scope = check_narrowed(request, granted, op)
    if not await _go_on(handle, standing.authorization, request, op):
        # Somebody was faster: what stands now decides whether this is a race or a replay.
        standing = await _find_refreshable(handle, request, op)

    # respond
    members = token_response(op, request.client, standing, scope, request.now, jkt=request.jkt)
    members["refresh_token"] = _successor(handle, standing.authorization, request.client, op)
    return JsonAnswer(members=members)


async def _refresh_service(presented: str, request: GrantRequest, op: OpenIDProvider) -> JsonAnswer:
    """What a client that acts for itself was given with the quirk refresh-token-always."""
    found = await check_service_refresh(presented, request.client, op, request.now)
    scope = check_narrowed(request, found.scope, op)
    access_token = mint_access_token(
        op, request.client, scope, request.now, authorization=None, jkt=request.jkt
    )
    members = access_token_members(op, access_token, scope, request.jkt)
    return JsonAnswer(members={**members, "refresh_token": found.text})


async def _find_refreshable(handle: Handle, request: GrantRequest, op: OpenIDProvider) -> Standing:
    """The authorization, proved to be refreshable with this generation; ended for an older one."""
    found = await op.store.authorizations.find_standing(op.issuer.issuer_id, handle.id)
    try:
        return check_refresh_token(found, handle.generation, request.client, request.now)
    except Refusal as refusal:
        if found is not None and refusal.code is ReasonCode.REFRESH_TOKEN_REUSED:
            await revoke_authorization(found.authorization, refusal.code, op, request.now)
        raise


def check_refresh_token(
    found: Standing | None, generation: int, client: Client, now: int
) -> Standing:
    """The newest generation, or the one before it inside the client's grace."""
    if found is None:  # the token is ours, so there has been an authorization, and it was swept
        raise ReasonCode.AUTHORIZATION_ENDED.refusal()
    if generation > found.authorization.generation:
        raise ReasonCode.REFRESH_TOKEN_UNKNOWN.refusal(
            expected="a refresh token that is still kept"
        )
    authorization = found.authorization
    alive = found.may_act(now) and found.is_of(client)
    if authorization.redeemed_at is None or not alive:
        raise ReasonCode.AUTHORIZATION_ENDED.refusal()
    if generation < authorization.generation and not (
        generation == authorization.generation - 1
        and authorization.rotated_at is not None
        and now < authorization.rotated_at + client.refresh_grace
    ):
        raise ReasonCode.REFRESH_TOKEN_REUSED.refusal(
            expected=f"generation {authorization.generation}", received=f"generation {generation}"
        )
    if authorization.refresh_until is None or authorization.refresh_until <= now:
        raise ReasonCode.REFRESH_TOKEN_EXPIRED.refusal(
            expected=f"before {readable(authorization.refresh_until)}", received=readable(now)
        )
    return found


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
    """Give it its lifetime again. False when another request has ended or rotated it since."""
    if handle.generation < authorization.generation:
        return True  # a repetition inside the grace: the successor stands already
    refresh_until = min(request.now + op.issuer.lifetimes.refresh_token, authorization.ends_at)
    if not op.profile(request.client).rotates_refresh_tokens:
        return await op.store.authorizations.extend(
            op.issuer.issuer_id,
            handle.id,
            generation=handle.generation,
            refresh_until=refresh_until,
        )
    return await op.store.authorizations.rotate(
        op.issuer.issuer_id,
        handle.id,
        generation=handle.generation,
        refresh_until=refresh_until,
        now=request.now,
    )


def _successor(
    handle: Handle, authorization: Authorization, client: Client, op: OpenIDProvider
) -> str:
    """What follows on the handle; without rotation the handle itself, if it is the newest."""
    newest = handle.generation == authorization.generation
    if newest and not op.profile(client).rotates_refresh_tokens:
        successor = handle
    else:
        successor = Handle(id=handle.id, generation=handle.generation + 1)
    return op.handles.seal(successor, Purpose.REFRESH_TOKEN, client.client_id)
