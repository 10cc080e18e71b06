"""How much may be asked in a minute: by an address, by a client, and by who is refused. RFC 6585 §4.

Counted in memory, so that no request waits for it. About once a second the processes tell each
other what is worth telling, and so together they allow what one alone would allow, and what passes
until they know of each other.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from typing import Final

import structlog

from ostiary.domain.client import Client
from ostiary.domain.client_address import counted_address
from ostiary.domain.clock import Clock
from ostiary.domain.issuer import Issuer
from ostiary.domain.observer import NOBODY, Observer
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.request_counts import Counts, RequestCounts

SECONDS_BETWEEN_EXCHANGES: Final = 1.0
# Below one in so many of its limit a count is nobody else's business.
WORTH_TELLING: Final = 100
# So many names at once. For more, one in so many goes: those that are furthest from their limits.
MOST_NAMES: Final = 20_000
SHARE_FORGOTTEN: Final = 16
MOST_TOLD: Final = 1000
# An address may stand for many clients, and an answer "not active" may be an honest question.
MANY: Final = 10

# A wrong proof of who one is, or a secret that we did not give out: each may be a guess.
GUESSES: Final = frozenset(
    {
        ReasonCode.CLIENT_AUTHENTICATION_FAILED,
        ReasonCode.CLIENT_ASSERTION_INVALID,
        ReasonCode.CODE_UNKNOWN,
        ReasonCode.REFRESH_TOKEN_UNKNOWN,
    }
)

_log = structlog.get_logger("ostiary.limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In a minute; 0 is no limit."""

    per_address: int = 6000
    per_client: int = 6000
    failures: int = 60
    pushed_requests: int = 1200
    sign_ins: int = 600


