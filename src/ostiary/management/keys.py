"""Keys that sign tokens and seal handles: listed, rotated by hand or when they are due, erased."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ostiary.accounts.subjects import open_subjects
from ostiary.domain import handle_keys
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.handle_keys import HandleKey
from ostiary.domain.handles import MOST_KEYS
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.signing_keys import (
    LONGEST_LEAD,
    PUBLICATION_LEAD,
    SHORTEST_PUBLICATION_LEAD,
    KeyState,
    SigningKey,
    algorithms_due,
    erasable,
    states,
)
from ostiary.management.durations import written_duration
from ostiary.management.errors import Failure, ManagementError
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.tokens import Claims
from ostiary.signing.handle_keys import make_handle_key, open_handle_keys
from ostiary.signing.master_key import MasterKey
from ostiary.signing.signer import make_signing_key
from ostiary.storage.keys import FOR_EVER
from ostiary.storage.store import Store

# No key activates before 1970: with this bound, any key of the algorithm is one too many.
NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    key: SigningKey
    state: KeyState


async def list_keys(store: Store, issuer: Issuer, now: int) -> Sequence[ListedKey]:
    """All keys that the database holds, by algorithm, the newest first."""
    keys = await store.keys.signing_keys(issuer.issuer_id)
    state = states(keys, now)
    newest_first = sorted(keys, key=lambda key: key.activates_at, reverse=True)
    by_algorithm = sorted(newest_first, key=lambda key: key.algorithm)
    return [ListedKey(key=key, state=state[key.kid]) for key in by_algorithm]


async def rotate(
    store: Store,
    master_key: MasterKey,
    issuer: Issuer,
    algorithms: Iterable[Algorithm],
    now: int,
    lead: int = PUBLICATION_LEAD,
    *,
    actor: str = "operator",
) -> Sequence[SigningKey]:
    """Add a successor that signs `lead` seconds from now; the keys that were added.

    An algorithm whose successor waits already gets no other.
    """
    _check_lead(issuer, lead)
    await check_master_key(store, master_key, issuer)
    adding = _Adding(store=store, master_key=master_key, issuer=issuer, now=now, actor=actor)
    return await adding.add(algorithms, activates_at=now + lead, unless_after=now)


async def rotate_due(
    store: Store, master_key: MasterKey, issuer: Issuer, now: int
) -> Sequence[SigningKey]:
    """Add the successors whose time has come; the keys that were added. For a timer."""
    keys = await store.keys.signing_keys(issuer.issuer_id)
    present = {key.algorithm for key in keys}
    due = algorithms_due(keys, now)
    adding = _Adding(store=store, master_key=master_key, issuer=issuer, now=now, actor="ostiary")
    return [
        *await adding.add(due - present, activates_at=now, unless_after=NEVER),
        *await adding.add(due & present, activates_at=now + PUBLICATION_LEAD, unless_after=now),
    ]


async def rotate_handle_key(
    store: Store,
    master_key: MasterKey,
    issuer: Issuer,
    now: int,
    lead: int = PUBLICATION_LEAD,
    *,
    actor: str = "operator",
) -> HandleKey | None:
    """Add a key under which handles are made `lead` seconds from now; None when one waits already."""
    _check_lead(issuer, lead)
    await check_master_key(store, master_key, issuer)
    keys = await store.keys.handle_keys(issuer.issuer_id)
    adding = _Adding(store=store, master_key=master_key, issuer=issuer, now=now, actor=actor)
    return await adding.add_handle_key(keys, activates_at=now + lead, unless_after=now)


async def rotate_handle_key_due(
    store: Store, master_key: MasterKey, issuer: Issuer, now: int
) -> HandleKey | None:
    """Add the successor if its time has come. For a timer."""
    keys = await store.keys.handle_keys(issuer.issuer_id)
    if not handle_keys.is_due(keys, now):
        return None
    await check_master_key(store, master_key, issuer)
    adding = _Adding(store=store, master_key=master_key, issuer=issuer, now=now, actor="ostiary")
    return await adding.add_handle_key(keys, activates_at=now + handle_keys.LEAD, unless_after=now)


async def erase_gone(store: Store, issuer: Issuer, now: int) -> Sequence[SigningKey]:
    """Destroy the private halves of signing keys that were replaced long ago. For a timer."""
    keys = await store.keys.signing_keys(issuer.issuer_id)
    return [
        key
        for key in erasable(keys, now)
        if await store.keys.erase(issuer.issuer_id, key.kid, _erased(key, now))
    ]


async def add_first_keys(store: Store, master_key: MasterKey, issuer: Issuer, now: int) -> None:
    """A handle key, a subject key, and for each algorithm a key that signs from now on, where there
    is none. Raises MasterKeyError where another master key has been used."""
    await check_one_master_key(store, master_key)
    issuer_id = issuer.issuer_id
    adding = _Adding(store=store, master_key=master_key, issuer=issuer, now=now, actor="ostiary")
    if not await store.keys.handle_keys(issuer_id):
        await adding.add_handle_key((), activates_at=now, unless_after=NEVER)
    await open_subjects(store, master_key, issuer_id, now)
    present = {key.algorithm for key in await store.keys.signing_keys(issuer_id)}
    await adding.add(set(Algorithm) - present, activates_at=now, unless_after=NEVER)


async def check_master_key(store: Store, master_key: MasterKey, issuer: Issuer) -> None:
    """Raises MasterKeyError when the issuer's keys were sealed under another one."""
    keys = await store.keys.handle_keys(issuer.issuer_id)
    if keys:
        open_handle_keys(issuer.issuer_id, keys, master_key, now=0)


