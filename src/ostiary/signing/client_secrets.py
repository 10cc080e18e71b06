"""Client secrets that have to be known again: those of client_secret_jwt, sealed for the database.

RFC 7518 §3.2: whoever checks an HMAC needs its key, and a hash of the key is none.
"""

from functools import lru_cache
from typing import Final

from ostiary.domain.client import ClientSecret
from ostiary.protocol.base64url import decode_base64url, encode_base64url
from ostiary.signing.master_key import MasterKey

MOST_OPENED = 1024


def seal_client_secret(
    issuer_id: str, client_id: str, secret_id: str, secret: str, master_key: MasterKey
) -> str:
    sealed = master_key.seal(secret.encode(), _context(issuer_id, client_id, secret_id))
    return encode_base64url(sealed)


class ClientSecrets:
    """Opens the sealed secrets of an issuer's clients, each once."""

    def __init__(self, issuer_id: str, master_key: MasterKey) -> None:
        self._issuer_id: Final = issuer_id
        self._master_key: Final = master_key
        self._open: Final = lru_cache(maxsize=MOST_OPENED)(self._open_sealed)

    def open(self, client_id: str, secret: ClientSecret) -> bytes | None:
        """The secret itself; None for one that is kept as its hash alone."""
        if secret.sealed is None:
            return None
        return self._open(client_id, secret.secret_id, secret.sealed)

    def _open_sealed(self, client_id: str, secret_id: str, sealed: str) -> bytes:
        return self._master_key.open(
            decode_base64url(sealed), _context(self._issuer_id, client_id, secret_id)
        )


def _context(issuer_id: str, client_id: str, secret_id: str) -> str:
    return f"client-secret {issuer_id} {client_id} {secret_id}"
