"""Handles: the bearer secrets that people and clients carry, none of which is stored.

A handle is a typed prefix and base64url of (key number, id, generation, MAC). The MAC covers the
purpose, the issuer and the client, so a copied database holds nothing that can be presented, and
a handle presented anywhere else is not one. 42 bytes are 56 characters without padding: every
character carries six bits that count, so no two spellings are the same handle.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ostiary.protocol.framing import framed

# A key's number is two bytes of every handle.
MOST_KEYS = 0xFFFF
ID_LENGTH = 16
MAC_LENGTH = 20

_BODY = re.compile(r"[A-Za-z0-9_-]{56}")


class Purpose(StrEnum):
    """What a handle is for; its value is the prefix by which a leaked one can be recognised."""

    CODE = "oc_"
    REFRESH_TOKEN = "or_"  # noqa: S105  a prefix
    SERVICE_REFRESH = "oz_"
    SESSION = "os_"
    BROWSER = "ob_"
    PUSHED_REQUEST = "op_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    id: bytes
    generation: int = 0

    @property
    def given_at(self) -> int:
        """When what it names began: its id begins with that."""
        return int.from_bytes(self.id[:5])


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleKeys:
    """An issuer's MAC keys by number: one seals, all open."""

    issuer_id: str
    sealing: int
    keys: Mapping[int, bytes]
    # What was given out before this instant is over: a backup was restored then.
    epoch: int = 0

    def seal(self, handle: Handle, purpose: Purpose, client_id: str = "") -> str:
        """The handle's text."""
        body = self.sealing.to_bytes(2) + handle.id + handle.generation.to_bytes(4)
        mac = self._mac(self.keys[self.sealing], body, purpose, client_id)
        return purpose + urlsafe_b64encode(body + mac).decode("ascii")

    def open(self, text: str, purpose: Purpose, client_id: str = "") -> Handle | None:
        """The handle, or None when this is not one that we gave out for this purpose and client."""
        raw = _decode(text, purpose)
        if raw is None:
            return None
        body, mac = raw[:-MAC_LENGTH], raw[-MAC_LENGTH:]
        key = self.keys.get(int.from_bytes(body[:2]))
        if key is None or not hmac.compare_digest(mac, self._mac(key, body, purpose, client_id)):
            return None
        handle = Handle(
            id=body[2 : 2 + ID_LENGTH], generation=int.from_bytes(body[2 + ID_LENGTH :])
        )
        return handle if handle.given_at >= self.epoch else None

    def named_id(self, text: str, purpose: Purpose) -> bytes | None:
        """The id that the text names; `open` has to prove it, for the client that it belongs to."""
        raw = _decode(text, purpose)
        return None if raw is None else raw[2 : 2 + ID_LENGTH]

    def tag(self, purpose: str, *parts: bytes) -> str:
        """A MAC over `parts` for a purpose of its own, such as a form's anti-forgery token."""
        return _tag(self.keys[self.sealing], self._tagged(purpose, parts))

    def is_tag(self, text: str, purpose: str, *parts: bytes) -> bool:
        """Whether the text is, or ever was, the tag of these parts: under any of the keys."""
        message, given = self._tagged(purpose, parts), text.encode(errors="replace")
        return any(
            hmac.compare_digest(_tag(key, message).encode(), given) for key in self.keys.values()
        )

    def _tagged(self, purpose: str, parts: tuple[bytes, ...]) -> bytes:
        return framed(purpose.encode(), self.issuer_id.encode(), *parts)

    def _mac(self, key: bytes, body: bytes, purpose: Purpose, client_id: str) -> bytes:
        message = framed(body, purpose.encode(), self.issuer_id.encode(), client_id.encode())
        return _digest(key, message)[:MAC_LENGTH]


def _tag(key: bytes, message: bytes) -> str:
    return urlsafe_b64encode(_digest(key, message)).decode("ascii")


def _digest(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256, begun once a key: hmac.digest takes three times as long, and lets another thread
    in each time."""
    mac = _begun(key).copy()
    mac.update(message)
    return mac.digest()


@lru_cache(maxsize=1024)
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def _decode(text: str, purpose: Purpose) -> bytes | None:
    """The bytes of what looks like a handle for this purpose."""
    encoded = text.removeprefix(purpose)
    if len(text) == len(encoded) or not _BODY.fullmatch(encoded):
        return None
    return urlsafe_b64decode(encoded)
