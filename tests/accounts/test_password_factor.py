"""Signing in with a password, over the real store."""

import pytest
from argon2 import PasswordHasher

from ostiary.accounts.factors import FACTORS, password
from ostiary.accounts.people import People
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.user import MAX_USERNAME_LENGTH
from tests.kit.world import CONSUMER, ENTERPRISE, GARDEN, HARBOR, PASSWORD, START, World


@pytest.fixture
def people(world: World) -> People:
    return People(
        issuer_id=ENTERPRISE.issuer_id, store=world.store, passwords=world.ostiary.passwords
    )


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that argon2 was asked to verify."""
    hashes: list[str] = []
    verify = PasswordHasher.verify

    def counting(hasher: PasswordHasher, password_hash: str, presented: bytes) -> bool:
        hashes.append(password_hash)
        return verify(hasher, password_hash, presented)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    return hashes


async def set_hash(people: People, username: str, password_hash: str) -> str:
    user = await people.store.users.find_by_username(people.issuer_id, username)
    assert user is not None
    event = AuditEvent(type=EventType.PASSWORD_CHANGED, at=START, actor="test")
    await people.store.users.set_password(people.issuer_id, user.user_id, password_hash, event)
    return user.user_id


async def stored_hash(people: People, username: str) -> str | None:
    user = await people.store.users.find_by_username(people.issuer_id, username)
    assert user is not None
    return user.password_hash


async def disable(people: People, username: str) -> None:
    user = await people.store.users.find_by_username(people.issuer_id, username)
    assert user is not None
    event = AuditEvent(type=EventType.USER_CHANGED, at=START, actor="test")
    await people.store.users.set_disabled(people.issuer_id, user.user_id, START, event)


def test_the_registry_lists_a_factor_by_its_amr() -> None:
    assert FACTORS["pwd"] is password
    assert {name: factor.AMR for name, factor in FACTORS.items()} == {
        name: name for name in FACTORS
    }


@pytest.mark.parametrize("username", ["alice", "Alice", " ALICE ", "\uff21lice"])
async def test_a_member_with_the_password_is_found(people: People, username: str) -> None:
    user = await password.verify(people, (GARDEN,), username, PASSWORD)
    assert user is not None
    assert user.username == "alice"


@pytest.mark.parametrize("institution_id", [GARDEN, HARBOR])
async def test_a_member_of_two_institutions_is_found_in_both(
    people: People, institution_id: str
) -> None:
    assert await password.verify(people, (institution_id,), "bob", PASSWORD)


@pytest.mark.parametrize(
    ("institution_id", "username", "presented"),
    [
        pytest.param(GARDEN, "alice", "wrong password", id="wrong password"),
        pytest.param(GARDEN, "alice", "", id="empty password"),
        pytest.param(GARDEN, "nobody", PASSWORD, id="unknown name"),
        pytest.param(GARDEN, "", PASSWORD, id="empty name"),
        pytest.param(HARBOR, "alice", PASSWORD, id="member of another institution"),
        pytest.param("nowhere", "alice", PASSWORD, id="unknown institution"),
        pytest.param(GARDEN, "x" * 100_000, PASSWORD, id="endless name"),
        pytest.param(GARDEN, "alice", "x" * 100_000, id="endless password"),
    ],
)
async def test_lg_01_whoever_has_not_proved_it_is_none_after_the_same_work(
    people: People, verified: list[str], institution_id: str, username: str, presented: str
) -> None:
    assert await password.verify(people, (institution_id,), username, presented) is None
    assert len(verified) == 1


async def test_a_person_switched_off_is_none_after_the_same_work(
    people: People, verified: list[str]
) -> None:
    await disable(people, "alice")
    assert await password.verify(people, (GARDEN,), "alice", PASSWORD) is None
    assert len(verified) == 1


async def test_a_person_of_another_issuer_is_none(world: World) -> None:
    people = People(issuer_id="none", store=world.store, passwords=world.ostiary.passwords)
    assert await password.verify(people, (GARDEN,), "alice", PASSWORD) is None


async def test_the_same_name_at_two_issuers_is_two_people(world: World, people: People) -> None:
    await set_hash(people, "alice", people.passwords.hash("another password"))
    other = People(
        issuer_id=CONSUMER.issuer_id, store=world.store, passwords=world.ostiary.passwords
    )
    assert await password.verify(people, (GARDEN,), "alice", PASSWORD) is None
    assert await password.verify(other, (GARDEN,), "alice", PASSWORD)


async def test_a_name_of_the_longest_length_is_looked_up(people: People) -> None:
    padded = "alice".ljust(MAX_USERNAME_LENGTH)
    assert await password.verify(people, (GARDEN,), padded, PASSWORD)
    assert await password.verify(people, (GARDEN,), padded + " ", PASSWORD) is None


async def test_an_outdated_hash_is_renewed_by_the_next_sign_in(people: People) -> None:
    old = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    await set_hash(people, "alice", old)
    assert await password.verify(people, (GARDEN,), "alice", PASSWORD)
    renewed = await stored_hash(people, "alice")
    assert renewed is not None
    assert renewed != old
    assert not people.passwords.is_outdated(renewed)
    assert await password.verify(people, (GARDEN,), "alice", PASSWORD)


async def test_an_outdated_hash_is_not_renewed_by_a_wrong_password(people: People) -> None:
    old = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    await set_hash(people, "alice", old)
    assert await password.verify(people, (GARDEN,), "alice", "wrong password") is None
    assert await stored_hash(people, "alice") == old


async def test_a_hash_of_today_is_left_as_it_is(people: People) -> None:
    before = await stored_hash(people, "alice")
    assert await password.verify(people, (GARDEN,), "alice", PASSWORD)
    assert await stored_hash(people, "alice") == before


async def test_a_renewed_hash_does_not_overwrite_a_password_changed_meanwhile(
    people: People,
) -> None:
    old = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    await set_hash(people, "alice", old)
    seen = await people.store.users.find_by_username(people.issuer_id, "alice")
    assert seen is not None
    changed = people.passwords.hash("another password")
    await set_hash(people, "alice", changed)
    await people.store.users.rehash(people.issuer_id, seen, people.passwords.hash(PASSWORD))
    assert await stored_hash(people, "alice") == changed
