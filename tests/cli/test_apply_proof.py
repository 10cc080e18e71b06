"""`ostiary apply`: what proves a client, and what takes its place when it is changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.management.clients import hash_secret
from ostiary.storage.issuers import Institutions
from tests.cli.terminal import Answer, run
from tests.cli.test_clients import pem_of
from tests.kit.client_key import ClientKey

SECRET = "thirty-two characters, or rather more than that"
CLIENT = """
[[clients]]
issuer = "main"
client_id = "app"
name = "App"
institution = "garden"
grant_types = ["client_credentials"]
"""


def apply(*lines: str, more: str = "") -> Answer:
    """The example's file with a client that these lines say more of."""
    path = Path("applied.toml")
    path.write_text(
        Path("data.toml").read_text("utf-8") + CLIENT + "\n".join(lines) + more, "utf-8"
    )
    return run("apply", "-f", str(path), "--json")


def shown() -> dict[str, Any]:
    found: dict[str, Any] = run("client", "show", "app", "--json").json
    return found


def toml(value: str) -> str:
    return json.dumps(value)


def table(jwk: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {toml(value)}" for name, value in jwk.items()) + " }"


@pytest.fixture(scope="module")
def key() -> ClientKey:
    return ClientKey.make()


def test_keys_are_given_as_pem_as_a_table_or_in_a_file(installed: Path, key: ClientKey) -> None:
    others = [ClientKey.make() for _ in range(3)]
    one, two, three = (
        {**each.public_jwk, "kid": str(number)} for number, each in enumerate(others)
    )
    Path("two.jwk").write_text(json.dumps(two))
    Path("three.json").write_text(json.dumps({"keys": [three]}))
    given = [toml(pem_of(key)), table(one), '"${file:two.jwk}"', '"${file:three.json}"']
    lines = ('auth_method = "private_key_jwt"', f"public_keys = [{', '.join(given)}]")
    assert apply(*lines).code == 0
    assert shown()["public_keys"] == [key.public_jwk, one, two, three]
    assert apply(*lines).json["changes"] == []


def test_the_algorithm_is_set_and_taken_away(installed: Path, key: ClientKey) -> None:
    keys = ('auth_method = "private_key_jwt"', f"public_keys = [{table(key.public_jwk)}]")
    for said, expected in (('"ES256"', "ES256"), ('""', None)):
        assert apply(*keys, f"assertion_algorithm = {said}").code == 0
        assert shown()["assertion_algorithm"] == expected
    assert "RS256" in apply(*keys, 'assertion_algorithm = "RS256"').err


def test_a_client_changes_from_a_secret_to_keys_and_back(installed: Path, key: ClientKey) -> None:
    assert apply(f"secret = {toml(SECRET)}").code == 0
    assert len(shown()["secrets"]) == 1
    by_key = ('auth_method = "private_key_jwt"', f"public_keys = [{table(key.public_jwk)}]")
    (change,) = apply(*by_key).json["changes"]
    assert {each["field"]: each["after"] for each in change["fields"]} == {
        "auth_method": "private_key_jwt",
        "public_keys": [key.public_jwk],
        "secret": "(none)",
    }
    assert shown()["secrets"] == []
    assert apply('auth_method = "client_secret"', f"secret = {toml(SECRET)}").code == 0
    after = shown()
    assert (after["auth_method"], after["public_keys"]) == ("client_secret", [])
    assert len(after["secrets"]) == 1


def test_a_client_becomes_public(installed: Path) -> None:
    uri = 'redirect_uris = ["https://app.example/cb"]'
    lines = ('grant_types = ["authorization_code"]', uri)
    client = CLIENT.replace('grant_types = ["client_credentials"]\n', "")
    base = Path("data.toml").read_text("utf-8") + client + "\n".join(lines)
    for method in (f"secret = {toml(SECRET)}", 'auth_method = "none"'):
        Path("applied.toml").write_text(f"{base}\n{method}", "utf-8")
        assert run("apply", "-f", "applied.toml").code == 0
    assert (shown()["auth_method"], shown()["secrets"]) == ("none", [])


def test_keys_and_a_jwks_uri_take_each_others_place(installed: Path, key: ClientKey) -> None:
    method, uri = 'auth_method = "private_key_jwt"', "https://app.example/jwks"
    by_key = f"public_keys = [{table(key.public_jwk)}]"
    for said, expected in (
        (by_key, ([key.public_jwk], None)),
        (f'jwks_uri = "{uri}"', ([], uri)),
        (by_key, ([key.public_jwk], None)),
    ):
        assert apply(method, said).code == 0
        found = shown()
        assert (found["public_keys"], found["jwks_uri"]) == expected
    both = apply(method, by_key, f'jwks_uri = "{uri}"')
    assert both.code == 2
    assert "come from one of them" in both.err


def test_a_secret_to_sign_with_is_sealed_and_long_enough(installed: Path) -> None:
    method = 'auth_method = "client_secret_jwt"'
    short = apply(method, 'secret = "short"')
    assert short.code == 2
    assert "32" in short.err
    assert apply(method, f"secret = {toml(SECRET)}").code == 0
    assert apply(method, f"secret = {toml(SECRET)}").json["changes"] == []
    kept = b"".join(path.read_bytes() for path in installed.glob("ostiary.sqlite3*"))
    assert SECRET.encode() not in kept
    assert hash_secret(SECRET).encode() in kept


def test_every_key_at_fault_is_told_with_its_line(installed: Path, key: ClientKey) -> None:
    weak = '{ kty = "RSA", n = "' + "w" * 171 + '", e = "AQAB" }'
    private = table({**key.public_jwk, "d": "AA"})
    answer = apply(
        'auth_method = "private_key_jwt"',
        "public_keys = [",
        f"  {table(key.public_jwk)},",
        f"  {weak},",
        f"  {private},",
        '  "${file:nowhere.pem}",',
        "  7,",
        "]",
        'jwks_uri = "http://app.example/jwks"',
        'assertion_algorithm = "HS256"',
    )
    assert answer.code == 2
    faults = [line.partition("clients[1].")[2] for line in answer.err.splitlines()[2:]]
    expected = [
        "public_keys[4]: write a public key: PEM text",
        "public_keys[1]: write an RSA key of 2048",
        "public_keys[2]: write the public members",
        "public_keys[3]: nowhere.pem cannot be read",
        "jwks_uri: write an https URL",
        "assertion_algorithm: write 'RS256'",
    ]
    for fault in expected:
        assert any(each.startswith(fault) for each in faults), (fault, faults)
    assert len(faults) == len(expected), faults


def test_a_method_that_cannot_be_read_brings_no_other_fault(
    installed: Path, key: ClientKey
) -> None:
    answer = apply('auth_method = "privat_key"', f"public_keys = [{table(key.public_jwk)}]")
    assert answer.code == 2
    assert "has 1 fault" in answer.err
    assert "auth_method: write" in answer.err


USER = """
[[users]]
issuer = "main"
username = "user-{number}"
memberships = [{{ institution = "garden" }}]
"""


def test_institutions_are_listed_once_however_many_clients_and_users_there_are(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = []
    found = Institutions.list

    async def counted(self: Institutions, issuer_id: str) -> object:
        lists.append(issuer_id)
        return await found(self, issuer_id)

    monkeypatch.setattr(Institutions, "list", counted)
    more = "".join(CLIENT.replace('"app"', f'"app-{number}"') for number in range(20))
    more += "".join(USER.format(number=number) for number in range(20))
    answer = apply(f"secret = {toml(SECRET)}", more=more)
    assert len(answer.json["changes"]) == 41
    assert lists == ["main"]
