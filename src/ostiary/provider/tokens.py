"""Minting: from what was authorized to signed tokens. RFC 9068 §2, OIDC Core §2, §3.1.3.3."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ostiary.domain.authorization import Standing
from ostiary.domain.client import Client
from ostiary.domain.quirks import Quirk
from ostiary.protocol.scope import OPENID, format_scope
from ostiary.protocol.tokens import (
    ACCESS_TOKEN_TYPE,
    Authentication,
    Json,
    access_token_claims,
    authentication_claims,
    half_hash,
)
from ostiary.provider.claims import released_claims
from ostiary.provider.op import OpenIDProvider

ID_LENGTH = 16
SALT_LENGTH = 8
TOKEN_ID_LENGTH = 32  # base64url of an id and a salt: no padding


def mint_access_token(
    op: OpenIDProvider,
    client: Client,
    scope: frozenset[str],
    now: int,
    *,
    subject: str,
    token_id: str,
    authentication: Authentication | None,
) -> str:
    claims = access_token_claims(
        issuer=op.issuer.url,
        subject=subject,
        audience=op.issuer.url,
        client_id=client.client_id,
        scope=format_scope(scope),
        issued_at=now,
        expires_at=now + op.issuer.lifetimes.access_token,
        token_id=token_id,
        authentication=authentication,
    )
    token = op.signer.sign(claims, op.issuer.access_token_algorithm, ACCESS_TOKEN_TYPE)
    op.remember_verified(token, claims)
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
    algorithm = client.id_token_algorithm
    claims: dict[str, Json] = {}
    if op.issuer.face.claims_in_id_token:
        claims |= released_claims(op.issuer, standing, scope)
    claims |= {
        "iss": op.issuer.url,
        "sub": authorization.user_id,
        "aud": client.client_id,
        "iat": now,
        "exp": now + op.issuer.lifetimes.id_token,
        "sid": urlsafe_b64encode(authorization.session_id).rstrip(b"=").decode(),
        "at_hash": half_hash(access_token, algorithm),
        **authentication_claims(authorization.authentication),
    }
    # A refresh is not an answer to the request that sent the nonce. OIDC Core §12.2.
    if authorization.nonce is not None and authorization.redeemed_at is None:
        claims["nonce"] = authorization.nonce
    return op.signer.sign(claims, algorithm)


def token_response(
    op: OpenIDProvider, client: Client, standing: Standing, scope: frozenset[str], now: int
) -> dict[str, Json]:
    """The members for a user's grant, without a refresh token. RFC 6749 §5.1, OIDC Core §3.1.3.3."""
    authorization = standing.authorization
    access_token = mint_access_token(
        op,
        client,
        scope,
        now,
        subject=authorization.user_id,
        token_id=token_id_of(authorization.authorization_id),
        authentication=authorization.authentication,
    )
    members = bearer_members(op, access_token, scope)
    if OPENID in scope:
        members["id_token"] = mint_id_token(op, client, standing, scope, access_token, now)
    return members


def bearer_members(op: OpenIDProvider, access_token: str, scope: frozenset[str]) -> dict[str, Json]:
    """RFC 6749 §5.1."""
    seconds = op.issuer.lifetimes.access_token
    members: dict[str, Json] = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": str(seconds) if Quirk.EXPIRES_IN_STRING in op.issuer.quirks else seconds,
    }
    if scope:
        members["scope"] = format_scope(scope)
    return members


def token_id_of(authorization_id: bytes) -> str:
    """A jti that leads to the authorization, and is another one each time."""
    return urlsafe_b64encode(authorization_id + os.urandom(SALT_LENGTH)).decode("ascii")


def token_id_of_client() -> str:
    """A jti that leads nowhere: a client acting for itself has no authorization."""
    return urlsafe_b64encode(os.urandom(ID_LENGTH)).rstrip(b"=").decode("ascii")


def authorization_id_of(token_id: str) -> bytes | None:
    """The authorization behind the jti of one of our own, verified, access tokens."""
    if len(token_id) != TOKEN_ID_LENGTH:
        return None
    return urlsafe_b64decode(token_id)[:ID_LENGTH]
