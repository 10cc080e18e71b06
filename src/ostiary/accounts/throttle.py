"""Guesses at an account's secrets, counted and held up; shared by all processes.

In the counts neither names nor addresses are written down: their keys are MACs. The event of a wait
names the address, for whoever has to stop it. Names are counted whether or not they exist, so that
no answer tells which do.
"""

from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.client_address import counted_address
from ostiary.domain.observer import Observer
from ostiary.domain.subjects import Subjects
from ostiary.domain.throttle import OF_ACCOUNT, OF_ADDRESS, OF_PAIR
from ostiary.domain.user import canonical_username
from ostiary.storage.store import Store
from ostiary.storage.throttles import Counted

KEY_LENGTH = 16


class TooManyTries(Exception):
    """The guess was not looked at; the next one is, after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One that has been counted; `tries` with it are those in a row of its account and address."""

    pair: Counted
    account: Counted
    address: Counted | None
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Of one issuer, for guesses from one address."""

    issuer_id: str
    store: Store
    subjects: Subjects
    observer: Observer
    address: str
    now: int

    async def count(self, username: str) -> Guess:
        """Count a guess before it is looked at. Raises TooManyTries."""
        name = account_key(self.subjects, username)
        network = counted_address(self.address)
        # This machine itself is nobody's address: its key is in the pair, and is not counted alone.
        place = _mac(self.subjects, "address", network or "")
        pair = Counted(key=name + place, allowance=OF_PAIR)
        account = Counted(key=name, allowance=OF_ACCOUNT, known=pair.key)
        # Who has signed in from there is not kept waiting for what others at the same address do.
        address = Counted(key=place, allowance=OF_ADDRESS, known=pair.key) if network else None
        # Always in this order, so that no two processes wait for each other.
        counts = [pair, account] if address is None else [pair, address, account]
        tried = await self.store.throttles.count(self.issuer_id, counts, self.now)
        if tried is None:
            raise TooManyTries(await self._wait(pair, address, account))
        return Guess(pair=pair, account=account, address=address, tries=tried)

    async def refuse(self, guess: Guess) -> None:
        """It was wrong. An event for each that makes the next one wait."""
        if guess.tries < OF_PAIR.tries:
            return
        self.observer.locked_out("account and address")
        event = AuditEvent(
            type=EventType.SIGN_IN_DELAYED,
            at=self.now,
            actor="unknown",
            details={"tries": guess.tries, "address": self.address},
        )
        await self.store.audit.add(self.issuer_id, event)

    async def forgive(self, guess: Guess) -> None:
        """It was right: what came before it is forgotten, but not what else its address has tried."""
        counted = [guess.address] if guess.address else []
        await self.store.throttles.forgive(
            self.issuer_id, [guess.pair, guess.account], counted, self.now
        )

    async def take_back(self, guess: Guess) -> None:
        """It was not looked at after all."""
        counted = [guess.address] if guess.address else []
        await self.store.throttles.take_back(self.issuer_id, [guess.pair, *counted, guess.account])

    async def _wait(self, pair: Counted, address: Counted | None, account: Counted) -> int:
        free_at = await self.store.throttles.find_free_at(
            self.issuer_id, pair.key, address.key if address else b"", account.key
        )
        return max(1, free_at - self.now)


def account_key(subjects: Subjects, username: str) -> bytes:
    """With which all counts of the account begin, however the name was spelt."""
    return _mac(subjects, "account", canonical_username(username))


def _mac(subjects: Subjects, kind: str, name: str) -> bytes:
    """Under the key that is never replaced: a new one would forget all counts."""
    return subjects.tag(f"throttle {kind}", name.encode(errors="surrogatepass"))[:KEY_LENGTH]
