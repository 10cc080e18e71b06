"""The key of a client that authenticates with private_key_jwt (ES256), whichever provider it asks."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from time import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

KEY_ID = "benchmark"
LIFETIME_SECONDS = 60
ALGORITHM = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class AssertionKey:
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def fresh(cls) -> "AssertionKey":
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_jwk(self) -> Mapping[str, str]:
        numbers = self.key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "use": "sig",
            "alg": "ES256",
            "kid": KEY_ID,
            "x": base64url(numbers.x.to_bytes(32)),
            "y": base64url(numbers.y.to_bytes(32)),
        }

    def assertion(self, client_id: str, audience: str) -> str:
        """RFC 7523 §3, used once."""
        now = int(time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": token_urlsafe(16),
        }
        signed = f"{HEADER}.{base64url(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ALGORITHM))
        return f"{signed}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


def base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


HEADER = base64url(json.dumps({"alg": "ES256", "typ": "JWT", "kid": KEY_ID}).encode())
