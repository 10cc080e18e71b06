"""`ostiary client`: a secret is shown once, and kept as its hash."""

from hashlib import sha256
from pathlib import Path

import pytest

from ostiary.domain.face import ENTERPRISE
from tests.cli.terminal import run

URI = "https://app.example/cb"


def everything_kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ostiary.sqlite3*"))


def test_a_new_client_has_a_secret_that_is_kept_as_its_hash(installed: Path) -> None:
    answer = run("client", "create", "App", "--redirect-uri", URI, "--json")
    assert answer.code == 0
    assert set(answer.json) == {"client_id", "client_secret"}
    secret = answer.json["client_secret"]
    assert secret.startswith("ostiary_")
    assert len(secret) == len("ostiary_") + 43
    assert secret not in answer.err
    kept = everything_kept(installed)
    assert secret.encode() not in kept
    assert sha256(secret.encode()).hexdigest().encode() in kept
    assert secret not in run("client", "list", "--json").out


def test_a_list_says_what_a_client_is(installed: Path) -> None:
    (listed,) = run("client", "list", "--json").json
    assert listed == {
        "issuer": "main",
        "client_id": "budget-buddy",
        "name": "Budget Buddy",
        "institution": "garden",
        "auth_method": "client_secret",
        "application_type": "web",
        "redirect_uris": ["https://budget.example.com/auth/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["email", "offline_access", "openid", "profile"],
        "secrets": [],
        "disabled": False,
    }
    assert "budget-buddy" in run("client", "list").out


def test_a_client_gets_the_scopes_of_the_face_unless_told_otherwise(installed: Path) -> None:
    data = Path("data.toml").read_text("utf-8")
    data = data.replace('name = "Example Bank"', 'name = "Example Bank"\napi_scopes = ["accounts"]')
    Path("data.toml").write_text(data, "utf-8")
    assert run("apply", "-f", "data.toml").code == 0
    for name, scopes in (("plain", ()), ("asking", ("--scope", "accounts"))):
        arguments = ("--redirect-uri", URI, "--client-id", name, *scopes)
        assert run("client", "create", "App", *arguments).code == 0
    listed = {each["client_id"]: each["scopes"] for each in run("client", "list", "--json").json}
    assert listed["plain"] == sorted(ENTERPRISE.scopes)
    assert listed["asking"] == ["accounts"]
    assert "none of its API scopes" in " ".join(run("client", "create", "--help").out.split())


def test_a_client_is_switched_off_and_on(installed: Path) -> None:
    for command, disabled in (("disable", True), ("disable", True), ("enable", False)):
        answer = run("client", command, "budget-buddy")
        assert (answer.code, answer.out) == (0, "")
        assert f"{command}d" in answer.err
        (listed,) = run("client", "list", "--json").json
        assert listed["disabled"] is disabled
    assert run("client", "disable", "nobody").code == 4


def test_a_public_client_has_no_secret(installed: Path) -> None:
    answer = run(
        *("client", "create", "App", "--public", "--native"),
        *("--redirect-uri", "com.example.app:/cb", "--client-id", "app", "--json"),
    )
    assert answer.json == {"client_id": "app"}


def test_a_secret_can_go_into_a_file_that_only_the_owner_reads(installed: Path) -> None:
    arguments = ("client", "create", "App", "--redirect-uri", URI, "--secret-file", "s", "--json")
    answer = run(*arguments)
    assert set(answer.json) == {"client_id", "secret_file"}
    assert Path("s").stat().st_mode & 0o777 == 0o600
    assert Path("s").read_text().startswith("ostiary_")
    count = len(run("client", "list", "--json").json)
    assert run(*arguments).code == 5
    assert len(run("client", "list", "--json").json) == count, "nothing is made without its secret"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--redirect-uri", "http://app.example/cb"), 2, "https"),
        (("--redirect-uri", "https://app.example/cb#x"), 2, "fragment"),
        ((), 2, "redirect_uris"),
        (("--redirect-uri", URI, "--scope", "opnid"), 2, "openid"),
        (("--redirect-uri", URI, "--grant-type", "password"), 2, "client_credentials"),
        (("--public", "--grant-type", "client_credentials"), 2, "public"),
        (("--redirect-uri", URI, "--institution", "nowhere"), 4, "garden"),
        (("--redirect-uri", URI, "--issuer", "nowhere"), 4, "main"),
        (("--redirect-uri", URI, "--client-id", "budget-buddy"), 5, "taken"),
        (("--redirect-uri", URI, "--client-id", "a:b"), 2, "colon"),
    ],
)
def test_what_cannot_work_is_refused(
    installed: Path, arguments: tuple[str, ...], code: int, word: str
) -> None:
    answer = run("client", "create", "App", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert word in answer.err


def test_a_client_is_not_named_like_a_user(installed: Path) -> None:
    (user,) = run("user", "list", "--json").json
    answer = run("client", "create", "App", "--redirect-uri", URI, "--client-id", user["user_id"])
    assert answer.code == 5
    assert "user" in answer.err


def test_two_secrets_are_valid_at_a_time(installed: Path) -> None:
    answers = [run("client", "secret", "budget-buddy", "--json") for _ in range(3)]
    assert [answer.code for answer in answers] == [0, 0, 5]
    assert answers[0].json["client_secret"] != answers[1].json["client_secret"]
    assert "--expire-others-in" in answers[2].err


def test_the_others_can_be_made_to_end(installed: Path) -> None:
    run("client", "secret", "budget-buddy")
    assert run("client", "secret", "budget-buddy", "--expire-others-in", "7d").code == 0
    (listed,) = run("client", "list", "--json").json
    assert [each["expires_at"] is None for each in listed["secrets"]] == [False, True]

    only = run("client", "secret", "budget-buddy", "--expire-others-in", "0", "--json")
    (listed,) = run("client", "list", "--json").json
    assert len(listed["secrets"]) == 1
    assert sha256(only.json["client_secret"].encode()).hexdigest().encode() in everything_kept(
        installed
    )


def test_a_secret_is_for_a_client_that_uses_one(installed: Path) -> None:
    run("client", "create", "A", "--public", "--redirect-uri", URI, "--client-id", "app")
    assert run("client", "secret", "app").code == 7
    assert run("client", "secret", "nobody").code == 4


def test_a_time_that_is_none_is_told(installed: Path) -> None:
    answer = run("client", "secret", "budget-buddy", "--expire-others-in", "soon")
    assert answer.code == 2
    assert "7d" in answer.err or "30d" in answer.err
