"""What holds for all verbs alike, from one table of them: a new verb has to get its line.

No verb finds or changes anything of another issuer, though every id is the same there; an event
is written with its change, in one transaction, and is not written without it.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest

from ostiary.domain.audit import EventType
from ostiary.domain.audit_seal import Seal
from ostiary.domain.user import User
from ostiary.storage import audit
from ostiary.storage.database import Conflict
from ostiary.storage.interactions import SignInChange
from ostiary.storage.source import Source
from ostiary.storage.sqlite import SqliteDatabase
from ostiary.storage.store import Store
from tests.kit.outside import Contents, contents, query
from tests.storage.rows import (
    ACCOUNT,
    AUTHORIZATION,
    AUTHORIZATION_ID,
    CLIENT,
    HANDLE_KEY,
    INSTITUTION,
    INTERACTION,
    INTERACTION_ID,
    ISSUER,
    JWKS_FETCH,
    KEY,
    LAST_ID,
    MEMBERSHIP,
    NOTICE,
    NOW,
    PICTURE,
    PUSHED,
    REFUSAL,
    SESSION,
    SESSION_ID,
    SPENT_ID,
    USER,
    a_completion,
    an_event,
    fill,
)

pytestmark = pytest.mark.both_engines

Call = Callable[[Store, str], Awaitable[object]]

LEFT, RIGHT, NOBODY = "left", "right", "nobody"
EVENT = an_event(NOW + 5, EventType.KEY_ADDED)
NEW = b"new" + b"." * 13

READS: dict[str, Call] = {
    "issuers.find": lambda store, issuer: store.issuers.find(issuer),
    "issuers.version": lambda store, issuer: store.issuers.version(issuer),
    "issuers.find_by_host": lambda store, issuer: store.issuers.find_by_host(f"{issuer}.example"),
    "institutions.find": lambda store, issuer: store.institutions.find(issuer, "garden"),
    "institutions.list": lambda store, issuer: store.institutions.list(issuer),
    "clients.find": lambda store, issuer: store.clients.find(issuer, "web"),
    "clients.list": lambda store, issuer: store.clients.list(issuer),
    "client_origins.contains": lambda store, issuer: store.client_origins.contains(
        issuer, "https://rp.example"
    ),
    "users.find_by_username": lambda store, issuer: store.users.find_by_username(issuer, "alice"),
    "users.find_member": lambda store, issuer: store.users.find_member(issuer, "garden", "alice"),
    "users.exists": lambda store, issuer: store.users.exists(issuer, USER.user_id),
    "users.list": lambda store, issuer: store.users.list(issuer),
    "users.memberships": lambda store, issuer: store.users.memberships(issuer, USER.user_id),
    "sessions.find_signed_in": lambda store, issuer: store.sessions.find_signed_in(
        issuer, SESSION_ID, "web", "garden"
    ),
    "logout_notices.find_clients": lambda store, issuer: store.logout_notices.find_clients(
        issuer, SESSION_ID
    ),
    "logout_notices.list": lambda store, issuer: store.logout_notices.list(issuer, limit=10),
    "interactions.find": lambda store, issuer: store.interactions.find(issuer, INTERACTION_ID),
    "authorizations.find_standing": lambda store, issuer: store.authorizations.find_standing(
        issuer, AUTHORIZATION_ID
    ),
    "keys.signing_keys": lambda store, issuer: store.keys.signing_keys(issuer),
    "pushed_requests.find": lambda store, issuer: store.pushed_requests.find(
        issuer, PUSHED.pushed_id
    ),
    "spent.contains": lambda store, issuer: store.spent.contains(issuer, SPENT_ID, NOW),
    "keys.subject_key": lambda store, issuer: store.keys.subject_key(issuer),
    "pictures.find": lambda store, issuer: store.pictures.find(issuer, USER.user_id),
    "secret_uses.list": lambda store, issuer: store.secret_uses.list(issuer, "web"),
    "jwks_fetches.find": lambda store, issuer: store.jwks_fetches.find(issuer, "web"),
    "keys.handle_keys": lambda store, issuer: store.keys.handle_keys(issuer),
    "audit.latest": lambda store, issuer: store.audit.latest(issuer),
    "throttles.find_free_at": lambda store, issuer: store.throttles.find_free_at(
        issuer, b"", b"", ACCOUNT.key
    ),
    "issuers.epoch": lambda store, issuer: store.issuers.epoch(issuer),
    "seals.unsealed": lambda store, issuer: store.seals.unsealed(issuer, before=LAST_ID, limit=100),
    "seals.events": lambda store, issuer: store.seals.events(issuer, 1),
    "seals.numbers": lambda store, issuer: store.seals.numbers(issuer, 1),
    "seals.latest": lambda store, issuer: store.seals.latest(issuer),
    "seals.list": lambda store, issuer: store.seals.list(issuer, first=1, limit=10),
    "seals.first_since": lambda store, issuer: store.seals.first_since(issuer, NOW),
    "seals.waiting": lambda store, issuer: store.seals.waiting(issuer),
    "seals.keys": lambda store, issuer: store.seals.keys(issuer),
    "refusals.find": lambda store, issuer: store.refusals.find([issuer], REFUSAL.reference),
}

# Verbs that change what is there: in an issuer where it is not, they change nothing.
CHANGES: dict[str, Call] = {
    "issuers.set_epoch": lambda store, issuer: store.issuers.set_epoch(issuer, NOW, EVENT),
    "clients.replace": lambda store, issuer: store.clients.replace(
        issuer, CLIENT, replace(CLIENT, name="changed"), EVENT
    ),
    "users.set_password": lambda store, issuer: store.users.set_password(
        issuer, USER.user_id, "$changed", EVENT
    ),
    "users.rehash": lambda store, issuer: store.users.rehash(issuer, USER, "$changed"),
    "users.set_disabled": lambda store, issuer: store.users.set_disabled(
        issuer, USER.user_id, NOW, EVENT
    ),
    "throttles.forgive": lambda store, issuer: store.throttles.forgive(
        issuer, [ACCOUNT], [], NOW + 5
    ),
    "throttles.take_back": lambda store, issuer: store.throttles.take_back(issuer, [ACCOUNT]),
    "throttles.unlock": lambda store, issuer: store.throttles.unlock(issuer, ACCOUNT.key, EVENT),
    "keys.erase": lambda store, issuer: store.keys.erase(issuer, KEY.kid, EVENT),
    "pictures.remove": lambda store, issuer: store.pictures.remove(issuer, USER.user_id, EVENT),
    "sessions.end": lambda store, issuer: store.sessions.end(issuer, SESSION_ID, EVENT),
    "logout_notices.claim": lambda store, issuer: store.logout_notices.claim(issuer, NOTICE, NOW),
    "logout_notices.note_delivered": lambda store, issuer: store.logout_notices.note_delivered(
        issuer, NOTICE, NOW
    ),
    "logout_notices.note_failed": lambda store, issuer: store.logout_notices.note_failed(
        issuer, NOTICE, "status 500"
    ),
    "logout_notices.give_up": lambda store, issuer: store.logout_notices.give_up(
        issuer, NOTICE, "status 500", EVENT
    ),
    "interactions.set_identifier": lambda store, issuer: store.interactions.set_identifier(
        issuer, INTERACTION_ID, "changed"
    ),
    "authorizations.add": lambda store, issuer: store.authorizations.add(
        issuer, replace(AUTHORIZATION, authorization_id=NEW, created_at=NOW + 5), touch=True
    ),
    "users.fill_zero": lambda store, issuer: store.users.fill_zero(issuer, "zero", EVENT),
    "interactions.choose_institution": lambda store, issuer: store.interactions.choose_institution(
        issuer, INTERACTION_ID, "garden"
    ),
    "interactions.choose_account": lambda store, issuer: store.interactions.choose_account(
        issuer, INTERACTION_ID, another=True
    ),
    "interactions.sign_in": lambda store, issuer: store.interactions.sign_in(
        issuer,
        INTERACTION_ID,
        SignInChange(session=replace(SESSION, generation=1), renews=True, ends=None),
        EVENT,
    ),
    "interactions.sign_in, another person": lambda store, issuer: store.interactions.sign_in(
        issuer,
        INTERACTION_ID,
        SignInChange(session=replace(SESSION, session_id=NEW), renews=False, ends=SESSION_ID),
        EVENT,
    ),
    "interactions.complete": lambda store, issuer: store.interactions.complete(
        issuer, INTERACTION_ID, replace(a_completion(NEW, created_at=NOW + 5), event=EVENT)
    ),
    "interactions.refuse": lambda store, issuer: store.interactions.refuse(
        issuer, INTERACTION_ID, NOW + 5, EVENT
    ),
    "authorizations.redeem": lambda store, issuer: store.authorizations.redeem(
        issuer, AUTHORIZATION_ID, refresh_until=NOW + 9, refresh_jkt=None, now=NOW
    ),
    "authorizations.rotate": lambda store, issuer: store.authorizations.rotate(
        issuer, AUTHORIZATION_ID, generation=0, refresh_until=NOW + 9, now=NOW
    ),
    "authorizations.extend": lambda store, issuer: store.authorizations.extend(
        issuer, AUTHORIZATION_ID, generation=0, refresh_until=NOW + 9
    ),
    "authorizations.revoke": lambda store, issuer: store.authorizations.revoke(
        issuer, AUTHORIZATION_ID, EVENT
    ),
}

# Verbs that add what is not there, or write over it.
ADDITIONS: dict[str, Call] = {
    "issuers.save": lambda store, issuer: store.issuers.save(
        replace(ISSUER, issuer_id=issuer, url=f"https://{issuer}.example", name="changed"), EVENT
    ),
    "institutions.save": lambda store, issuer: store.institutions.save(
        issuer, replace(INSTITUTION, name="changed"), EVENT
    ),
    "clients.add": lambda store, issuer: store.clients.add(
        issuer, replace(CLIENT, client_id="new"), EVENT
    ),
    "users.add": lambda store, issuer: store.users.add(
        issuer, User(user_id="new", username="new"), [MEMBERSHIP, MEMBERSHIP], EVENT
    ),
    "users.save_membership": lambda store, issuer: store.users.save_membership(
        issuer, USER.user_id, replace(MEMBERSHIP, claims={"name": "changed"}), EVENT
    ),
    "interactions.add": lambda store, issuer: store.interactions.add(
        issuer, replace(INTERACTION, interaction_id=NEW)
    ),
    "keys.add_signing_key": lambda store, issuer: store.keys.add_signing_key(
        issuer, replace(KEY, kid="new", activates_at=NOW + 99), unless_after=NOW + 1, event=EVENT
    ),
    "keys.add_handle_key": lambda store, issuer: store.keys.add_handle_key(
        # The next one, and the first where there is none.
        issuer,
        replace(HANDLE_KEY, number=1 if issuer == NOBODY else 2),
        unless_after=NOW,
        event=EVENT,
    ),
    "throttles.count": lambda store, issuer: store.throttles.count(issuer, [ACCOUNT], NOW + 5),
    "pushed_requests.add": lambda store, issuer: store.pushed_requests.add(
        issuer, replace(PUSHED, pushed_id=b"P" * 16)
    ),
    "keys.add_subject_key": lambda store, issuer: store.keys.add_subject_key(issuer, b"x", NOW),
    "pictures.save": lambda store, issuer: store.pictures.save(
        issuer, USER.user_id, replace(PICTURE, media_type="image/jpeg"), EVENT
    ),
    "spent.add": lambda store, issuer: store.spent.add(
        issuer, b"s" * 16, expires_at=NOW + 60, now=NOW
    ),
    "spent.revoke": lambda store, issuer: store.spent.revoke(
        issuer, b"r" * 16, expires_at=NOW + 60, event=EVENT
    ),
    "secret_uses.save": lambda store, issuer: store.secret_uses.save(issuer, "web", "2", NOW),
    "jwks_fetches.save": lambda store, issuer: store.jwks_fetches.save(
        issuer, "web", replace(JWKS_FETCH, at=NOW + 5)
    ),
    "audit.add": lambda store, issuer: store.audit.add(issuer, EVENT),
    "seals.add": lambda store, issuer: store.seals.add(
        issuer,
        Seal(number=2, at=NOW, token="of no event", leaves=b""),
        kid="new",
        sealed_key=b"x",
        last=b"",
    ),
    "refusals.add": lambda store, issuer: store.refusals.add(
        issuer, replace(REFUSAL, reference="R-NEW0-NEW0")
    ),
}
WRITES = CHANGES | ADDITIONS
# Verbs that add what an issuer has once: where it is, they change nothing.
ONCE = {"keys.add_subject_key"}

# verb -> why it is in no table
NOT_OF_AN_ISSUER = {
    "orphans.count": "counts damage, which no verb does: tests/cli/test_backup.py",
    "conditions.find": "of all issuers, for probes",
    "issuers.list": "all issuers, for operators and housekeeping",
    "logout_notices.find_due": "of all issuers, for who tells the clients",
    "figures.pending_notices": "of all issuers, for metrics",
    "figures.signing_keys": "of all issuers, for metrics",
    "figures.secret_expiry": "of all issuers, for metrics",
    "keys.any_handle_key": "one of any issuer, to try a master key on",
    "request_counts.save": "of the processes",
    "request_counts.list_others": "of the processes",
    "leases.find": "of the processes",
    "leases.take": "of the processes",
    "leases.hand_over": "of the processes",
    "jobs.save": "of the processes",
    "jobs.list": "of the processes",
    "sweeping.sweep": "removes what is dead: tests/housekeeping",
}

# verb -> why it writes no event
WITHOUT_EVENT = {
    "seals.add": "seals the events that there are",
    "users.rehash": "the password is the same",
    "throttles.count": "traffic: what it makes wait has its own",
    "throttles.take_back": "it was counted for nothing",
    "throttles.forgive": "the sign-in has its own",
    "logout_notices.claim": "traffic: the row itself tells",
    "logout_notices.note_delivered": "traffic: the row itself tells",
    "logout_notices.note_failed": "traffic: the row itself tells",
    "interactions.add": "nothing has happened yet",
    "interactions.set_identifier": "nothing has been proved",
    "interactions.choose_account": "nothing has been proved",
    "interactions.choose_institution": "nothing has been proved",
    "authorizations.add": "the person was not asked; the consent before has its event",
    "authorizations.redeem": "traffic: the row itself tells",
    "authorizations.rotate": "traffic: the row itself tells",
    "authorizations.extend": "traffic: the row itself tells",
    "keys.add_subject_key": "made once, with the issuer",
    "pushed_requests.add": "nothing has happened yet",
    "spent.add": "traffic: what it lets through has its own",
    "secret_uses.save": "traffic, and told by the row itself",
    "jwks_fetches.save": "nothing was changed",
    "refusals.add": "a refusal is a record by itself",
}
WITH_EVENT = {name: call for name, call in WRITES.items() if name not in WITHOUT_EVENT}


def verbs() -> Iterator[str]:
    """Every verb of the store."""
    store = Store.__new__(Store)
    Store.__init__(store, SqliteDatabase.__new__(SqliteDatabase))
    for table, value in vars(store).items():
        if table == "database":
            continue
        for name, _ in inspect.getmembers(type(value), inspect.iscoroutinefunction):
            if not name.startswith("_"):
                yield f"{table}.{name}"


@pytest.fixture
async def two(store: Store) -> Store:
    """Two issuers that hold the same ids."""
    await fill(store, LEFT)
    await fill(store, RIGHT)
    return store


def without_events(found: Contents) -> Contents:
    return {name: rows for name, rows in found.items() if name != "audit_events"}


def test_every_verb_is_in_the_table() -> None:
    listed = {name.partition(",")[0] for name in READS | WRITES}
    assert listed | set(NOT_OF_AN_ISSUER) == set(verbs())


# ---- other issuers ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READS)
async def test_a_read_finds_nothing_of_another_issuer(two: Store, name: str) -> None:
    assert await READS[name](two, LEFT)
    assert not await READS[name](two, NOBODY)


@pytest.mark.parametrize("name", READS)
async def test_a_read_does_not_follow_a_change_in_another_issuer(
    two: Store, source: Source, name: str
) -> None:
    before = await READS[name](two, LEFT)
    for table in contents(source, RIGHT):
        query(source, f"DELETE FROM {table} WHERE issuer_id = '{RIGHT}'")  # noqa: S608
    assert await READS[name](two, LEFT) == before
    assert not await READS[name](two, RIGHT)


@pytest.mark.parametrize("name", [name for name in WRITES if name not in ONCE])
async def test_a_write_changes_its_own_issuer_alone(two: Store, source: Source, name: str) -> None:
    before, other = contents(source, LEFT), contents(source, RIGHT)
    await WRITES[name](two, LEFT)
    assert contents(source, LEFT) != before, "it does what it says"
    assert contents(source, RIGHT) == other


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_finds_nothing_in_another_issuer(
    two: Store, source: Source, name: str
) -> None:
    before = contents(source)
    assert not await CHANGES[name](two, NOBODY)
    assert contents(source) == before, "nothing there, and nothing here either"


@pytest.mark.parametrize("name", ADDITIONS)
async def test_an_addition_is_made_in_its_issuer_alone(
    two: Store, source: Source, name: str
) -> None:
    before = contents(source, LEFT), contents(source, RIGHT)
    await ADDITIONS[name](two, NOBODY)
    assert (contents(source, LEFT), contents(source, RIGHT)) == before
    assert any(contents(source, NOBODY).values())


# ---- events -------------------------------------------------------------------------------------


def events(source: Source, issuer_id: str = LEFT) -> list[tuple[object, ...]]:
    return contents(source, issuer_id)["audit_events"]


@pytest.mark.parametrize("name", WITH_EVENT)
async def test_an_event_is_written_with_the_change(two: Store, source: Source, name: str) -> None:
    count = len(events(source))
    await WITH_EVENT[name](two, LEFT)
    # Who takes over a browser ends the session of who was signed in there.
    ended = 1 if name == "interactions.sign_in, another person" else 0
    assert len(events(source)) == count + 1 + ended
    assert (await two.audit.latest(LEFT, limit=1)) == [EVENT]


@pytest.mark.parametrize("name", WITHOUT_EVENT)
async def test_no_event_is_written_for_what_needs_none(
    two: Store, source: Source, name: str
) -> None:
    before = events(source)
    await WRITES[name](two, LEFT)
    assert events(source) == before


@pytest.mark.parametrize("name", [name for name in WITH_EVENT if name in CHANGES])
async def test_no_event_is_written_for_what_does_not_happen(
    two: Store, source: Source, name: str
) -> None:
    await CHANGES[name](two, NOBODY)
    assert events(source, NOBODY) == []


REFUSED_TWICE = [
    "throttles.unlock",
    "keys.erase",
    "keys.add_handle_key",
    "pictures.remove",
    "clients.add",
    "clients.replace",
    "sessions.end",
    "logout_notices.give_up",
    "interactions.complete",
    "interactions.refuse",
    "authorizations.revoke",
    "spent.revoke",
    "keys.add_signing_key",
]


@pytest.mark.parametrize("name", REFUSED_TWICE)
async def test_what_is_refused_the_second_time_leaves_no_second_event(
    two: Store, source: Source, name: str
) -> None:
    await WRITES[name](two, LEFT)
    before = contents(source)
    assert not await WRITES[name](two, LEFT)
    assert contents(source) == before


@pytest.mark.parametrize("name", WITH_EVENT)
async def test_st_28_a_change_whose_event_cannot_be_written_is_undone(
    two: Store, source: Source, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback really happens: the event collides, and nothing of the change is left."""
    taken = events(source)[0][1]
    before = contents(source)
    with monkeypatch.context() as patched:
        patched.setattr(audit, "new_id", lambda _now: taken)
        with pytest.raises(Conflict):
            await WITH_EVENT[name](two, LEFT)
    assert contents(source) == before
    await WITH_EVENT[name](two, LEFT)
    assert without_events(contents(source)) != without_events(before) or name == "audit.add"
