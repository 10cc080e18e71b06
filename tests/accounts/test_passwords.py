"""Passwords: argon2id in a bounded pool. NIST SP 800-63B-4 §3.1.1.2."""

import asyncio
import threading
import unicodedata
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from ostiary.accounts import passwords as module
from ostiary.accounts.passwords import LONGEST_QUEUE, MAX_LENGTH, Passwords, TooManyPasswords

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    opened = Passwords(workers=2)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def hashed(passwords: Passwords) -> str:
    return passwords.hash(PASSWORD)


class Work:
    """Counts the times that argon2 was asked to verify, and against what."""

    def __init__(self) -> None:
        self.hashes: list[str] = []

    @property
    def parameters(self) -> list[object]:
        return [extract_parameters(each) for each in self.hashes]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    counted = Work()
    verify = PasswordHasher.verify

    def counting(hasher: PasswordHasher, password_hash: str, password: bytes) -> bool:
        counted.hashes.append(password_hash)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    return counted


async def test_the_password_is_verified(passwords: Passwords, hashed: str) -> None:
    assert await passwords.verify(hashed, PASSWORD)


@pytest.mark.parametrize(
    "password",
    [
        "",
        PASSWORD[:-1],
        PASSWORD + "x",
        PASSWORD.upper(),
        f" {PASSWORD}",
        f"{PASSWORD} ",
        PASSWORD.replace(" ", ""),
        PASSWORD.replace(" ", "  "),
        PASSWORD + "\0",
        "\ud800",
    ],
)
async def test_any_other_password_is_not(passwords: Passwords, hashed: str, password: str) -> None:
    assert not await passwords.verify(hashed, password)


async def test_spaces_at_both_ends_are_kept(passwords: Passwords) -> None:
    hashed = passwords.hash("  two spaces  ")
    assert await passwords.verify(hashed, "  two spaces  ")
    assert not await passwords.verify(hashed, "two spaces")


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
async def test_all_normal_forms_of_a_password_are_one(passwords: Passwords, form: str) -> None:
    hashed = passwords.hash("Zo\u00eb \ufb01nds \u212bngstr\u00f6m \uff11\uff12")
    typed = unicodedata.normalize(form, "Zo\u00eb \ufb01nds \u212bngstr\u00f6m \uff11\uff12")  # type: ignore[arg-type]
    assert await passwords.verify(hashed, typed)


async def test_accents_count(passwords: Passwords) -> None:
    assert not await passwords.verify(passwords.hash("Zo\u00eb is eight"), "Zoe is eight")


@pytest.mark.parametrize("password", ["lone \ud800 surrogate", "\udfff", "nul \0 inside", "🗝️" * 10])
async def test_any_characters_at_all_survive(passwords: Passwords, password: str) -> None:
    hashed = passwords.hash(password)
    assert await passwords.verify(hashed, password)
    assert not await passwords.verify(hashed, password + "x")


async def test_two_lone_surrogates_are_not_the_same_password(passwords: Passwords) -> None:
    assert not await passwords.verify(passwords.hash("\ud800 surrogate"), "\ud801 surrogate")


async def test_the_longest_password_is_verified_to_its_last_character(
    passwords: Passwords,
) -> None:
    longest = "x" * MAX_LENGTH
    hashed = passwords.hash(longest)
    assert await passwords.verify(hashed, longest)
    assert not await passwords.verify(hashed, longest[:-1] + "y")


async def test_ca_08_a_longer_password_is_refused_though_its_beginning_fits(
    passwords: Passwords, work: Work
) -> None:
    hashed = passwords.hash("x" * MAX_LENGTH)
    assert not await passwords.verify(hashed, "x" * (MAX_LENGTH + 1))
    assert not await passwords.verify(hashed, "x" * 1_000_000)
    assert work.hashes == [hashed, hashed]


async def test_for_nobody_the_same_work_is_done(
    passwords: Passwords, hashed: str, work: Work
) -> None:
    assert not await passwords.verify(hashed, "wrong password")
    assert not await passwords.verify(None, "wrong password")
    assert len(work.hashes) == 2
    assert work.parameters[0] == work.parameters[1]


@pytest.mark.parametrize("password", ["", PASSWORD, "x" * 2000, "\ud800"])
async def test_nobody_is_never_let_in(passwords: Passwords, work: Work, password: str) -> None:
    assert not await passwords.verify(None, password)
    assert len(work.hashes) == 1


async def test_nobody_is_not_let_in_even_by_the_hash_that_stands_for_them(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: True)
    assert not await passwords.verify(None, PASSWORD)


async def test_the_hash_that_stands_for_nobody_is_new_with_every_start(
    hashed: str, work: Work
) -> None:
    """One that stands in the source would let anybody look for its password at leisure."""
    for _ in range(3):
        started = Passwords(workers=1)
        assert not await started.verify(None, PASSWORD)
        assert not await started.verify(None, "another password")
        started.close()
    assert len(work.hashes) == 6
    assert work.hashes[::2] == work.hashes[1::2], "made once a start"
    assert len(set(work.hashes)) == 3
    assert work.parameters == [extract_parameters(hashed)] * 6


