"""`ostiary apply`: a value of the wrong type hides no other fault, and brings none that is not there."""

from pathlib import Path

import pytest

from tests.cli.terminal import run

# Each entry has a value that cannot be read, or no issuer that is known, and faults beside it.
FAULTY = """\
[[issuers]]
id = "main"
url = "https://id.example.com"
face = 7
environment = "prodcution"
base_path = "x/"
profile = "fapi9"
quirks = ["expires-in-string", "nope"]
lifetimes = { code = -5, id_token = "30d", session = 0 }

[[issuers]]
id = "two"
url = 5
face = "consumer"
api_scopes = "accounts"

[[institutions]]
issuer = "main"
id = "garden"
name = true
brand_color = "green"

[[clients]]
issuer = "main"
client_id = "a b"
name = 5
institution = "nowhere"
redirect_uris = ["http://app.example/cb", 7]
grant_types = ["authorization_code", "implicit"]
require_pkce = "perhaps"

[[clients]]
issuer = "elsewhere"
client_id = "app"
name = ""
institution = "garden"
redirect_uris = "https://app.example/cb"
profile = "fapi9"

[[clients]]
issuer = "two"
client_id = "phone"
name = "Phone"
institution = "garden"
application_type = "nativ"
auth_method = "non"
redirect_uris = ["com.example.app:/cb", "http://app.example/cb"]
scopes = ["openid", "accounts"]
secret = "${env:NOT_SET_ANYWHERE}"

[[users]]
issuer = "main"
username = 7
password = "short"

[[users.memberships]]
institution = "nowhere"
claims = "none"

[[users.memberships]]
institutoin = "garden"
"""

EXPECTED = [
    "line 4: issuers[0].face: write text in quotes, not 7",
    "line 5: issuers[0].environment: write 'sandbox' or 'production', not \"prodcution\"",
    "line 6: issuers[0].base_path: write a path without final slash",
    "line 7: issuers[0].profile: write one of: oidc",
    "line 8: issuers[0].quirks[1]: write 'expires-in-string'",
    "line 9: issuers[0].lifetimes.code: write seconds, or a duration",
    'line 9: issuers[0].lifetimes.id_token: write a duration from "1s" to "47h"',
    'line 9: issuers[0].lifetimes.session: write a duration from "1s" to "3650d"',
    "line 13: issuers[1].url: write text in quotes, not 5",
    'line 15: issuers[1].api_scopes: write a list, not "accounts"',
    "line 20: institutions[0].name: write text in quotes, not true",
    "line 21: institutions[0].brand_color: write a colour",
    "line 25: clients[0].client_id: write 1 to 255 characters",
    "line 26: clients[0].name: write text in quotes, not 5",
    'line 27: clients[0].institution: there is no institution "nowhere"; write one of: garden',
    "line 28: clients[0].redirect_uris[1]: write text in quotes, not 7",
    "line 28: clients[0].redirect_uris: write an absolute https URI",
    "line 29: clients[0].grant_types: write some of authorization_code",
    'line 30: clients[0].require_pkce: write true or false, not "perhaps"',
    'line 33: clients[1].issuer: there is no issuer "elsewhere"; write one of: main, two',
    "line 35: clients[1].name: write the name that people will read",
    "line 37: clients[1].redirect_uris: write a list, not",
    "line 38: clients[1].profile: write one of: oidc",
    'line 44: clients[2].institution: there is no institution "garden"; add one with',
    "line 45: clients[2].application_type: write 'web' or 'native'",
    "line 46: clients[2].auth_method: write 'client_secret', 'private_key_jwt', 'client_secret_jwt' or 'none'",
    "line 47: clients[2].redirect_uris: write an absolute https URI",
    "line 49: clients[2].secret: the variable NOT_SET_ANYWHERE is not set",
    "line 53: users[0].username: write text in quotes, not 7",
    "line 54: users[0].password: the password is too short; choose one of 8 to 1024 characters",
    'line 56: users[0].memberships: there is no institution "nowhere"; write one of: garden',
    'line 58: users[0].memberships[0].claims: write a table, not "none"',
    "line 60: users[0].memberships[1].institution: is missing; write it",
    'line 61: users[0].memberships[1].institutoin: unknown key; did you mean "institution"?',
]


