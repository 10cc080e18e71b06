"""Bytes as text in the URL-safe alphabet, without padding. RFC 7515 §2, RFC 4648 §5."""

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from typing import Final

from ostiary.protocol.malformed import Malformed

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def encode_base64url(raw: bytes) -> str:
    return base64url_bytes(raw).decode("ascii")


def base64url_bytes(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_URL_SAFE)


def decode_base64url(text: str) -> bytes:
    """The bytes of `text`, if it is their one spelling.

    Python reads over junk, padding, the other alphabet and spare bits in the last character; what
    was read so is not what would have been written, and is refused. RFC 4648 §3.5
    """
    try:
        raw = urlsafe_b64decode(text + "==")
    except ValueError as error:
        raise Malformed("base64url", "base64url without padding") from error
    if encode_base64url(raw) != text:
        raise Malformed("base64url", "base64url without padding, in its one spelling")
    return raw
