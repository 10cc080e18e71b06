"""Signed tokens that come back to us: parsed and verified. RFC 7515, RFC 7519, RFC 8725.

The key decides the algorithm, never the token; keys in the header are not looked at; `crit` is
refused whatever it names.
"""

import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import import_key

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Claims, Json

MAX_TOKEN_LENGTH = 16_384

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token whose signature has been verified with one of the given keys."""

    type: str | None
    claims: Claims


def verify_token(token: str, keys: Mapping[str, Mapping[str, Json]]) -> VerifiedToken:
    """The token's claims, proved to be signed by one of `keys` (JWKs with `alg`, by `kid`)."""
    if len(token) > MAX_TOKEN_LENGTH or not _COMPACT.fullmatch(token):
        raise Malformed("token", "a compact JWS")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
        jwk = keys[header["kid"]]
        if header.get("alg") != jwk["alg"] or "crit" in header:
            raise Malformed("token", "the algorithm of its key, and no critical extension")
        key = import_key(cast("dict[str, str | list[str]]", dict(jwk)))
        with warnings.catch_warnings():
            # RFC 9864 renames EdDSA to Ed25519; clients still know it by the old name.
            warnings.simplefilter("ignore", SecurityWarning)
            verified = jws.deserialize_compact(token, key, algorithms=[str(jwk["alg"])])
        claims = json.loads(verified.payload)
    except (JoseError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Malformed("token", "a signature by one of our keys") from error
    if not isinstance(claims, dict):
        raise Malformed("token", "a JSON object")
    kind = header.get("typ")
    return VerifiedToken(type=kind if isinstance(kind, str) else None, claims=claims)