async def check_one_master_key(store: Store, master_key: MasterKey) -> None:
    """Raises MasterKeyError when something in the database was sealed under another one: what is
    sealed next could not be opened together with it."""
    found = await store.keys.any_handle_key()
    if found is not None:
        issuer_id, key = found
        open_handle_keys(issuer_id, [key], master_key, now=0)


def _check_lead(issuer: Issuer, lead: int) -> None:
    if lead > LONGEST_LEAD:
        longest = written_duration(LONGEST_LEAD)
        raise ManagementError(
            f"a key must be used within {longest}",
            f"choose a lead of {longest} or less",
            Failure.REFUSED,
        )
    if lead < SHORTEST_PUBLICATION_LEAD and issuer.environment is Environment.PRODUCTION:
        shortest = written_duration(SHORTEST_PUBLICATION_LEAD)
        raise ManagementError(
            f"a key must be published at least {shortest} before it is used",
            f"clients keep the old key set for a while; choose a lead of {shortest} or more",
            Failure.REFUSED,
        )


def _erased(key: SigningKey, now: int) -> AuditEvent:
    return AuditEvent(
        type=EventType.KEY_ERASED,
        at=now,
        actor="ostiary",
        details={"kid": key.kid, "algorithm": key.algorithm},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adding:
    store: Store
    master_key: MasterKey
    issuer: Issuer
    now: int
    actor: str

    async def add(
        self, algorithms: Iterable[Algorithm], *, activates_at: int, unless_after: int
    ) -> Sequence[SigningKey]:
        """One key for each algorithm; those that the store took."""
        # Side by side: an RSA key takes 50 to 500 ms, in which cryptography releases the GIL.
        made = await asyncio.gather(
            *(
                asyncio.to_thread(
                    make_signing_key,
                    self.issuer.issuer_id,
                    algorithm,
                    self.master_key,
                    now=self.now,
                    activates_at=activates_at,
                )
                for algorithm in sorted(algorithms)
            )
        )
        return [key for key in made if await self._added(key, unless_after)]

    async def add_handle_key(
        self, known: Collection[HandleKey], *, activates_at: int, unless_after: int
    ) -> HandleKey | None:
        """The next in number; None when another process has just added it."""
        number = max((key.number for key in known), default=0) + 1
        if number > MOST_KEYS:
            raise ManagementError(
                f"the issuer has had {MOST_KEYS} handle keys, and a handle has no room for more",
                "replace handle keys more rarely; the last one stays in use",
                Failure.REFUSED,
            )
        key = make_handle_key(
            self.issuer.issuer_id,
            number,
            self.master_key,
            now=self.now,
            activates_at=activates_at,
        )
        event = self._event({"handle_key": number, "activates_at": activates_at})
        added = await self.store.keys.add_handle_key(
            self.issuer.issuer_id,
            key,
            unless_after=unless_after,
            unless_until=self._until(unless_after),
            event=event,
        )
        return key if added else None

    async def _added(self, key: SigningKey, unless_after: int) -> bool:
        event = self._event(
            {"kid": key.kid, "algorithm": key.algorithm, "activates_at": key.activates_at}
        )
        return await self.store.keys.add_signing_key(
            self.issuer.issuer_id,
            key,
            unless_after=unless_after,
            unless_until=self._until(unless_after),
            event=event,
        )

    def _until(self, unless_after: int) -> int:
        """A key that waits for longer than any is told to has seen a wrong clock."""
        return FOR_EVER if unless_after == NEVER else self.now + LONGEST_LEAD

    def _event(self, details: Claims) -> AuditEvent:
        return AuditEvent(type=EventType.KEY_ADDED, at=self.now, actor=self.actor, details=details)
