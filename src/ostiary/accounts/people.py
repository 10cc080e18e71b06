"""What a factor needs to know an issuer's people."""

from dataclasses import dataclass

from ostiary.accounts.passwords import Passwords
from ostiary.accounts.throttle import Throttle
from ostiary.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """`throttle` holds up who guesses; None where nobody is held up, in a sandbox."""

    issuer_id: str
    store: Store
    passwords: Passwords
    throttle: Throttle | None = None