class RequestLimits:
    """One for the process. The minutes are the machine's, whatever an issuer's clock says."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        observer: Observer = NOBODY,
    ) -> None:
        self._limits: Final = limits
        self._observer: Final = observer
        self._clock: Final = clock
        self._process: Final = secrets.token_hex(8)
        self._minute = 0
        self._here: dict[str, int] = {}
        self._elsewhere: dict[str, int] = {}
        self._most: dict[str, int] = {}

    # ---- before an answer: each raises the Refusal of what is too much ---------------------------

    def count_request(self, issuer: Issuer, address: str) -> None:
        if (network := _limited(issuer, address)) is not None:
            self._count(f"address {issuer.issuer_id} {network}", self._limits.per_address)

    def check_stranger(self, address: str) -> None:
        """Before it is looked up whose host it asks at."""
        if (network := counted_address(address)) is not None:
            self._check(f"stranger {network}", self._limits.per_address)

    def note_stranger(self, address: str) -> None:
        """It has asked where no issuer is."""
        if (network := counted_address(address)) is not None:
            self._turn_page()
            self._note(f"stranger {network}", self._limits.per_address)

    def count_client(self, issuer: Issuer, client: Client) -> None:
        """One that has proved who it is: nobody else can use up what it may."""
        if not issuer.sandbox and not client.public:
            self._count(f"client {issuer.issuer_id} {client.client_id}", self._limits.per_client)

    def count_push(self, issuer: Issuer, client: Client, address: str) -> None:
        """Anybody can push for a public client, so that it has a quota at each address."""
        if issuer.sandbox:
            return
        where = f" {counted_address(address)}" if client.public else ""
        name = f"push {issuer.issuer_id} {client.client_id}{where}"
        self._count(name, self._limits.pushed_requests)

    def count_sign_in(self, issuer: Issuer, address: str) -> None:
        """An interaction that is begun is kept for an hour."""
        if (network := _limited(issuer, address)) is not None:
            self._count(f"sign-in {issuer.issuer_id} {network}", self._limits.sign_ins)

    def check_guesser(
        self, issuer: Issuer, address: str, client_id: Callable[[], str | None]
    ) -> None:
        """Before a secret is looked at: not for who has brought too many wrong ones.

        `client_id`, who is said to be asking, is read only where somebody has been refused before.
        """
        network = _limited(issuer, address)
        if network is None or not self._seen(place := f"guess {issuer.issuer_id} {network}"):
            return
        self._check(place, self._limits.failures * MANY)
        self._check(f"{place} {client_id()}", self._limits.failures)

    # ---- after an answer -------------------------------------------------------------------------

    def note_refused(
        self, issuer: Issuer, address: str, client_id: str | None, code: ReasonCode
    ) -> None:
        """Count a guess against its address, and against the client at that address: the client
        itself goes on from everywhere else."""
        network = _limited(issuer, address)
        if network is None or code not in GUESSES:
            return
        self._turn_page()
        place = f"guess {issuer.issuer_id} {network}"
        self._note(place, self._limits.failures * MANY)
        self._note(f"{place} {client_id}", self._limits.failures)

    def count_inactive(self, issuer: Issuer, client: Client) -> None:
        """An API asks about a token that is none: often enough an honest question."""
        if not issuer.sandbox:
            name = f"inactive {issuer.issuer_id} {client.client_id}"
            self._count(name, self._limits.failures * MANY)

    # ---- counting --------------------------------------------------------------------------------

    def _count(self, name: str, most: int) -> None:
        self._check(name, most)
        self._note(name, most)

    def _check(self, name: str, most: int) -> None:
        self._turn_page()
        if most and self._here.get(name, 0) + self._elsewhere.get(name, 0) >= most:
            raise self._too_many(name, most)

    def _note(self, name: str, most: int) -> None:
        if most:
            if name not in self._here and len(self._here) >= MOST_NAMES:
                self._make_room()
            self._here[name] = self._here.get(name, 0) + 1
            self._most[name] = most

    def _make_room(self) -> None:
        for name in nsmallest(MOST_NAMES // SHARE_FORGOTTEN, self._here, key=self._share):
            del self._here[name], self._most[name]

    def _seen(self, name: str) -> bool:
        self._turn_page()
        return name in self._here or name in self._elsewhere

    def _too_many(self, name: str, most: int) -> Refusal:
        rule = name.partition(" ")[0]
        self._observer.rate_limited(rule)
        return ReasonCode.TOO_MANY_REQUESTS.refusal(
            expected=f"at most {most} a minute by the rule: {rule}",
            retry_after=60 - self._clock.now() % 60,
        )

    def _turn_page(self) -> None:
        minute = self._clock.now() // 60
        if minute != self._minute:
            self._minute = minute
            self._here.clear()
            self._elsewhere = {}
            self._most.clear()

    # ---- other processes -------------------------------------------------------------------------

    async def run(self, counts: RequestCounts) -> None:
        """Exchange counts until cancelled."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_EXCHANGES)
            try:
                await self.exchange(counts)
            except StoreUnavailable as error:
                _log.warning("counts not exchanged", error=str(error))
            except Exception:
                _log.exception("counts not exchanged")

    async def exchange(self, counts: RequestCounts) -> None:
        """Tell the others what is worth telling, if anything is, and hear what they have."""
        self._turn_page()
        if not self._here:
            return  # who is asked nothing has nothing to know
        minute, told = self._minute, self._worth_telling()
        if told:
            await counts.save(minute, self._process, told)
        heard = _sum(await counts.list_others(minute, self._process))
        if minute == self._minute:
            self._elsewhere = heard

    def _worth_telling(self) -> dict[str, int]:
        worth = [name for name in self._here if self._share(name) * WORTH_TELLING >= 1]
        return {name: self._here[name] for name in nlargest(MOST_TOLD, worth, key=self._share)}

    def _share(self, name: str) -> float:
        return self._here[name] / self._most[name]


def _limited(issuer: Issuer, address: str) -> str | None:
    """Under which name the address is counted; None for nobody in particular, and in a sandbox."""
    return None if issuer.sandbox else counted_address(address)


def _sum(counts: Iterable[Counts]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
