"""A user, and what each institution knows of them."""

import unicodedata
from dataclasses import dataclass, field

from ostiary.protocol.tokens import Claims

MAX_USERNAME_LENGTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    user_id: str
    username: str
    password_hash: str | None = None
    disabled_at: int | None = None
    # What began before this instant is over.
    valid_after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A user in an institution; `claims` is what the institution says of them."""

    institution_id: str
    claims: Claims = field(default_factory=dict)


def canonical_username(username: str) -> str:
    """The one form under which a username is stored, found and counted.

    Unicode's own recipe for comparing without regard to case and compatibility (§3.13, D146): one
    round of folding can make a text that folds once more.
    """
    text = unicodedata.normalize("NFD", username).strip()
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text.casefold())
    return text.strip()


def display_name(username: str, claims: Claims) -> str:
    """How a page addresses the person."""
    name = claims.get("name")
    return name if isinstance(name, str) and name else username
