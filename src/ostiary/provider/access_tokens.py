"""Our own access tokens when they come back: whether they are ours, and whether they still stand.

RFC 9068 §4. A signature is verified once for a process, what may have changed since at each use.
"""

from collections.abc import Mapping

from ostiary.domain.access_token import AccessToken
from ostiary.domain.authorization import Standing
from ostiary.domain.client import Client
from ostiary.domain.instants import readable
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.spent import SpentKind, spent_id
from ostiary.protocol.jose.jws import verify_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import parse_scope
from ostiary.protocol.tokens import ACCESS_TOKEN_TYPE, Claims, Json
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.tokens import authorization_id_of


def check_access_token(text: str, op: OpenIDProvider, now: int) -> AccessToken:
    """The token, proved to be one of ours, for us and not expired. RFC 9068 §4."""
    token = op.find_access_token(text)
    if token is None:
        token = _read(op.find_minted(text) or _verify(text, op))
        op.keep_access_token(text, token)
    if token.expires_at <= now:
        raise ReasonCode.TOKEN_EXPIRED.refusal(
            expected=f"before {readable(token.expires_at)}", received=readable(now)
        )
    return token


def _verify(text: str, op: OpenIDProvider) -> Claims:
    try:
        verified = verify_token(text, op.verification_keys)
    except Malformed as error:
        raise ReasonCode.TOKEN_INVALID.refusal(expected=error.expected) from error
    if verified.type != ACCESS_TOKEN_TYPE:
        raise ReasonCode.TOKEN_INVALID.refusal(expected=ACCESS_TOKEN_TYPE, received=verified.type)
    claims = verified.claims
    if claims.get("iss") != op.issuer.url or claims.get("aud") != op.issuer.url:
        raise ReasonCode.TOKEN_INVALID.refusal(
            expected=op.issuer.url, received=f"{claims.get('iss')} for {claims.get('aud')}"
        )
    _check_epoch(claims, op)
    return claims


def _check_epoch(claims: Claims, op: OpenIDProvider) -> None:
    """Which tokens were revoked before a backup was restored, nobody remembers: all are."""
    issued_at = claims.get("iat")
    if not isinstance(issued_at, int) or issued_at < op.epoch:
        raise ReasonCode.TOKEN_REVOKED.refusal(expected=f"issued after {readable(op.epoch)}")


def _read(claims: Claims) -> AccessToken:
    expires_at = claims["exp"]
    if not isinstance(expires_at, int):
        raise ReasonCode.TOKEN_INVALID.refusal(expected="a token with an expiry")
    client_id, token_id = str(claims["client_id"]), str(claims["jti"])
    return AccessToken(
        claims=claims,
        client_id=client_id,
        token_id=token_id,
        scope=parse_scope(str(claims.get("scope") or "") or None),
        expires_at=expires_at,
        jkt=_jkt(claims.get("cnf")),
        authorization_id=authorization_id_of(token_id),
        spent_id=spent_id(SpentKind.ACCESS_TOKEN, client_id, token_id),
    )


def _jkt(confirmation: Json) -> str | None:
    """A binding that we do not know is one that we cannot check: it lets nobody in."""
    if confirmation is None:
        return None
    if isinstance(confirmation, Mapping) and [*confirmation] == ["jkt"]:
        return str(confirmation["jkt"])
    raise ReasonCode.TOKEN_INVALID.refusal(expected="a token bound to nothing, or by jkt")


async def check_alive(
    token: AccessToken, op: OpenIDProvider, now: int
) -> tuple[Client, Standing | None]:
    """The client that got the token and the authorization behind it, if it may still be used.

    A token of a client that acts for itself has no authorization.
    """
    client = await op.find_client(token.client_id)
    if client is None or client.disabled_at is not None:
        raise ReasonCode.TOKEN_REVOKED.refusal(expected="a client that is switched on")
    issuer_id, authorization_id = op.issuer.issuer_id, token.authorization_id
    if authorization_id is None:
        if await op.store.spent.contains(issuer_id, token.spent_id, now):
            raise ReasonCode.TOKEN_REVOKED.refusal()
        return client, None
    standing = await op.store.authorizations.find_standing(
        issuer_id, authorization_id, token_id=token.spent_id
    )
    if standing is None or not standing.may_act(now) or not standing.is_of(client):
        raise ReasonCode.TOKEN_REVOKED.refusal()
    return client, standing
