"""The MAC keys of handles, sealed for the database."""

import pytest

from ostiary.domain.handles import Handle, Purpose
from ostiary.signing.handle_keys import KEY_LENGTH, make_handle_key, open_handle_keys
from ostiary.signing.master_key import MasterKey, MasterKeyError

MASTER_KEY = MasterKey(b"m" * 32)
HANDLE = Handle(id=b"i" * 16)


def test_sealed_keys_open_by_their_numbers() -> None:
    sealed = {number: make_handle_key("main", number, MASTER_KEY) for number in (1, 2)}
    keys = open_handle_keys("main", sealed, MASTER_KEY)
    assert keys.issuer_id == "main"
    assert keys.keys.keys() == {1, 2}
    assert {len(key) for key in keys.keys.values()} == {KEY_LENGTH}
    assert keys.open(keys.seal(HANDLE, Purpose.CODE), Purpose.CODE) == HANDLE


def test_the_key_does_not_stand_in_what_the_database_holds() -> None:
    sealed = make_handle_key("main", 1, MASTER_KEY)
    assert open_handle_keys("main", {1: sealed}, MASTER_KEY).keys[1] not in sealed


def test_every_new_key_is_another() -> None:
    made = (make_handle_key("main", 1, MASTER_KEY) for _ in range(50))
    assert len({open_handle_keys("main", {1: each}, MASTER_KEY).keys[1] for each in made}) == 50


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
    sealed = make_handle_key("main", 1, MASTER_KEY)
    with pytest.raises(MasterKeyError):
        open_handle_keys(issuer_id, {number: sealed}, master_key)
