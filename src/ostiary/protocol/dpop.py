"""A proof that whoever sends a request holds a private key. RFC 9449 §4.2, §4.3."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ostiary.protocol.base64url import encode_base64url
from ostiary.protocol.endpoint_uri import same_endpoint
from ostiary.protocol.jose.algorithms import ClientAlgorithm, usual_name
from ostiary.protocol.jose.compact import parse_token
from ostiary.protocol.jose.jws import verify_signature
from ostiary.protocol.jose.public_key import parse_public_key
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.numeric_date import find_instant, read_instant
from ostiary.protocol.tokens import Claims

PROOF_TYPE: Final = "dpop+jwt"
PROOF_ALGORITHMS: Final = frozenset(ClientAlgorithm) - {ClientAlgorithm.RS256}
# A proof is good from MAX_AHEAD before its iat until MAX_AGE after it, and remembered as long.
MAX_AGE: Final = 60
MAX_AHEAD: Final = 60
MAX_HEADER_LENGTH: Final = 4_096
MAX_JTI_LENGTH: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class DPoPProof:
    """A proof whose signature fits its own key; `jkt` names that key. RFC 9449 §4.2

    Whether it is for this request, `check_proof` says; whether it was used before, the caller.
    """

    algorithm: str
    jkt: str
    jti: str
    htm: str
    htu: str
    iat: int
    exp: int | None
    nbf: int | None
    nonce: str | None
    ath: str | None


def parse_proof(text: str) -> DPoPProof:
    """The proof, its signature verified with the key in its own header. RFC 9449 §4.3"""
    token = parse_token(text, max_header_length=MAX_HEADER_LENGTH)
    if token.type != PROOF_TYPE:
        raise Malformed("typ", PROOF_TYPE)
    key = parse_public_key(token.header.get("jwk"), PROOF_ALGORITHMS)
    claims = verify_signature(token, (key,), PROOF_ALGORITHMS).claims
    return DPoPProof(
        algorithm=usual_name(token.algorithm),
        jkt=key.thumbprint,
        jti=_read_text(claims, "jti", MAX_JTI_LENGTH),
        htm=_read_text(claims, "htm"),
        htu=_read_text(claims, "htu"),
        iat=read_instant(claims, "iat"),
        exp=find_instant(claims, "exp"),
        nbf=find_instant(claims, "nbf"),
        nonce=_find_text(claims, "nonce"),
        ath=_find_text(claims, "ath"),
    )


def check_proof(
    proof: DPoPProof,
    *,
    method: str,
    url: str,
    now: int,
    access_token: str | None = None,
    nonce_is_fresh: bool = False,
) -> None:
    """That the proof was made for this request, now. RFC 9449 §4.3

    `url` is our own endpoint as it is configured. A nonce of ours, checked by the caller, says
    when the proof was made better than the client's clock.
    """
    if proof.htm != method:
        raise Malformed("htm", method)
    if proof.htu != url and not same_endpoint(proof.htu, url):
        raise Malformed("htu", url)
    if not nonce_is_fresh and not now - MAX_AGE < proof.iat <= now + MAX_AHEAD:
        raise Malformed("iat", f"within {MAX_AGE} seconds of our clock")
    if proof.exp is not None and proof.exp <= now:
        raise Malformed("exp", "a proof that has not expired")
    if proof.nbf is not None and proof.nbf > now + MAX_AHEAD:
        raise Malformed("nbf", "not in the future")
    if access_token is not None:
        _check_access_token(proof, access_token)


def _check_access_token(proof: DPoPProof, access_token: str) -> None:
    expected = encode_base64url(sha256(access_token.encode()).digest())
    if proof.ath is None or not hmac.compare_digest(proof.ath.encode(), expected.encode()):
        raise Malformed("ath", "base64url(SHA-256(access token))")


def _find_text(claims: Claims, name: str) -> str | None:
    return _read_text(claims, name) if name in claims else None


def _read_text(claims: Claims, name: str, max_length: int | None = None) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(name, "text")
    if max_length is not None and len(value) > max_length:
        raise Malformed(name, f"at most {max_length} characters")
    return value