def faults(text: str) -> list[str]:
    Path("data.toml").write_text(text, "utf-8")
    answer = run("apply", "-f", "data.toml")
    assert answer.code == 2
    heading, *lines = answer.err.splitlines()[1:]
    assert heading.startswith(f"ostiary: data.toml has {len(lines)} fault")
    return [line.strip() for line in lines]


@pytest.fixture(autouse=True)
def _configured(folder: Path) -> None:
    run("init")


def test_every_fault_of_every_entry_is_told_in_one_go(folder: Path) -> None:
    told = faults(FAULTY)
    for line, expected in zip(sorted(told), sorted(EXPECTED), strict=True):
        assert line.startswith(expected)
    lines = [int(line.split()[1].rstrip(":")) for line in told]
    assert lines == sorted(lines)


ISSUER = """\
[[issuers]]
id = "main"
url = "https://id.example.com"
face = "enterprise"
api_scopes = ["accounts"]
"""
REST = """
[[institutions]]
issuer = "main"
id = "garden"
name = "Garden"

[[clients]]
issuer = "main"
client_id = "phone"
name = "Phone"
institution = "garden"
auth_method = "none"
application_type = "native"
grant_types = ["authorization_code", "refresh_token"]
redirect_uris = ["com.example.app:/cb"]
scopes = ["openid", "accounts"]

[[clients]]
issuer = "main"
client_id = "nightly"
name = "Nightly"
institution = "garden"
grant_types = ["client_credentials"]
secret = "0123456789abcdef0123456789abcdef"

[[users]]
issuer = "main"
username = "alice"
memberships = [{ institution = "garden" }]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "main"', "id = 5"),
        ('[[issuers]]\nid = "main"', "[[issuers]]"),
        ('url = "https://id.example.com"', "url = 5"),
        ('face = "enterprise"', "face = 5"),
        ('api_scopes = ["accounts"]', "api_scopes = 5"),
        ('id = "garden"', "id = 5"),
        ('id = "garden"\nname = "Garden"', 'id = "garden"'),
        ('name = "Garden"', "name = 5"),
        ('issuer = "main"\nid = "garden"', 'issuer = 5\nid = "garden"'),
        ('issuer = "main"\nclient_id = "phone"', 'issuer = 5\nclient_id = "phone"'),
        ('issuer = "main"\nclient_id = "phone"', 'client_id = "phone"'),
        ('client_id = "phone"', "client_id = 5"),
        ('name = "Phone"\ninstitution = "garden"', 'name = "Phone"\ninstitution = 5'),
        ('auth_method = "none"', "auth_method = 5"),
        ('application_type = "native"', "application_type = 5"),
        ('grant_types = ["authorization_code", "refresh_token"]', "grant_types = 5"),
        ('grant_types = ["client_credentials"]', "grant_types = 5"),
        ('grant_types = ["client_credentials"]', "grant_types = [5]"),
        ('redirect_uris = ["com.example.app:/cb"]', "redirect_uris = 5"),
        ('redirect_uris = ["com.example.app:/cb"]', "redirect_uris = [5]"),
        ('scopes = ["openid", "accounts"]', "scopes = 5"),
        ('secret = "0123456789abcdef0123456789abcdef"', "secret = 5"),
        ('issuer = "main"\nusername', "issuer = 5\nusername"),
        ('username = "alice"', "username = 5"),
        ('memberships = [{ institution = "garden" }]', "memberships = 5"),
        ('memberships = [{ institution = "garden" }]', "memberships = [5]"),
        ('{ institution = "garden" }', "{ institution = 5 }"),
        ('{ institution = "garden" }', '{ institution = "garden", claims = 5 }'),
    ],
)
def test_what_cannot_be_read_is_the_only_fault(folder: Path, old: str, new: str) -> None:
    text = ISSUER + REST
    assert text.count(old) >= 1
    (fault,) = faults(text.replace(old, new, 1))
    expected = "write text in quotes" if ".secret: " in fault else "not 5"
    assert "is missing" in fault or expected in fault


def test_two_entries_that_cannot_be_told_apart_are_not_the_same(folder: Path) -> None:
    twice = REST.replace('client_id = "phone"', "client_id = 5")
    twice = twice.replace('client_id = "nightly"', "client_id = 6")
    assert [fault.split()[-1] for fault in faults(ISSUER + twice)] == ["5", "6"]


def test_an_entry_that_is_there_twice_has_its_own_faults_too(folder: Path) -> None:
    again = '[[institutions]]\nissuer = "main"\nid = "garden"\nname = ""\n'
    told = faults(ISSUER + REST + again)
    assert [fault.partition("]")[2].split(" ")[0] for fault in told] == [":", ".name:"]


def test_the_first_of_two_issuers_is_what_its_entries_are_measured_by(folder: Path) -> None:
    again = ISSUER.replace('["accounts"]', "[]")
    (fault,) = faults(ISSUER + again + REST)
    assert fault.endswith("issuer main is there twice; leave one of them out")


def test_a_secret_may_be_short_where_the_environment_is_unknown(folder: Path) -> None:
    text = (ISSUER + REST).replace("0123456789abcdef0123456789abcdef", "demo")
    (fault,) = faults(text.replace("api_scopes", "environment = 5\napi_scopes", 1))
    assert "issuers[0].environment" in fault


@pytest.mark.parametrize("key", ["issuer", "client_id", "username"])
def test_what_may_be_in_the_database_is_not_missed(folder: Path, key: str) -> None:
    Path("data.toml").write_text(ISSUER + REST, "utf-8")
    assert run("apply", "-f", "data.toml").code == 0
    values = {"issuer": "main", "client_id": "phone", "name": "Phone", "institution": "garden"}
    user = {"issuer": "main", "username": "alice"}
    kind, entry = ("users", user) if key == "username" else ("clients", values)
    lines = [f"{name} = {5 if name == key else repr(value)}" for name, value in entry.items()]
    (fault,) = faults("\n".join((f"[[{kind}]]", *lines)))
    assert f"{kind}[0].{key}: write text in quotes, not 5" in fault


@pytest.mark.parametrize("name", ["code", "access_token", "id_token", "session_idle"])
@pytest.mark.parametrize(
    ("written", "sentence"),
    [("0", "write a duration from"), ("-60", "write seconds"), ('"-1m"', "write seconds")],
)
def test_a_lifetime_is_longer_than_nothing(
    folder: Path, name: str, written: str, sentence: str
) -> None:
    (fault,) = faults(f"{ISSUER}lifetimes = {{ {name} = {written} }}\n")
    assert fault.startswith(f"line 6: issuers[0].lifetimes.{name}: {sentence}")


@pytest.mark.parametrize("name", ["access_token", "id_token"])
def test_a_token_does_not_outlive_its_key(folder: Path, name: str) -> None:
    (fault,) = faults(f'{ISSUER}lifetimes = {{ {name} = "30d" }}\n')
    assert fault.endswith(f'lifetimes.{name}: write a duration from "1s" to "47h"')
    Path("data.toml").write_text(f'{ISSUER}lifetimes = {{ {name} = "47h" }}\n', "utf-8")
    assert run("apply", "-f", "data.toml").code == 0


def test_the_longest_and_the_default_lifetimes_are_fine(folder: Path) -> None:
    Path("data.toml").write_text(ISSUER, "utf-8")
    assert run("apply", "-f", "data.toml").code == 0
    Path("data.toml").write_text(f'{ISSUER}lifetimes = {{ session = "3650d" }}\n', "utf-8")
    assert run("apply", "-f", "data.toml").code == 0
    (fault,) = faults(f'{ISSUER}lifetimes = {{ session = "3651d" }}\n')
    assert "3650d" in fault
