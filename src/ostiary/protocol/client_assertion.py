"""A client proves who it is with a signed token: its claims. RFC 7523 §3, OIDC Core §9.

The signature is another matter (`protocol.jose.jws`): first the client that the token names is
found, then its keys verify the token, then these checks hold its claims against the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.compact import UnverifiedToken, parse_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.numeric_date import find_instant, read_instant
from ostiary.protocol.tokens import Claims, Json

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2
ASSERTION_ALGORITHMS: Final = frozenset(
    {
        ClientAlgorithm.RS256,
        ClientAlgorithm.PS256,
        ClientAlgorithm.ES256,
        ClientAlgorithm.EDDSA,
    }
)
MAX_LIFETIME: Final = 300
# How far ahead of ours a client's clock may be.
CLOCK_SKEW: Final = 60
MAX_JTI_LENGTH: Final = 256
MAX_AUDIENCES: Final = 10

# What else we or our clients sign is no assertion. RFC 8725 §3.12
_TOKEN_TYPES: Final = frozenset({"jwt", "client-authentication+jwt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAssertion:
    """An assertion whose signature nobody has verified yet, and the client that it names."""

    claimed_client_id: str
    token: UnverifiedToken


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionId:
    """What has to be remembered so that an assertion works once: until it has expired."""

    jti: str
    expires_at: int


def parse_client_assertion(text: str) -> ClientAssertion:
    """The assertion and the client that it names, as both issuer and subject. RFC 7523 §3"""
    token = parse_token(text)
    issuer = token.claims.get("iss")
    if not isinstance(issuer, str) or not issuer or issuer != token.claims.get("sub"):
        raise Malformed("client_assertion", "the client_id as both iss and sub")
    return ClientAssertion(claimed_client_id=issuer, token=token)


def check_assertion_claims(
    claims: Claims,
    *,
    token_type: str | None,
    client_id: str,
    audiences: frozenset[str],
    now: int,
    strict: bool,
    issued_from: int = 0,
) -> AssertionId:
    """What the claims prove: this client, to us, now, once. RFC 7523 §3

    `strict` is FAPI 2.0 §5.3.2.1: the audience is one text, the issuer. Otherwise it may stand in
    a list, and instants may be in milliseconds. `issued_from`: nobody remembers which of those
    from before were used.
    """
    if token_type is not None and token_type.lower() not in _TOKEN_TYPES:
        raise Malformed("typ", "JWT or client-authentication+jwt")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise Malformed("client_assertion", "the client_id as both iss and sub")
    _check_audience(claims.get("aud"), audiences, strict=strict)
    expires_at = _check_instants(claims, now, milliseconds=not strict)
    issued_at = find_instant(claims, "iat", milliseconds=not strict)
    earliest = expires_at - MAX_LIFETIME if issued_at is None else issued_at
    if earliest < issued_from + CLOCK_SKEW:
        raise Malformed("iat", "an assertion made after this server was restored")
    return AssertionId(jti=_read_jti(claims), expires_at=expires_at)


def _check_audience(audience: Json, accepted: frozenset[str], *, strict: bool) -> None:
    expected = " or ".join(sorted(accepted))
    if isinstance(audience, str):
        audience = [audience]
    elif strict:
        raise Malformed("aud", f"one text, {expected}")
    if not isinstance(audience, Sequence) or len(audience) > MAX_AUDIENCES:
        raise Malformed("aud", f"text, or a list of at most {MAX_AUDIENCES}")
    names = [name for name in audience if isinstance(name, str)]
    # Each of them: an assertion that is good elsewhere too could have been made for there.
    if not names or len(names) < len(audience) or not accepted.issuperset(names):
        raise Malformed("aud", expected)


def _check_instants(claims: Claims, now: int, *, milliseconds: bool) -> int:
    """When the assertion ends: after now, and soon. RFC 7523 §3, items 4 to 6"""
    expires_at = read_instant(claims, "exp", milliseconds=milliseconds)
    if expires_at <= now:
        raise Malformed("exp", "an assertion that has not expired")
    if expires_at > now + MAX_LIFETIME + CLOCK_SKEW:
        raise Malformed("exp", f"at most {MAX_LIFETIME} seconds ahead")
    for name in ("nbf", "iat"):
        instant = find_instant(claims, name, milliseconds=milliseconds)
        if instant is not None and instant > now + CLOCK_SKEW:
            raise Malformed(name, "not in the future")
    return expires_at


def _read_jti(claims: Claims) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI_LENGTH:
        raise Malformed("jti", f"text of at most {MAX_JTI_LENGTH} characters")
    return jti
