"""Guesses at an account's secrets, counted and held up; shared by all processes.

Neither names nor addresses are written down: the keys of the counts are MACs. Names are counted
whether or not they exist, so that no answer tells which do.
"""

from base64 import urlsafe_b64decode
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.client_address import counted_address
from ostiary.domain.handles import HandleKeys
from ostiary.domain.observer import Observer
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
    handles: HandleKeys
    observer: Observer
    address: str
    now: int

    async def count(self, username: str) -> Guess:
        """Count a guess before it is looked at. Raises TooManyTries."""
        name = account_key(self.handles, username)
        network = counted_address(self.address)
        # This machine itself is nobody's address: its key is in the pair, and is not counted alone.
        place = _mac(self.handles, "address", network or "")
        pair = Counted(key=name + place, allowance=OF_PAIR)
        account = Counted(key=name, allowance=OF_ACCOUNT, known=pair.key)
        address = Counted(key=place, allowance=OF_ADDRESS) if network else None
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


def account_key(handles: HandleKeys, username: str) -> bytes:
    """With which all counts of the account begin, however the name was spelt."""
    return _mac(handles, "account", canonical_username(username))


def _mac(handles: HandleKeys, kind: str, name: str) -> bytes:
    return urlsafe_b64decode(handles.tag(f"throttle {kind}", name.encode(errors="surrogatepass")))[
        :KEY_LENGTH
    ]
