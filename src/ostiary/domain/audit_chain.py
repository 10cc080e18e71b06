"""Whether a chain of seals and the events under it are what was sealed, one seal after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ostiary.domain.audit_seal import SEAL_TYPE, Anchor, AuditRecord, Seal, split_leaves
from ostiary.domain.instants import readable
from ostiary.domain.issuer import HOUR
from ostiary.protocol.jose.jws import verify_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.merkle import leaf_hash, merkle_root
from ostiary.protocol.tokens import Claims, Json

# An event that waited for longer than this, while later ones were sealed, did not just commit late.
LATE_SECONDS = HOUR
END_OF_CALENDAR = 253_402_300_800  # the year 10000


class FaultKind(StrEnum):
    FORGED = "forged"  # a seal without a good signature
    BROKEN = "broken"  # a seal that does not follow the one before it
    CUT = "cut"  # a seal that is not there
    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFault:
    """Something that is not as it was sealed; `event_id` in hexadecimal."""

    kind: FaultKind
    seal: int | None
    text: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A seal with the events that bear its number; without the seal when that is not there."""

    number: int
    seal: Seal | None
    records: Sequence[AuditRecord]


class ChainCheck:
    """Takes the batches of one issuer in the order of their numbers; `faults` is what was found."""

    def __init__(
        self,
        issuer_id: str,
        keys: Mapping[str, Mapping[str, Json]],
        *,
        first_number: int = 1,
        expected: Anchor | None = None,
    ) -> None:
        self.faults: list[ChainFault] = []
        self.seals = 0
        self.events = 0
        self.last: Seal | None = None
        self._issuer_id = issuer_id
        self._keys = keys
        self._next = first_number
        self._expected = expected
        self._newest = b""

    def add(self, batch: Batch) -> None:
        if batch.number > self._next:
            self._fault(FaultKind.CUT, self._next, _gone(self._next, batch.number - 1))
        if batch.number < self._next:
            text = "it stands here once more, or in another order"
            self._fault(FaultKind.INSERTED, batch.number, text)
        if batch.seal is None:
            count = len(batch.records)
            self._fault(
                FaultKind.CUT, batch.number, f"there is no such seal, but {count} events bear it"
            )
        else:
            self._add_seal(batch.seal, batch.records)
        self._next = max(self._next, batch.number + 1)

    def finish(self) -> None:
        """The chain ends here: an anchor that was not met has been cut off."""
        if self._expected is not None:
            self._fault(
                FaultKind.CUT,
                self._expected.number,
                "the seal that is expected is not there: the end of the chain is missing",
            )

    def _add_seal(self, seal: Seal, records: Sequence[AuditRecord]) -> None:
        self.seals += 1
        self.events += len(records)
        if (expected := self._expected) is not None and expected.number == seal.number:
            self._expected = None
            if expected.fingerprint != seal.fingerprint:
                self._fault(FaultKind.FORGED, seal.number, "it is not the seal that is expected")
        claims = self._verify(seal)
        if claims is not None:
            self._check_place(seal, claims)
            self.faults += _check_records(seal, claims, records)
            self._check_times(seal, records)
        self.last = seal
        self._newest = max([self._newest, *(record.event_id for record in records)])

    def _verify(self, seal: Seal) -> Claims | None:
        try:
            verified = verify_token(seal.token, self._keys)
        except Malformed:
            self._fault(FaultKind.FORGED, seal.number, "no key of this issuer has signed it")
            return None
        if verified.type != SEAL_TYPE:
            self._fault(FaultKind.FORGED, seal.number, "what stands there is not a seal")
            return None
        return verified.claims

    def _check_place(self, seal: Seal, claims: Claims) -> None:
        """That it was made for here: this issuer, this number, behind the seal before it."""
        place = (claims["issuer_id"], claims["number"], claims["at"])
        if place != (self._issuer_id, seal.number, seal.at):
            self._fault(FaultKind.BROKEN, seal.number, "it was made for another place")
        before = self.last
        follows = before is not None and before.number == seal.number - 1
        if seal.number == 1:
            whole = claims["previous"] is None
        else:
            whole = not follows or before is None or claims["previous"] == before.fingerprint
        if not whole:
            self._fault(FaultKind.BROKEN, seal.number, "it does not follow the seal before it here")

    def _check_times(self, seal: Seal, records: Sequence[AuditRecord]) -> None:
        before = self.last
        if before is None:
            return
        for record in records:
            if record.event_id < self._newest and record.at < before.at - LATE_SECONDS:
                self._fault(
                    FaultKind.LATE,
                    seal.number,
                    f"an event of {_time_of(record.event_id)} came only after the seal of "
                    f"{readable(before.at)}: it was inserted, or a clock was wrong",
                    record,
                )

    def _fault(
        self, kind: FaultKind, number: int, text: str, record: AuditRecord | None = None
    ) -> None:
        event_id = None if record is None else record.event_id.hex()
        self.faults.append(ChainFault(kind=kind, seal=number, text=text, event_id=event_id))


def _time_of(event_id: bytes) -> str:
    """As its id says; one that somebody made up may name a year that no calendar has."""
    instant = int.from_bytes(event_id[:5])
    return readable(instant) if instant < END_OF_CALENDAR else f"instant {instant}"


def _gone(first: int, last: int) -> str:
    return "it is missing" if first == last else f"all seals from {first} to {last} are missing"


def _check_records(
    seal: Seal, claims: Claims, records: Sequence[AuditRecord]
) -> Iterator[ChainFault]:
    """The events against the signed root, and where they differ from it, each against its leaf."""
    hashes = [leaf_hash(record.text) for record in records]
    if claims["root"] == merkle_root(hashes).hex() and claims["events"] == len(hashes):
        return
    found = dict(zip((record.event_id for record in records), hashes, strict=True))
    leaves = split_leaves(seal.leaves)
    if claims["root"] != merkle_root([*leaves.values()]).hex():
        yield ChainFault(
            kind=FaultKind.CHANGED,
            seal=seal.number,
            text=f"its {claims['events']} events are not what was sealed; which, cannot be told",
        )
        return
    if leaves == found:
        text = "its events stand in another order, or twice"
        yield ChainFault(kind=FaultKind.INSERTED, seal=seal.number, text=text)
    for event_id in sorted(leaves.keys() | found.keys()):
        if leaves.get(event_id) != found.get(event_id):
            yield _difference(seal.number, event_id, leaves.get(event_id), found.get(event_id))


def _difference(
    number: int, event_id: bytes, sealed: bytes | None, found: bytes | None
) -> ChainFault:
    at = _time_of(event_id)
    if found is None:
        kind, text = FaultKind.MISSING, f"an event of {at} is missing"
    elif sealed is None:
        kind, text = FaultKind.INSERTED, f"an event of {at} was inserted"
    else:
        kind, text = FaultKind.CHANGED, f"an event of {at} was changed"
    return ChainFault(kind=kind, seal=number, text=text, event_id=event_id.hex())
