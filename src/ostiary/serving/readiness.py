"""Whether requests should be sent here: of the whole service, whichever of its workers is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.domain.clock import Clock
from ostiary.domain.counted import counted
from ostiary.serving.board import Board
from ostiary.storage.clock import database_clock
from ostiary.storage.condition import Condition
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.schema import SchemaState, schema_state
from ostiary.storage.store import Store
from ostiary.telemetry.process import ProcessTelemetry
from ostiary.web.probes import Verdict, Warned

# Of hosts that work together.
CLOCK_TOLERANCE_SECONDS = 60
NO_ISSUER = Warned(text="there is none yet; add one with: ostiary apply -f FILE")


@dataclass(slots=True, kw_only=True)
class ProcessState:
    """What changes while the process runs, whatever configuration is in force."""

    draining: bool = False
    # Counts on when the configuration is read anew.
    telemetry: ProcessTelemetry = field(default_factory=ProcessTelemetry)
    # The workers of this service; None for a process that has none.
    board: Board | None = None


@dataclass(slots=True, kw_only=True)
class Readiness:
    process: ProcessState
    store: Store
    clock: Clock
    # False as long as nobody has looked whether the schema is current.
    prepared: bool

    async def is_ready(self) -> bool:
        """The short answer, which anybody may ask for."""
        if self.process.draining or not self.prepared:
            return False
        try:
            await self.store.database.check_ready()
        except StoreUnavailable:
            return False
        return True

    async def verdicts(self) -> Mapping[str, Verdict]:
        """By check: None where all is well, else what is wrong."""
        return {
            "draining": "this process was told to stop" if self.process.draining else None,
            "workers": self._silent_workers(),
            **await self._of_database(),
        }

    def _silent_workers(self) -> Verdict:
        if (board := self.process.board) is None or (fresh := board.fresh()) == board.places:
            return None
        return f"{fresh} of {board.places} answer"

    async def _of_database(self) -> Mapping[str, Verdict]:
        try:
            if not self.prepared:
                raise StoreUnavailable("waiting for the database")
            await self.store.database.check_ready()
            condition = await self.store.conditions.find()
            now = self.clock.now()
            elsewhere = await database_clock(self.store.database, now)
        except StoreUnavailable as error:
            return {"database": str(error)}
        return {
            "database": None,
            "schema": _wrong_schema(condition),
            "issuers": None if condition.issuers else NO_ISSUER,
            "signing keys": _missing_keys(condition),
            "clock": _wrong_clock(condition, now, elsewhere),
        }


def _wrong_schema(condition: Condition) -> Verdict:
    state = schema_state(condition.schema_version)
    # A newer one is that of an upgrade under way: its version works beside this one.
    return None if state in {SchemaState.CURRENT, SchemaState.NEWER} else f"it is {state.value}"


def _missing_keys(condition: Condition) -> Verdict:
    count = condition.issuers_without_key
    return f"{counted(count, 'issuer')} {'has' if count == 1 else 'have'} none" if count else None


def _wrong_clock(condition: Condition, now: int, elsewhere: int) -> Verdict:
    if abs(apart := elsewhere - now) > CLOCK_TOLERANCE_SECONDS:
        return f"{apart} s from that of the database"
    behind = condition.newest_key_made_at - now
    return f"{behind} s behind the newest key" if behind > CLOCK_TOLERANCE_SECONDS else None
