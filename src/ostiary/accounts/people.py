"""What a factor needs to know an issuer's people."""

from dataclasses import dataclass

from ostiary.accounts.passwords import Passwords
from ostiary.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    issuer_id: str
    store: Store
    passwords: Passwords
