"""A client's own key: what it signs with to prove itself, and to prove that it holds the key."""

import hashlib
import json
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES256K": ec.SECP256K1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


@dataclass(frozen=True, slots=True)
class ClientKey:
    algorithm: str
    private: Any

    @classmethod
    def make(cls, algorithm: str = "ES256") -> "ClientKey":
        if algorithm in _CURVES:
            return cls(algorithm, ec.generate_private_key(_CURVES[algorithm]))
        if algorithm == "EdDSA":
            return cls(algorithm, ed25519.Ed25519PrivateKey.generate())
        return cls(algorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @property
    def public_jwk(self) -> dict[str, str]:
        members = json.loads(
            get_default_algorithms()[self.algorithm].to_jwk(self.private.public_key())
        )
        return {
            name: members[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in members
        }

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        text = json.dumps(self.public_jwk, sort_keys=True, separators=(",", ":"))
        return _base64url(hashlib.sha256(text.encode()).digest())

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, self.private, algorithm=self.algorithm, headers=header or None)

    def assertion(self, client_id: str, audience: Any, now: int, **changes: Any) -> dict[str, str]:
        """The form members of private_key_jwt; a claim set to None is left out."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + 60,
        } | changes
        said = {name: value for name, value in claims.items() if value is not None}
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.sign(said)}

    def proof(
        self, method: str, url: str, now: int, access_token: str | None = None, **changes: Any
    ) -> dict[str, str]:
        """The DPoP header of a request; a claim set to None is left out. RFC 9449 §4.2."""
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": now}
        if access_token is not None:
            claims["ath"] = _base64url(hashlib.sha256(access_token.encode()).digest())
        said = {name: value for name, value in (claims | changes).items() if value is not None}
        return {"dpop": self.sign(said, typ="dpop+jwt", jwk=self.public_jwk)}


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