async def test_the_first_of_all_requests_may_be_for_nobody() -> None:
    """It waits for the hash in the only worker there is, which must have been made before."""
    async with asyncio.timeout(10):
        started = Passwords(workers=1)
        answers = await asyncio.gather(*(started.verify(None, PASSWORD) for _ in range(5)))
    started.close()
    assert answers == [False] * 5


def test_whoever_starts_does_not_wait_for_the_hash_that_stands_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And whoever stops at once waits only until it is made."""
    opened, made_by = threading.Event(), list[str]()
    make = PasswordHasher.hash

    def waiting(hasher: PasswordHasher, password: bytes) -> str:
        made_by.append(threading.current_thread().name)
        assert opened.wait(timeout=30)
        return make(hasher, password)

    monkeypatch.setattr(PasswordHasher, "hash", waiting)
    started = Passwords(workers=1)
    assert not opened.is_set()
    opened.set()
    started.close()
    assert len(made_by) == 1
    assert made_by[0] != threading.current_thread().name


@pytest.mark.parametrize("password_hash", ["", "x", "$argon2id$", "$2b$12$abc", "$argon2id$v=19$m"])
async def test_what_is_no_hash_lets_nobody_in(passwords: Passwords, password_hash: str) -> None:
    assert not await passwords.verify(password_hash, PASSWORD)


def test_a_hash_is_argon2id_with_what_owasp_asks_for_at_least(hashed: str) -> None:
    parameters = extract_parameters(hashed)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19_456
    assert parameters.time_cost >= 2
    assert parameters.salt_len >= 16
    assert parameters.hash_len >= 32


def test_no_two_hashes_of_a_password_are_the_same(passwords: Passwords, hashed: str) -> None:
    assert passwords.hash(PASSWORD) != hashed


async def test_a_hash_made_in_the_pool_is_one_like_any_other(passwords: Passwords) -> None:
    hashed = await passwords.hash_beside(PASSWORD)
    assert await passwords.verify(hashed, PASSWORD)
    assert not passwords.is_outdated(hashed)


@pytest.mark.parametrize(
    ("memory", "passes", "kind", "outdated"),
    [
        (module.MEMORY_KIB, module.PASSES, Type.ID, False),
        (module.MEMORY_KIB // 2, module.PASSES, Type.ID, True),
        (module.MEMORY_KIB, module.PASSES - 1, Type.ID, True),
        (module.MEMORY_KIB, module.PASSES, Type.I, True),
    ],
)
def test_a_hash_of_other_parameters_is_outdated(
    passwords: Passwords, memory: int, passes: int, kind: Type, outdated: bool
) -> None:
    hasher = PasswordHasher(memory_cost=memory, time_cost=passes, parallelism=1, type=kind)
    assert passwords.is_outdated(hasher.hash(PASSWORD)) is outdated


async def test_an_outdated_hash_still_verifies(passwords: Passwords) -> None:
    old = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    assert await passwords.verify(old, PASSWORD)
    assert not await passwords.verify(old, "wrong password")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set, no verification ends."""
    opened = threading.Event()

    def waiting(*_: object) -> bool:
        return opened.wait(timeout=30)

    monkeypatch.setattr(PasswordHasher, "verify", waiting)
    yield opened
    opened.set()


async def test_beyond_the_longest_queue_one_is_sent_away_at_once(gate: threading.Event) -> None:
    passwords = Passwords(workers=1)
    waiting = [asyncio.create_task(passwords.verify("x", "p")) for _ in range(LONGEST_QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyPasswords):
        await passwords.verify("x", "p")
    with pytest.raises(TooManyPasswords):
        await passwords.verify(None, "p")
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * LONGEST_QUEUE
    assert await passwords.verify("x", "p")
    passwords.close()


async def test_a_request_that_was_given_up_leaves_its_place_in_the_queue(
    gate: threading.Event,
) -> None:
    passwords = Passwords(workers=1)
    waiting = [asyncio.create_task(passwords.verify("x", "p")) for _ in range(LONGEST_QUEUE)]
    await asyncio.sleep(0)
    waiting[-1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[-1]
    late = asyncio.create_task(passwords.verify("x", "p"))
    await asyncio.sleep(0)
    assert not late.done()
    gate.set()
    assert await late
    await asyncio.gather(*waiting[:-1])
    passwords.close()


async def test_the_event_loop_goes_on_while_a_password_is_verified(gate: threading.Event) -> None:
    passwords = Passwords(workers=1)
    verifying = asyncio.create_task(passwords.verify("x", "p"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not verifying.done()
    gate.set()
    assert await verifying
    passwords.close()
