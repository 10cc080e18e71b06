"""The introspection endpoint: an API asks what a token is worth. RFC 7662 §2, RFC 9701 §4, §5.

Whatever is wrong with the token, the answer is the same: not active, and nothing more.
"""

from collections.abc import Mapping

from ostiary.domain.client import Client
from ostiary.domain.handles import Purpose
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.protocol.introspection import INTROSPECTION_TOKEN_TYPE, introspection_token_claims
from ostiary.protocol.scope import format_scope
from ostiary.protocol.tokens import Json
from ostiary.provider.access_tokens import check_access_token, check_alive
from ostiary.provider.client_request import read_client_request, read_token
from ostiary.provider.exchange import EndpointRequest, JsonAnswer, JwtAnswer
from ostiary.provider.grants.refresh_token import check_refresh_token
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.tokens import token_type_of

JWT_MEDIA_TYPE = f"application/{INTROSPECTION_TOKEN_TYPE}"
INACTIVE: Mapping[str, Json] = {"active": False}


async def introspection(request: EndpointRequest, op: OpenIDProvider) -> JsonAnswer | JwtAnswer:
    now = op.clock.now()
    asked = await read_client_request(request, op)
    check_may_introspect(asked.client)
    members = await describe(read_token(asked), asked.client, op, now)
    if not members["active"]:
        op.limits.count_inactive(op.issuer, asked.client)
    if not request.accepts(JWT_MEDIA_TYPE):
        return JsonAnswer(members=members)
    claims = introspection_token_claims(
        issuer=op.issuer.url,
        audience=asked.client.client_id,
        issued_at=now,
        introspection=members,
    )
    algorithm = op.usable(asked.client.id_token_algorithm, asked.client)
    return JwtAnswer(
        token=op.signer.sign(claims, algorithm, INTROSPECTION_TOKEN_TYPE),
        media_type=JWT_MEDIA_TYPE,
    )


def check_may_introspect(client: Client) -> None:
    """RFC 7662 §2.1, §4: only who has proved itself and is allowed, so that nobody tries tokens."""
    if client.public:
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(expected="a confidential client")
    if not client.may_introspect:
        raise ReasonCode.INTROSPECTION_NOT_ALLOWED.refusal(
            expected="a client that may introspect", received=client.client_id
        )


async def describe(token: str, caller: Client, op: OpenIDProvider, now: int) -> Mapping[str, Json]:
    """The members of RFC 7662 §2.2, as far as the caller may know of the token."""
    try:
        if token.startswith(Purpose.REFRESH_TOKEN):
            return await _describe_refresh_token(token, caller, op, now)
        return await _describe_access_token(token, caller, op, now)
    except Refusal:
        return INACTIVE


async def _describe_access_token(
    text: str, caller: Client, op: OpenIDProvider, now: int
) -> Mapping[str, Json]:
    """What the token itself says, to callers of the institution that it is about."""
    token = check_access_token(text, op, now)
    client, standing = await check_alive(token, op, now)
    # The person's, in that authorization; of a token without a person those of its client.
    about = {standing.authorization.institution_id} if standing else set(client.institution_ids)
    if about.isdisjoint(caller.institution_ids):
        return INACTIVE
    return {"active": True, **token.claims, "token_type": token_type_of(token.jkt)}


async def _describe_refresh_token(
    text: str, caller: Client, op: OpenIDProvider, now: int
) -> Mapping[str, Json]:
    """One of the caller's own: no other client has a use for it."""
    handle = op.handles.open(text, Purpose.REFRESH_TOKEN, caller.client_id)
    if handle is None:
        return INACTIVE
    found = await op.store.authorizations.find_standing(op.issuer.issuer_id, handle.id)
    authorization = check_refresh_token(found, handle.generation, caller, now).authorization
    return {
        "active": True,
        "iss": op.issuer.url,
        "client_id": caller.client_id,
        "sub": op.subjects.of(caller, authorization.user_id),
        "scope": format_scope(authorization.scope),
        "exp": authorization.refresh_until,
    }
