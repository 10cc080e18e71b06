"""`ostiary apply`: what is added, what is left alone, and everything that is wrong at once."""

import re
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from ostiary.domain.client import AuthMethod
from ostiary.domain.face import ENTERPRISE
from tests.cli.terminal import Answer, run

FAULTY = """\
[[isuers]]
id = "x"

[[issuers]]
id = "main"
url = "https://id.example.com/"
face = "enterprise"
api_scopes = ["two words"]
lifetimes = { code = "soon" }

[[institutions]]
issuer = "mian"
id = "garden"
name = "Garden"

[[institutions]]
issuer = "main"
id = "harbor"
brand_colour = "#000000"

[[clients]]
issuer = "main"
client_id = "app"
name = "App"
institution = "harbor"
redirect_uri = ["https://app.example/cb"]

[[clients]]
issuer = "main"
client_id = "other"
name = "Other"
institution = "nowhere"
redirect_uris = [
  "http://app.example/cb",
]
secret = "${env:NOT_SET_ANYWHERE}"
scopes = ["openid", "opnid"]

[[users]]
issuer = "main"
username = "alice"
password = "short"
"""

EXPECTED_FAULTS = [
    'line 1: isuers: unknown key; did you mean "issuers"?',
    "line 6: issuers[0].url: write https",
    "line 8: issuers[0].api_scopes: write names of printable ASCII",
    "line 9: issuers[0].lifetimes.code: write seconds",
    'line 12: institutions[0].issuer: there is no issuer "mian"; did you mean "main"?',
    "line 16: institutions[1].name: is missing; write it, such as name = ",
    'line 19: institutions[1].brand_colour: unknown key; did you mean "brand_color"?',
    "line 21: clients[0].redirect_uris: write at least one",
    'line 26: clients[0].redirect_uri: unknown key; did you mean "redirect_uris"?',
    'line 32: clients[1].institution: there is no institution "nowhere"; write one of: harbor',
    "line 33: clients[1].redirect_uris: write an absolute https URI",
    "line 36: clients[1].secret: the variable NOT_SET_ANYWHERE is not set",
    "line 37: clients[1].scopes: write some of",
    "line 39: users[0].memberships: write at least one institution",
    "line 42: users[0].password: the password is too short; choose one of 8 to 1024 characters",
]


def database_rows(folder: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "ostiary.sqlite3")
    tables = ("issuers", "institutions", "clients", "users", "memberships", "audit_events")
    rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    connection.close()
    return rows


def apply(*arguments: str) -> Answer:
    return run("apply", "-f", "data.toml", *arguments)


def edit(old: str, new: str) -> None:
    path = Path("data.toml")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_example_names_only_methods_that_there_are() -> None:
    named = re.search(r"# auth_method = (.*)", run("apply", "--example").out)
    assert named is not None
    assert set(re.findall(r'"(\w+)"', named[1])) <= set(AuthMethod)


def test_the_example_is_applied_once(installed: Path) -> None:
    before = database_rows(installed)
    answer = apply()
    assert answer.code == 0
    assert "Nothing to change" in answer.err
    assert answer.out == ""
    assert database_rows(installed) == before


def test_a_dry_run_makes_not_even_a_database(folder: Path) -> None:
    run("init")
    Path("data.toml").write_text(run("apply", "--example").out, "utf-8")
    before = sorted(folder.iterdir())
    answer = apply("--dry-run", "--json")
    assert answer.code == 0
    assert [(each["action"], each["kind"], each["id"]) for each in answer.json["changes"]] == [
        ("add", "issuer", "main"),
        ("add", "institution", "garden"),
        ("add", "client", "budget-buddy"),
        ("add", "user", "alice"),
    ]
    assert sorted(folder.iterdir()) == before


def test_a_dry_run_changes_nothing_and_says_what_would_be(installed: Path) -> None:
    before = database_rows(installed)
    edit('name = "Budget Buddy"', 'name = "Budget Friend"\ndisabled = true')
    answer = apply("--dry-run", "--json")
    assert answer.json == {
        "dry_run": True,
        "changes": [
            {
                "action": "change",
                "kind": "client",
                "issuer": "main",
                "id": "budget-buddy",
                "fields": [
                    {"field": "name", "before": "Budget Buddy", "after": "Budget Friend"},
                    {"field": "disabled", "before": False, "after": True},
                ],
                "warnings": [],
            }
        ],
    }
    assert database_rows(installed) == before


