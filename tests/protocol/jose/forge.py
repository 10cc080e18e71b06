"""Tokens as an attacker would write them: any header, any payload, any signature."""

import functools
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.jwk import public_jwk
from ostiary.protocol.tokens import Json
from ostiary.signing.software import (
    PrivateKey,
    Sign,
    generate_private_key,
    public_pem,
    signing_function,
)

CLAIMS: dict[str, Json] = {"sub": "alice-id", "name": "Zoë"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    algorithm: Algorithm
    private: PrivateKey
    pem: bytes
    jwk: Mapping[str, Json]
    sign: Sign

    @property
    def kid(self) -> str:
        return str(self.jwk["kid"])

    @property
    def header(self) -> dict[str, Json]:
        """What an honest token of this key says."""
        return {"alg": str(self.algorithm), "kid": self.kid, "typ": "at+jwt"}

    @property
    def keys(self) -> dict[str, Mapping[str, Json]]:
        return {self.kid: self.jwk}


@functools.cache
def key_pair(algorithm: Algorithm, number: int = 0) -> KeyPair:
    """A key; another one for another number. Made once: an RSA key takes its time."""
    private = generate_private_key(algorithm)
    pem = public_pem(private)
    return KeyPair(
        algorithm=algorithm,
        private=private,
        pem=pem,
        jwk=public_jwk(pem, algorithm),
        sign=signing_function(private, algorithm),
    )


def segment(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def json_segment(value: object) -> str:
    return segment(json.dumps(value).encode())


def forge(header: bytes | Mapping[str, object], payload: bytes, sign: Sign) -> str:
    """A token with a signature over whatever the header and payload are."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    message = f"{segment(raw)}.{segment(payload)}"
    return f"{message}.{segment(sign(message.encode('ascii')))}"


def honest(pair: KeyPair, claims: Mapping[str, Json] = CLAIMS) -> str:
    return forge(pair.header, json.dumps(claims).encode(), pair.sign)


def claims_by_pyjwt(token: str, keys: Mapping[str, Mapping[str, Json]]) -> object:
    """What PyJWT makes of the token with the same keys; None when it refuses."""
    try:
        jwk = keys[jwt.get_unverified_header(token)["kid"]]
        key = jwt.PyJWK(dict(jwk))
        return json.loads(jwt.PyJWS().decode(token, key, algorithms=[str(jwk["alg"])]))
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None
