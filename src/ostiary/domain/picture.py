"""Pictures of people: one that was uploaded, or else the initials of their name."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.protocol.tokens import Claims

MAX_PICTURE_LENGTH = 256 * 1024

# What a file begins with -> what it is. Formats that can carry scripts are not among them.
_SIGNATURES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    media_type: str
    data: bytes


def find_media_type(data: bytes) -> str | None:
    """What the bytes say they are: the only word on it that counts."""
    return next((kind for start, kind in _SIGNATURES.items() if data.startswith(start)), None)


def initials(claims: Claims) -> str:
    """At most two letters for a person; none when nothing is known of their name."""
    names = [claims.get("given_name"), claims.get("family_name")]
    if not any(names):
        words = str(claims.get("name") or claims.get("preferred_username") or "").split()
        names = [words[0], words[-1]] if len(words) > 1 else [*words]
    letters = (str(name).strip()[:1] for name in names if name)
    return "".join(letter.upper()[:1] for letter in letters if letter.isalnum())