def test_a_default_is_no_change(folder: Path) -> None:
    run("init")
    text = run("apply", "--example").out.replace('"openid", "profile", "email", ', '"openid", ')
    Path("data.toml").write_text(text, "utf-8")
    (issuer, _, client, _) = apply("--dry-run", "--json").json["changes"]
    assert [each["field"] for each in issuer["fields"]] == ["id", "url", "face", "name"]
    assert "scopes" in [each["field"] for each in client["fields"]]
    edit('scopes = ["openid", "offline_access"]\n', "")
    edit('name = "Example Bank"', 'name = "Example Bank"\nbase_path = "/oidc"')
    (issuer, _, client, _) = apply("--dry-run", "--json").json["changes"]
    assert {"field": "base_path", "before": None, "after": "/oidc"} in issuer["fields"]
    assert "scopes" not in [each["field"] for each in client["fields"]]


def test_a_client_gets_the_scopes_of_the_face_unless_the_file_names_some(installed: Path) -> None:
    edit('name = "Example Bank"', 'name = "Example Bank"\napi_scopes = ["accounts"]')
    second = """
[[clients]]
issuer = "main"
client_id = "second"
name = "Second"
institution = "garden"
redirect_uris = ["https://second.example.com/cb"]
"""
    third = second.replace("second", "third") + "scopes = []\n"
    path = Path("data.toml")
    path.write_text(path.read_text("utf-8") + second + third, "utf-8")
    assert apply().code == 0
    listed = {each["client_id"]: each["scopes"] for each in run("client", "list", "--json").json}
    assert listed["second"] == sorted(ENTERPRISE.scopes)
    assert listed["third"] == []
    assert listed["budget-buddy"] == ["email", "offline_access", "openid", "profile"]
    assert "Nothing to change" in apply().err
    assert "of the issuer's face" in run("apply", "--example").out


def test_a_change_of_a_client_is_made_once(installed: Path) -> None:
    edit('name = "Budget Buddy"', 'name = "Budget Friend"')
    assert "1 change made" in apply().err
    assert "Nothing to change" in apply().err
    assert run("client", "list", "--json").json[0]["name"] == "Budget Friend"


def test_proofs_and_introspection_are_switched_on(installed: Path) -> None:
    edit(
        'name = "Budget Buddy"', 'name = "Budget Buddy"\nrequire_dpop = true\nmay_introspect = true'
    )
    edit('name = "Example Bank"', 'name = "Example Bank"\nrequire_dpop_nonce = true')
    assert [field for each in apply("--json").json["changes"] for field in each["fields"]] == [
        {"field": "require_dpop_nonce", "before": False, "after": True},
        {"field": "may_introspect", "before": False, "after": True},
        {"field": "require_dpop", "before": False, "after": True},
    ]
    (listed,) = run("client", "list", "--json").json
    assert (listed["require_dpop"], listed["may_introspect"]) == (True, True)


def test_what_the_file_does_not_say_stays(installed: Path) -> None:
    edit('name = "Budget Buddy"', 'name = "Budget Buddy"\nconsent_required = false')
    edit('name = "Example Bank"', 'name = "Example Bank"\nlifetimes = { code = "2m" }')
    first = apply("--json").json["changes"]
    assert [field for each in first for field in each["fields"]] == [
        {"field": "lifetimes.code", "before": 60, "after": 120},
        {"field": "consent_required", "before": True, "after": False},
    ]
    edit("\nconsent_required = false", "")
    edit('\nlifetimes = { code = "2m" }', "")
    assert apply("--json").json["changes"] == []


def test_all_faults_are_told_at_once_and_nothing_is_done(folder: Path) -> None:
    run("init")
    Path("data.toml").write_text(FAULTY, "utf-8")
    answer = apply()
    assert answer.code == 2
    heading, *lines = answer.err.splitlines()[1:]
    assert heading == f"ostiary: data.toml has {len(EXPECTED_FAULTS)} faults:"
    for line, expected in zip(lines, EXPECTED_FAULTS, strict=True):
        assert line.strip().startswith(expected)
    assert database_rows(folder) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('face = "enterprise"', 'face = "enterprize"', "issuers[0].face: write one of: enterprise"),
        ('id = "garden"', "id = 5", "institutions[0].id: write text in quotes, not 5"),
        (
            'client_id = "budget-buddy"',
            'client_id = "budget-buddy"\nauth_method = "nonee"\napplication_type = "web"',
            "clients[0].auth_method: write 'client_secret', 'private_key_jwt'",
        ),
        (
            'brand_color = "#14532d"',
            'brand_color = "green"',
            "institutions[0].brand_color: write a colour",
        ),
        ("[[users]]", "[users]", "users: write each as a table headed [[users]]"),
        ("claims]", "claim]", "users[0].memberships[0].claim: unknown key; did you mean"),
    ],
)
def test_one_fault_is_told_as_one(installed: Path, old: str, new: str, expected: str) -> None:
    text = Path("data.toml").read_text("utf-8")
    assert old in text
    Path("data.toml").write_text(text.replace(old, new), "utf-8")
    answer = apply()
    assert answer.code == 2
    (line,) = answer.err.splitlines()[2:]
    assert expected in line


