"""The MAC keys of handles, sealed for the database."""

from dataclasses import replace

import pytest

from ostiary.domain.handle_keys import HandleKey
from ostiary.domain.handles import Handle, Purpose
from ostiary.signing.handle_keys import KEY_LENGTH, make_handle_key, open_handle_keys
from ostiary.signing.master_key import MasterKey, MasterKeyError

MASTER_KEY = MasterKey(b"m" * 32)
HANDLE = Handle(id=b"i" * 16)


def made(number: int, activates_at: int = 0) -> HandleKey:
    return make_handle_key("main", number, MASTER_KEY, now=0, activates_at=activates_at)


def test_sealed_keys_open_by_their_numbers() -> None:
    keys = open_handle_keys("main", [made(1), made(2)], MASTER_KEY, now=0)
    assert keys.issuer_id == "main"
    assert keys.keys.keys() == {1, 2}
    assert {len(key) for key in keys.keys.values()} == {KEY_LENGTH}
    assert keys.open(keys.seal(HANDLE, Purpose.CODE), Purpose.CODE) == HANDLE


@pytest.mark.parametrize(("now", "sealing"), [(99, 1), (100, 2), (250, 2), (300, 3), (0, 1)])
def test_a_key_seals_from_its_activation_on_and_opens_before(now: int, sealing: int) -> None:
    """Before the first of them, too: a clock was turned back."""
    keys = open_handle_keys("main", [made(1, 50), made(2, 100), made(3, 300)], MASTER_KEY, now)
    assert keys.sealing == sealing
    assert keys.keys.keys() == {1, 2, 3}


def test_the_key_does_not_stand_in_what_the_database_holds() -> None:
    key = made(1)
    assert open_handle_keys("main", [key], MASTER_KEY, now=0).keys[1] not in key.sealed


def test_every_new_key_is_another() -> None:
    keys = (open_handle_keys("main", [made(1)], MASTER_KEY, now=0) for _ in range(50))
    assert len({each.keys[1] for each in keys}) == 50


@pytest.mark.parametrize(
    ("issuer_id", "number", "master_key"),
    [
        ("other", 1, MASTER_KEY),
        ("main", 2, MASTER_KEY),
        ("main 1", 1, MASTER_KEY),
        ("main", 1, MasterKey(b"n" * 32)),
    ],
)
def test_a_key_of_another_issuer_number_or_master_key_does_not_open(
    issuer_id: str, number: int, master_key: MasterKey
) -> None:
    with pytest.raises(MasterKeyError):
        open_handle_keys(issuer_id, [replace(made(1), number=number)], master_key, now=0)
