"""Proof Key for Code Exchange with S256, the only method. RFC 7636."""

import hmac
import re
from hashlib import sha256

from ostiary.protocol.base64url import encode_base64url
from ostiary.protocol.malformed import Malformed

S256 = "S256"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def parse_code_challenge(challenge: str, method: str | None) -> str:
    """The challenge, proved to be base64url(SHA-256(...)). RFC 7636 §4.2, §4.3.

    An absent method means "plain" and is refused with it.
    """
    if method != S256:
        raise Malformed("code_challenge_method", S256)
    if not _CHALLENGE.fullmatch(challenge):
        raise Malformed("code_challenge", "43 characters of base64url without padding")
    return challenge


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier. RFC 7636 §4.2."""
    return encode_base64url(sha256(verifier.encode()).digest())


def verifier_matches(verifier: str, challenge: str) -> bool:
    """Whether the verifier is well-formed (§4.1) and its challenge is this one (§4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier), challenge)