def test_an_entry_may_not_be_there_twice(installed: Path) -> None:
    text = Path("data.toml").read_text("utf-8")
    client = text[text.index("[[clients]]") : text.index("[[users]]")]
    Path("data.toml").write_text(text + client, "utf-8")
    answer = apply()
    assert answer.code == 2
    assert "client main budget-buddy is there twice" in answer.err


def test_two_issuers_may_not_have_one_url(installed: Path) -> None:
    second = '\n[[issuers]]\nid = "two"\nurl = "https://id.example.com"\nface = "consumer"\n'
    Path("data.toml").write_text(Path("data.toml").read_text("utf-8") + second, "utf-8")
    answer = apply()
    assert answer.code == 2
    assert answer.err.count("another issuer has this URL") == 2


@pytest.mark.parametrize("source", ["env", "file"])
def test_a_secret_is_taken_from_where_the_file_says(
    installed: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    secret = "a-secret-of-at-least-32-characters"
    monkeypatch.setenv("APP_SECRET", secret)
    Path("app.secret").write_text(secret + "\n")
    reference = {"env": "${env:APP_SECRET}", "file": "${file:app.secret}"}[source]
    edit('name = "Budget Buddy"', f'name = "Budget Buddy"\nsecret = "{reference}"')
    answer = apply()
    assert answer.code == 0
    assert "+" not in answer.out
    assert secret not in answer.out + answer.err
    assert "Nothing to change" in apply().err
    kept = "".join(str(row) for row in database_rows(installed))
    assert secret not in kept
    assert sha256(secret.encode()).hexdigest() in kept


def test_a_third_secret_takes_the_place_of_the_oldest(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit('name = "Budget Buddy"', 'name = "Budget Buddy"\nsecret = "${env:APP_SECRET}"')
    secrets = [f"secret-number-{number}-of-enough-length" for number in range(3)]
    for secret in secrets:
        monkeypatch.setenv("APP_SECRET", secret)
        assert "1 change made" in apply().err
    kept = str(database_rows(installed))
    present = [sha256(secret.encode()).hexdigest() in kept for secret in secrets]
    assert present == [False, True, True]


def test_production_refuses_a_secret_that_people_could_guess(installed: Path) -> None:
    edit('name = "Budget Buddy"', 'name = "Budget Buddy"\nsecret = "demo"')
    answer = apply()
    assert answer.code == 2
    assert "32 random characters" in answer.err
    edit('face = "enterprise"', 'face = "enterprise"\nenvironment = "sandbox"')
    assert apply().code == 0


def test_a_password_is_set_when_it_is_not_the_users(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit('username = "alice"', 'username = "alice"\npassword = "${env:ALICE}"')
    monkeypatch.setenv("ALICE", "first-password")
    assert '"(new password)"' in apply().out
    assert "Nothing to change" in apply().err
    monkeypatch.setenv("ALICE", "second-password")
    answer = apply()
    assert '"(new password)"' in answer.out
    assert "second-password" not in answer.out + answer.err
    assert "second-password" not in str(database_rows(installed))


def test_claims_and_switching_off_reach_the_user(installed: Path) -> None:
    edit('username = "alice"', 'username = "alice"\ndisabled = true')
    edit("email_verified = true", "email_verified = true\nbirthdate = 1990-01-31")
    answer = apply("--json")
    assert answer.json["changes"][0]["fields"] == [
        {"field": "memberships.garden.birthdate", "before": None, "after": "1990-01-31"},
        {"field": "disabled", "before": False, "after": True},
    ]
    assert run("user", "list", "--json").json[0]["disabled"] is True
    assert "Nothing to change" in apply().err


def test_without_a_file_it_says_how_to_name_one() -> None:
    answer = run("apply")
    assert answer.code == 2
    assert "ostiary apply -f" in answer.err
