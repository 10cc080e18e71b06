"""Minting: from what was authorized to signed tokens. RFC 9068 §2, OIDC Core §2, §3.1.3.3."""

import os

from ostiary.domain.authorization import Authorization, Standing
from ostiary.domain.client import Client
from ostiary.domain.quirks import Quirk
from ostiary.protocol.base64url import decode_base64url, encode_base64url
from ostiary.protocol.logout_token import LOGOUT_TOKEN_TYPE, logout_token_claims
from ostiary.protocol.scope import OPENID, format_scope
from ostiary.protocol.tokens import (
    ACCESS_TOKEN_TYPE,
    Json,
    access_token_claims,
    authentication_claims,
    half_hash,
)
from ostiary.provider.claims import id_token_claims
from ostiary.provider.op import OpenIDProvider

ID_LENGTH = 16
SALT_LENGTH = 8
LOGOUT_TOKEN_SECONDS = 120
TOKEN_ID_LENGTH = 32  # base64url of an id and a salt: no padding


def mint_access_token(
    op: OpenIDProvider,
    client: Client,
    scope: frozenset[str],
    now: int,
    *,
    authorization: Authorization | None,
    jkt: str | None,
) -> str:
    """For a user's authorization; without one, for the client that acts for itself.

    `jkt` is the key that the token is bound to. RFC 9449 §6.1.
    """
    claims = access_token_claims(
        issuer=op.issuer.url,
        subject=op.subjects.of(client, authorization.user_id)
        if authorization
        else client.client_id,
        audience=op.issuer.url,
        client_id=client.client_id,
        scope=format_scope(scope),
        issued_at=now,
        expires_at=now + op.issuer.lifetimes.access_token,
        token_id=new_token_id(authorization),
        authentication=authorization.authentication if authorization else None,
    )
    # Clients of the contract's own provider read the second name.
    institution_id = authorization.institution_id if authorization else client.institution_id
    claims["institution_id"] = claims["institutionId"] = institution_id
    if jkt is not None:
        claims["cnf"] = {"jkt": jkt}
    token = op.signer.sign(claims, op.issuer.access_token_algorithm, ACCESS_TOKEN_TYPE)
    if authorization is not None:  # what a client gets for itself goes to others
        op.keep_minted(token, claims)
    return token


def mint_id_token(
    op: OpenIDProvider,
    client: Client,
    standing: Standing,
    scope: frozenset[str],
    access_token: str,
    now: int,
) -> str:
    authorization = standing.authorization
    algorithm = op.usable(client.id_token_algorithm, client)
    claims: dict[str, Json] = {
        **id_token_claims(op, client, standing, scope),
        "iss": op.issuer.url,
        "sub": op.subjects.of(client, authorization.user_id),
        "aud": client.client_id,
        "iat": now,
        "exp": now + op.issuer.lifetimes.id_token,
        "sid": op.subjects.session_of(client, authorization.session_id),
        "at_hash": half_hash(access_token, algorithm),
        **authentication_claims(authorization.authentication),
    }
    # A refresh is not an answer to the request that sent the nonce. OIDC Core §12.2.
    if authorization.nonce is not None and authorization.redeemed_at is None:
        claims["nonce"] = authorization.nonce
    return op.signer.sign(claims, algorithm)


def mint_logout_token(
    op: OpenIDProvider, client: Client, user_id: str, session_id: bytes, now: int
) -> str:
    """Signed as the client's ID tokens are. Back-Channel Logout §2.4, §2.6."""
    claims = logout_token_claims(
        issuer=op.issuer.url,
        subject=op.subjects.of(client, user_id),
        session_id=op.subjects.session_of(client, session_id),
        audience=client.client_id,
        issued_at=now,
        expires_at=now + LOGOUT_TOKEN_SECONDS,
        token_id=new_token_id(None),
    )
    return op.signer.sign(claims, op.usable(client.id_token_algorithm, client), LOGOUT_TOKEN_TYPE)


def token_response(
    op: OpenIDProvider,
    client: Client,
    standing: Standing,
    scope: frozenset[str],
    now: int,
    *,
    jkt: str | None,
) -> dict[str, Json]:
    """The members for a user's grant, without a refresh token. RFC 6749 §5.1, OIDC Core §3.1.3.3."""
    access_token = mint_access_token(
        op, client, scope, now, authorization=standing.authorization, jkt=jkt
    )
    members = access_token_members(op, access_token, scope, jkt)
    if OPENID in scope:
        members["id_token"] = mint_id_token(op, client, standing, scope, access_token, now)
    return members


def access_token_members(
    op: OpenIDProvider, access_token: str, scope: frozenset[str], jkt: str | None
) -> dict[str, Json]:
    """RFC 6749 §5.1; a token that is bound to a key is of type DPoP. RFC 9449 §5."""
    seconds = op.issuer.lifetimes.access_token
    members: dict[str, Json] = {
        "access_token": access_token,
        "token_type": token_type_of(jkt),
        "expires_in": str(seconds) if Quirk.EXPIRES_IN_STRING in op.issuer.quirks else seconds,
    }
    if scope:
        members["scope"] = format_scope(scope)
    return members


def token_type_of(jkt: str | None) -> str:
    """How an access token has to be presented. RFC 6750 §2.1, RFC 9449 §7.1."""
    return "Bearer" if jkt is None else "DPoP"


def new_token_id(authorization: Authorization | None) -> str:
    """A jti that leads to the authorization, and is another one each time.

    That of a client that acts for itself leads nowhere: it has no authorization.
    """
    if authorization is None:
        return encode_base64url(os.urandom(ID_LENGTH))
    return encode_base64url(authorization.authorization_id + os.urandom(SALT_LENGTH))


def authorization_id_of(token_id: str) -> bytes | None:
    """The authorization behind the jti of one of our own, verified, access tokens."""
    if len(token_id) != TOKEN_ID_LENGTH:
        return None
    return decode_base64url(token_id)[:ID_LENGTH]
