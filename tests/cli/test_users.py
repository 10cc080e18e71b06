"""`ostiary user`: passwords come by standard input, never by an argument."""

import asyncio
from pathlib import Path

import pytest

from ostiary.accounts.passwords import Passwords
from ostiary.domain.picture import Picture
from ostiary.storage.store import Store
from tests.cli.terminal import run

PASSWORD = "a-password-of-bob"


def verifies(folder: Path, username: str, password: str) -> bool:
    store = Store.open(folder / "ostiary.sqlite3")
    passwords = Passwords(workers=1)

    async def matches() -> bool:
        user = await store.users.find_by_username("main", username)
        assert user is not None
        return await passwords.verify(user.password_hash, password)

    try:
        return asyncio.run(matches())
    finally:
        passwords.close()
        store.close()


def test_a_user_is_made_with_the_password_of_standard_input(installed: Path) -> None:
    claims = ("--claim", "name=Bob Brown", "--claim", 'address={"region": "IA"}')
    answer = run("user", "create", "Bob", *claims, "--json", stdin=PASSWORD + "\n")
    assert answer.code == 0
    assert set(answer.json) == {"user_id", "username"}
    assert PASSWORD not in answer.out + answer.err
    assert verifies(installed, "bob", PASSWORD)


def test_claims_reach_the_membership(installed: Path) -> None:
    claims = ("title=0012", "email_verified=true", "middle_name=null", 'address={"region": "IA"}')
    options = [option for claim in claims for option in ("--claim", claim)]
    created = run("user", "create", "bob", "--no-password", "--json", *options).json
    store = Store.open(installed / "ostiary.sqlite3")
    (membership,) = asyncio.run(store.users.memberships("main", created["user_id"]))
    store.close()
    assert membership.claims == {
        "preferred_username": "bob",
        "title": "0012",
        "email_verified": True,
        "middle_name": None,
        "address": {"region": "IA"},
    }


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("nam=Eve", 'unknown claim "nam"; did you mean "name"?'),
        ("email_verified=yes", "write true or false for the claim email_verified"),
    ],
)
def test_a_claim_that_nobody_would_get_is_refused(installed: Path, claim: str, told: str) -> None:
    answer = run("user", "create", "bob", "--no-password", "--claim", claim)
    assert answer.code == 2
    assert f"--claim is not right; {told}" in answer.err


@pytest.mark.parametrize(("password", "fault"), [("short", "short"), ("x" * 1025, "long")])
def test_a_password_has_a_length(installed: Path, password: str, fault: str) -> None:
    answer = run("user", "create", "bob", stdin=password + "\n")
    assert answer.code == 2
    message = f"the password is too {fault}; choose one of 8 to 1024 characters"
    assert message in " ".join(answer.err.split())
    assert [user["username"] for user in run("user", "list", "--json").json] == ["alice"]


def test_without_a_terminal_nobody_is_asked(installed: Path) -> None:
    answer = run("user", "create", "bob", stdin="")
    assert answer.code == 2
    assert "pipe the password" in answer.err


def test_a_username_is_taken_in_any_spelling(installed: Path) -> None:
    answer = run("user", "create", "ALICE", "--no-password")
    assert answer.code == 5
    assert "taken" in answer.err


@pytest.mark.parametrize("option", ["noequals", "=x", "a={"])
def test_a_claim_that_is_none_is_told(installed: Path, option: str) -> None:
    assert run("user", "create", "bob", "--no-password", "--claim", option).code == 2


def test_a_list_says_who_there_is(installed: Path) -> None:
    (listed,) = run("user", "list", "--json").json
    assert listed.pop("user_id")
    assert listed == {
        "issuer": "main",
        "username": "alice",
        "institutions": ["garden"],
        "has_password": False,
        "disabled": False,
    }
    assert "alice" in run("user", "list").out


def test_a_new_password_takes_the_place_of_the_old(installed: Path) -> None:
    for password in ("first-password", "second-password"):
        assert run("user", "password", "alice", stdin=password).code == 0
    assert verifies(installed, "alice", "second-password")
    assert not verifies(installed, "alice", "first-password")
    assert run("user", "password", "nobody", stdin="first-password").code == 4


def test_a_user_is_switched_off_and_on(installed: Path) -> None:
    for command, disabled in (("disable", True), ("disable", True), ("enable", False)):
        answer = run("user", command, "Alice")
        assert (answer.code, answer.out) == (0, "")
        assert f"{command}d" in answer.err
        (listed,) = run("user", "list", "--json").json
        assert listed["disabled"] is disabled
    assert run("user", "disable", "nobody").code == 4


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


def picture_of(folder: Path, username: str) -> Picture | None:
    store = Store.open(folder / "ostiary.sqlite3")

    async def found() -> Picture | None:
        user = await store.users.find_by_username("main", username)
        assert user is not None
        return await store.pictures.find("main", user.user_id)

    try:
        return asyncio.run(found())
    finally:
        store.close()


def test_a_picture_is_set_replaced_and_taken_away(installed: Path) -> None:
    for data, kind in ((PNG, "image/png"), (b"\xff\xd8\xff\xe0" + PNG, "image/jpeg")):
        Path("alice.picture").write_bytes(data)
        assert run("user", "picture", "alice", "alice.picture").code == 0
        assert picture_of(installed, "alice") == Picture(media_type=kind, data=data)
    for _ in range(2):
        answer = run("user", "picture", "alice", "--remove")
        assert (answer.code, answer.out) == (0, "")
        assert "no picture any more" in answer.err
        assert picture_of(installed, "alice") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<svg/>", "this is no picture; give a PNG or a JPEG file"),
        (b"", "this is no picture; give a PNG or a JPEG file"),
        (PNG + b"\0" * 256 * 1024, "the picture is too large; make it 256 kB at most"),
    ],
)
def test_a_picture_is_a_small_png_or_jpeg(installed: Path, data: bytes, message: str) -> None:
    Path("alice.picture").write_bytes(data)
    answer = run("user", "picture", "alice", "alice.picture")
    assert answer.code == 2
    assert f"ostiary: {message}\n" in answer.err
    assert picture_of(installed, "alice") is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("alice",), 2),
        (("alice", "there.png", "--remove"), 2),
        (("alice", "nowhere.png"), 2),
        (("nobody", "there.png"), 4),
        (("nobody", "--remove"), 4),
    ],
)
def test_a_picture_is_given_for_somebody(
    installed: Path, arguments: tuple[str, ...], code: int
) -> None:
    Path("there.png").write_bytes(PNG)
    assert run("user", "picture", *arguments).code == code
