"""Keys as clients have them, and their signatures: by PyJWT, which shares no code with ours."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.public_key import PublicKey, parse_public_key
from ostiary.protocol.tokens import Json
from tests.protocol.jose.forge import forge

EVERY = frozenset(ClientAlgorithm)

_MAKE: dict[ClientAlgorithm, Callable[[], Any]] = {
    ClientAlgorithm.ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
    ClientAlgorithm.ES256K: lambda: ec.generate_private_key(ec.SECP256K1()),
    ClientAlgorithm.ES384: lambda: ec.generate_private_key(ec.SECP384R1()),
    ClientAlgorithm.ES512: lambda: ec.generate_private_key(ec.SECP521R1()),
    ClientAlgorithm.EDDSA: ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """`jwk` has the members that a key of its kind requires, and no other."""

    algorithm: ClientAlgorithm
    private: Any
    jwk: Mapping[str, Json]

    @property
    def pem(self) -> str:
        public = self.private.public_key()
        return str(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
        )

    def sign(self, message: bytes) -> bytes:
        return signature(message, self.private, self.algorithm)

    def token(self, claims: Mapping[str, Json], **header: object) -> str:
        return forge({"alg": str(self.algorithm), **header}, json.dumps(claims).encode(), self.sign)

    def parsed(self, **members: Json) -> PublicKey:
        return parse_public_key({**self.jwk, **members}, EVERY)


@functools.cache
def client_key(algorithm: ClientAlgorithm, number: int = 0) -> ClientKey:
    """A key; another one for another number. RSA keys take long to make, and serve each of theirs."""
    private = _MAKE[algorithm]() if algorithm in _MAKE else rsa_key(number)
    members = json.loads(_pyjwt(algorithm).to_jwk(private.public_key()))
    return ClientKey(
        algorithm=algorithm,
        private=private,
        jwk={name: members[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in members},
    )


@functools.cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048 + 8 * number)


def signature(message: bytes, private: object, algorithm: str) -> bytes:
    return bytes(_pyjwt(algorithm).sign(message, private))


def claims_by_pyjwt(token: str, jwk: Mapping[str, Json], algorithms: list[str]) -> object:
    """What PyJWT makes of the token with this key; None when it refuses."""
    try:
        algorithm = jwt.get_unverified_header(token)["alg"]
        if algorithm not in algorithms:
            return None
        key = jwt.PyJWK(dict(jwk), algorithm=algorithm)
        return json.loads(jwt.PyJWS().decode(token, key, algorithms=algorithms))
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None


def _pyjwt(algorithm: str) -> Any:
    return jwt.get_algorithm_by_name(str(algorithm))
