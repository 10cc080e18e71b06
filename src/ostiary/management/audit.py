"""Audit events: verified against their seals, and exported so that anybody can do it elsewhere."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from ostiary.domain.audit_chain import Batch, ChainCheck, ChainFault, FaultKind
from ostiary.domain.audit_seal import Anchor
from ostiary.protocol.base64url import encode_base64url
from ostiary.protocol.canonical_json import canonical_json
from ostiary.protocol.tokens import Json
from ostiary.signing.audit_keys import open_audit_key
from ostiary.signing.master_key import MasterKey, MasterKeyError
from ostiary.storage.seals import LAST_ID
from ostiary.storage.store import Store

SEALS_A_PAGE = 100
EXPORT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was looked at in one issuer, and what is wrong with it. A clock that was wrong is enough
    for the warnings."""

    issuer_id: str
    seals: int
    events: int
    unsealed: int
    last: Anchor | None
    faults: Sequence[ChainFault]
    warnings: Sequence[ChainFault]


async def verify(
    store: Store,
    master_key: MasterKey,
    issuer_id: str,
    *,
    first: int = 1,
    expected: Anchor | None = None,
) -> Verified:
    """Every seal from this number on, with all of its events; `expected` must be among them."""
    if expected is not None:
        first = min(first, expected.number)
    keys = await audit_keys(store, master_key, issuer_id)
    check = ChainCheck(issuer_id, keys, first_number=first, expected=expected)
    async for batch in _batches(store, issuer_id, first):
        check.add(batch)
    waiting = await store.seals.waiting(issuer_id)
    return conclude(issuer_id, check, 0 if waiting is None else waiting.events)


async def first_since(store: Store, issuer_id: str, since: int) -> int:
    """The number of the first seal made since then; where there is none, of the last one."""
    first = await store.seals.first_since(issuer_id, since)
    if first is not None:
        return first
    latest = await store.seals.latest(issuer_id)
    return 1 if latest is None else latest.number


def conclude(issuer_id: str, check: ChainCheck, unsealed: int) -> Verified:
    check.finish()
    return Verified(
        issuer_id=issuer_id,
        seals=check.seals,
        events=check.events,
        unsealed=unsealed,
        last=None if check.last is None else check.last.anchor,
        faults=tuple(fault for fault in check.faults if fault.kind is not FaultKind.LATE),
        warnings=tuple(fault for fault in check.faults if fault.kind is FaultKind.LATE),
    )


async def audit_keys(
    store: Store, master_key: MasterKey, issuer_id: str
) -> Mapping[str, Mapping[str, Json]]:
    """The issuer's own keys that have signed seals. One that somebody else put there is none.

    Raises MasterKeyError when there are some, but none of this master key.
    """
    found: dict[str, Mapping[str, Json]] = {}
    refused: MasterKeyError | None = None
    for kid, sealed in (await store.seals.keys(issuer_id)).items():
        try:
            found[kid] = open_audit_key(issuer_id, kid, sealed, master_key)
        except MasterKeyError as error:
            refused = error
    if refused is not None and not found:
        raise refused
    return found


async def export(
    store: Store, master_key: MasterKey, issuer_id: str, now: int
) -> AsyncIterator[bytes]:
    """The lines of a file that says all of an issuer, in the order in which it is verified."""
    latest = await store.seals.latest(issuer_id)
    yield canonical_json(
        {
            "record": "issuer",
            "version": EXPORT_VERSION,
            "issuer_id": issuer_id,
            "exported_at": now,
            "last_seal": None if latest is None else str(latest.anchor),
        }
    )
    for kid, jwk in (await audit_keys(store, master_key, issuer_id)).items():
        yield canonical_json({"record": "key", "kid": kid, "jwk": jwk})
    async for batch in _batches(store, issuer_id, 1):
        yield _seal_line(batch)
        for record in batch.records:
            yield record.text
    yield canonical_json({"record": "unsealed"})
    async for text in _unsealed(store, issuer_id):
        yield text


def _seal_line(batch: Batch) -> bytes:
    seal = batch.seal
    return canonical_json(
        {
            "record": "seal",
            "number": batch.number,
            "at": None if seal is None else seal.at,
            "token": None if seal is None else seal.token,
            "leaves": None if seal is None else encode_base64url(seal.leaves),
        }
    )


async def _unsealed(store: Store, issuer_id: str) -> AsyncIterator[bytes]:
    waiting = await store.seals.waiting(issuer_id)
    most = 0 if waiting is None else waiting.events
    for record in await store.seals.unsealed(issuer_id, before=LAST_ID, limit=most):
        yield record.text


async def _batches(store: Store, issuer_id: str, first: int) -> AsyncIterator[Batch]:
    """Seals and events by number, also where there is only one of the two."""
    borne = await store.seals.numbers(issuer_id, first)
    while True:
        page = {
            seal.number: seal
            for seal in await store.seals.list(issuer_id, first=first, limit=SEALS_A_PAGE)
        }
        end = max(page) if len(page) == SEALS_A_PAGE else None
        here = {number for number in borne if number >= first and (end is None or number <= end)}
        for number in sorted(page.keys() | here):
            records = await store.seals.events(issuer_id, number)
            yield Batch(number=number, seal=page.get(number), records=records)
        if end is None:
            return
        first = end + 1
