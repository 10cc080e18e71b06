"""The master key, under which every other key is encrypted at rest (AES-256-GCM)."""

import hmac
import os
import secrets
import stat
from base64 import b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ostiary.signing.private_file import write_private_file

KEY_LENGTH = 32
NONCE_LENGTH = 12
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class MasterKeyError(Exception):
    """The master key is missing, unsafe or not the one; the message says what to do."""


class MasterKey:
    """Seals small secrets; `context` (such as the row's key) must be the same to open them."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_LENGTH:
            raise MasterKeyError(f"the master key must be {KEY_LENGTH} bytes in base64url")
        self._cipher: Final = AESGCM(key)
        # Tells one master key from another, and nothing about either.
        self.fingerprint: Final = hmac.digest(key, b"ostiary master key", "sha256")[:8].hex()

    def seal(self, secret: bytes, context: str) -> bytes:
        nonce = os.urandom(NONCE_LENGTH)
        return nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Raises MasterKeyError for another key, another context or changed bytes."""
        try:
            return self._cipher.decrypt(
                sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], context.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise MasterKeyError(
                "the master key does not open the keys of this database; "
                "use the one with which the database was made"
            ) from error


def parse_master_key(text: str) -> MasterKey:
    """From base64url text, as the file, the variable and the credential hold it."""
    encoded = text.strip()
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        return MasterKey(b64decode(padded, altchars=b"-_", validate=True))
    except ValueError as error:
        raise MasterKeyError(f"the master key must be {KEY_LENGTH} bytes in base64url") from error


def read_master_key(path: Path) -> MasterKey:
    """From a file that nobody else may read."""
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not plain text"
        raise MasterKeyError(f"cannot read the master key {path}: {reason}") from error
    if mode & _OTHERS:
        raise MasterKeyError(f"others may read the master key {path}; run: chmod 600 {path}")
    return parse_master_key(text)


def write_master_key(path: Path) -> None:
    """Make a new key in a new file of mode 600; an existing file is left as it is."""
    if not path.exists():
        text = urlsafe_b64encode(secrets.token_bytes(KEY_LENGTH)).decode("ascii")
        write_private_file(path, text + "\n")
