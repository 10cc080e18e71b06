"""Signing tokens: the header is encoded once a key, so a token costs its JSON and its signature."""

from collections.abc import Iterable, Mapping
from typing import Final

from ostiary.domain.signing_keys import SigningKey
from ostiary.protocol.base64url import base64url_bytes
from ostiary.protocol.compact_json import encode_json
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.jwk import public_jwk
from ostiary.protocol.tokens import Claims, Json
from ostiary.signing.master_key import MasterKey
from ostiary.signing.software import (
    Sign,
    dump_private_key,
    generate_private_key,
    load_private_key,
    public_pem,
    signing_function,
)


class Signer:
    """One active key for each algorithm."""

    def __init__(self, keys: Iterable[SigningKey], master_key: MasterKey, issuer_id: str) -> None:
        self._keys: Final = {key.algorithm: _TokenKey(key, master_key, issuer_id) for key in keys}

    def sign(self, claims: Claims, algorithm: Algorithm, token_type: str | None = None) -> str:
        """A compact JWS of the claims; `token_type` becomes its `typ`. RFC 7515 §7.1."""
        return self._keys[algorithm].sign(claims, token_type)


class _TokenKey:
    def __init__(self, key: SigningKey, master_key: MasterKey, issuer_id: str) -> None:
        private = load_private_key(master_key.open(key.sealed, _context(issuer_id, key.kid)))
        self._sign: Final[Sign] = signing_function(private, key.algorithm)
        self._header: Final[Mapping[str, Json]] = {"alg": str(key.algorithm), "kid": key.kid}
        self._encoded_headers: Final[dict[str | None, bytes]] = {}

    def sign(self, claims: Claims, token_type: str | None) -> str:
        header = self._encoded_headers.get(token_type)
        if header is None:
            typed = {"typ": token_type} if token_type else {}
            header = self._encoded_headers[token_type] = _segment({**self._header, **typed})
        message = header + b"." + _segment(claims)
        return (message + b"." + base64url_bytes(self._sign(message))).decode("ascii")


def make_signing_key(
    issuer_id: str, algorithm: Algorithm, master_key: MasterKey, *, now: int, activates_at: int
) -> SigningKey:
    """A new key, named by its thumbprint and sealed for the database."""
    private = generate_private_key(algorithm)
    jwk = public_jwk(public_pem(private), algorithm)
    kid = str(jwk["kid"])
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public_jwk=jwk,
        sealed=master_key.seal(dump_private_key(private), _context(issuer_id, kid)),
        created_at=now,
        activates_at=activates_at,
    )


def _context(issuer_id: str, kid: str) -> str:
    return f"signing-key {issuer_id} {kid}"


def _segment(value: Mapping[str, Json]) -> bytes:
    return base64url_bytes(encode_json(value))
