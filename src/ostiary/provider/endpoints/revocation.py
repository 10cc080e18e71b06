"""The revocation endpoint: a client gives back what it no longer needs. RFC 7009 §2.

A refresh token ends its authorization with all that it gave; an access token ends alone. A token
that is unknown, or dead already, is no error: what the client wanted is so. RFC 7009 §2.2.
"""

from ostiary.domain.authorization import Authorization
from ostiary.domain.client import Client
from ostiary.domain.handles import Purpose
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.provider.access_tokens import check_access_token
from ostiary.provider.client_request import read_client_request, read_token
from ostiary.provider.exchange import Acknowledgement, EndpointRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.revocation import revoke_access_token, revoke_for_client
from ostiary.provider.service_refresh import revoke_service_refresh


async def revocation(request: EndpointRequest, op: OpenIDProvider) -> Acknowledgement:
    now = op.clock.now()
    asked = await read_client_request(request, op)
    token = read_token(asked)
    if token.startswith(Purpose.SERVICE_REFRESH):
        await revoke_service_refresh(token, asked.client, op, now)
    elif token.startswith(Purpose.REFRESH_TOKEN):
        await _revoke_refresh_token(token, asked.client, op, now)
    else:
        await _revoke_access_token(token, asked.client, op, now)
    return Acknowledgement()


async def _revoke_refresh_token(text: str, client: Client, op: OpenIDProvider, now: int) -> None:
    """Of any generation: whoever gives back an old one wants none of the new ones either."""
    authorization = await _find_authorization(text, op)
    if authorization is not None:
        check_owner(authorization.client_id, client)
        await revoke_for_client(authorization, op, now)


async def _find_authorization(text: str, op: OpenIDProvider) -> Authorization | None:
    """The authorization whose refresh token this is, whichever client has sent it."""
    named = op.handles.named_id(text, Purpose.REFRESH_TOKEN)
    if named is None:
        return None
    standing = await op.store.authorizations.find_standing(op.issuer.issuer_id, named)
    if standing is None:
        return None
    authorization = standing.authorization
    genuine = op.handles.open(text, Purpose.REFRESH_TOKEN, authorization.client_id)
    return authorization if genuine else None


async def _revoke_access_token(text: str, client: Client, op: OpenIDProvider, now: int) -> None:
    try:
        token = check_access_token(text, op, now)
    except Refusal:
        return
    check_owner(token.client_id, client)
    await revoke_access_token(token, op, now)


def check_owner(client_id: str, client: Client) -> None:
    """RFC 7009 §2.1: a token is given back by the client that it was given to."""
    if client_id != client.client_id:
        raise ReasonCode.TOKEN_OF_ANOTHER_CLIENT.refusal(expected=client_id)
