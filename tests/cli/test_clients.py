"""`ostiary client`: a secret is shown once, and kept as its hash."""

import asyncio
import dataclasses
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from ostiary.domain.client import Client
from ostiary.domain.face import ENTERPRISE
from ostiary.management.apply.plan_clients import KEYS
from ostiary.storage.jwks_fetches import JwksFetch
from ostiary.storage.store import Store
from tests.cli.terminal import Answer, run
from tests.kit.client_key import ClientKey

URI = "https://app.example/cb"
# RSA of 1024 bits.
SHORT_KEY = """\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCzf80SGKYqV1Aw1Z4jodYgN4gy
+EPbXIwmNLT2xGFxmsDQZ14XPANVQja/fY6HaHnlYHx14Om5UlTSPn9JIvYESW6z
1EFGdTDQX59rOGOXfeS13dPQsLUgpZ2sVosP0UZ6eQhVmibL+e+/pazfnnFYz2c/
/dJn5OhBqRa12blOtQIDAQAB
-----END PUBLIC KEY-----
"""


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


def test_a_list_says_all_that_is_registered(installed: Path) -> None:
    (listed,) = run("client", "list", "--json").json
    assert {name: listed[name] for name in SHOWN} == SHOWN
    fields = {field.name for field in dataclasses.fields(Client)} - {"disabled_at", "revision"}
    assert {KEYS.get(name) or name for name in fields} < set(listed)
    assert "budget-buddy" in run("client", "list").out


SHOWN = {
    "issuer": "main",
    "client_id": "budget-buddy",
    "name": "Budget Buddy",
    "institution": "garden",
    "auth_method": "client_secret",
    "public_keys": [],
    "jwks_uri": None,
    "application_type": "web",
    "redirect_uris": ["https://budget.example.com/auth/cb"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["email", "offline_access", "openid", "profile"],
    "profile": None,
    "secrets": [],
    "disabled": False,
}


def test_show_says_when_secrets_were_used(installed: Path) -> None:
    run("client", "secret", "budget-buddy")
    run("client", "secret", "budget-buddy", "--expire-others-in", "7d")
    shown = run("client", "show", "budget-buddy", "--json").json
    first, second = shown["secrets"]
    assert set(first) == {"secret_id", "created_at", "last_used_at", "expires_at"}
    assert first["expires_at"] is not None
    assert (second["last_used_at"], second["expires_at"]) == (None, None)
    change("secret_uses.save", "main", "budget-buddy", first["secret_id"], 1_800_000_000)
    used = run("client", "show", "budget-buddy", "--json").json["secrets"][0]
    assert used["last_used_at"] == "2027-01-15T08:00:00Z"
    text = run("client", "show", "budget-buddy").out
    assert "2027-01-15T08:00:00Z" in text
    assert "not yet" in text
    assert run("client", "show", "nobody").code == 4


def test_show_says_how_keys_were_fetched(installed: Path) -> None:
    uri = "https://app.example/jwks"
    create(CLIENT_CREDENTIALS, "--jwks-uri", uri, "--client-id", "app")
    assert run("client", "show", "app", "--json").json["jwks_fetch"] is None
    assert shown_lines("app")["last fetch"] == "not yet"
    for error, word in (("timed out", "timed out"), (None, "good")):
        fetch = JwksFetch(at=1_800_000_000, error=error)
        change("jwks_fetches.save", "main", "app", fetch)
        shown = run("client", "show", "app", "--json").json
        assert shown["jwks_uri"] == uri
        assert shown["jwks_fetch"] == {"at": "2027-01-15T08:00:00Z", "error": error}
        assert f"2027-01-15T08:00:00Z: {word}" in run("client", "show", "app").out


CLIENT_CREDENTIALS = ("--grant-type", "client_credentials")


def shown_lines(client_id: str) -> dict[str, str]:
    lines = run("client", "show", client_id).out.splitlines()
    return dict(re.split("  +", line, maxsplit=1) for line in lines if "  " in line)


def test_show_leaves_out_what_is_for_signing_in(installed: Path) -> None:
    create(CLIENT_CREDENTIALS, "--jwks-uri", "https://app.example/jwks", "--client-id", "app")
    shown = shown_lines("app")
    assert shown["assertion_algorithm"] == "any that the profile allows"
    assert shown["profile"] == "oidc (the issuer's)"
    assert not shown.keys() & {"redirect_uris", "consent_required", "refresh_tokens"}
    assert {"redirect_uris", "consent_required"} < shown_lines("budget-buddy").keys()


def test_all_faults_of_what_was_typed_are_told_by_their_options(installed: Path) -> None:
    answer = create((), "--redirect-uri", "x", "--client-id", "a:b", "--scope", "opnid")
    assert answer.code == 2
    for option in ("--redirect-uri", "--client-id", "--scope"):
        assert f"{option} is not right; write" in answer.err


def create(grant: tuple[str, ...], *arguments: str) -> Answer:
    return run("client", "create", "App", *grant, *arguments)


def change(verb: str, *arguments: object) -> None:
    """What a server does meanwhile."""

    async def run_verb() -> None:
        store = Store.open(Path("ostiary.sqlite3"))
        table, _, name = verb.partition(".")
        await getattr(getattr(store, table), name)(*arguments)
        store.close()

    asyncio.run(run_verb())


def pem_of(key: ClientKey) -> str:
    encoding, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.private.public_key().public_bytes(encoding, kind)
    return pem.decode()


@pytest.mark.parametrize("form", ["pem", "jwk", "jwks", "file of jwks"])
def test_a_client_is_registered_with_its_public_keys(installed: Path, form: str) -> None:
    key = ClientKey.make()
    jwk = {**key.public_jwk, "kid": "one"}
    texts = {"pem": pem_of(key), "jwk": json.dumps(jwk)}
    Path("key").write_text(texts.get(form) or json.dumps({"keys": [jwk]}))
    option = "--jwks-file" if form == "file of jwks" else "--public-key"
    answer = create(CLIENT_CREDENTIALS, option, "key", "--client-id", "app", "--json")
    assert answer.json == {"client_id": "app"}, "and it gets no secret"
    shown = run("client", "show", "app", "--json").json
    assert shown["auth_method"] == "private_key_jwt"
    assert shown["public_keys"] == [key.public_jwk if form == "pem" else jwk]


def test_a_client_that_signs_with_its_secret_has_it_sealed(installed: Path) -> None:
    method = ("--auth-method", "client_secret_jwt", "--client-id", "app")
    secret = create(CLIENT_CREDENTIALS, *method, "--json").json["client_secret"]
    kept = everything_kept(installed)
    assert secret.encode() not in kept
    assert b'"sealed":"' in kept
    further = run("client", "secret", "app", "--json").json["client_secret"]
    assert further.encode() not in everything_kept(installed)
    assert "sealed" not in run("client", "show", "app", "--json").out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--public-key", "private.pem"), "openssl pkey -in FILE -pubout"),
        (("--public-key", "private.json"), "public members"),
        (("--public-key", "none.pem"), "cannot be read"),
        (("--public-key", "data.toml"), "give a key in PEM, a JWK or a JWK Set"),
        (("--public-key", "broken.json"), "well-formed JSON"),
        (("--public-key", "short.pem"), "RSA of 2048 bits or more, not 1024"),
        (("--jwks-file", "weak.json"), "2048"),
        (("--public-key", "good.pem", "--jwks-uri", "https://app.example/jwks"), "one of them"),
        (("--public-key", "good.pem", "--public"), "client_credentials"),
        (("--auth-method", "private_key_jwt"), "public keys"),
        (("--auth-method", "private_key_jwt", "--public"), "--public"),
        (("--auth-method", "none"), "client_credentials"),
        (("--auth-method", "client_secret", "--public-key", "good.pem"), "leave it out"),
        (("--jwks-uri", "http://app.example/jwks"), "https"),
        (("--jwks-uri", "http://localhost:8080/jwks"), "https"),
        (("--jwks-uri", "https://app.example/jwks#x"), "fragment"),
        (("--jwks-uri", "https://user@app.example/jwks"), "user name"),
        (("--jwks-uri", "jwks"), "https"),
    ],
)
def test_ca_36_rg_03_what_proves_nothing_is_refused(
    installed: Path, arguments: tuple[str, ...], word: str
) -> None:
    key = ClientKey.make()
    Path("good.pem").write_text(pem_of(key))
    private = key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    Path("private.pem").write_bytes(private)
    Path("private.json").write_text(json.dumps({**key.public_jwk, "d": "AA"}))
    Path("broken.json").write_text('{"kty"')
    Path("short.pem").write_text(SHORT_KEY)
    weak = {"kty": "RSA", "n": "w" * 171, "e": "AQAB"}
    Path("weak.json").write_text(json.dumps({"keys": [weak]}))
    answer = create(CLIENT_CREDENTIALS, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert word in " ".join(answer.err.split())
    assert len(run("client", "list", "--json").json) == 1


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
    assert Path("s").read_text().startswith("ostiary_"), "nor written over"


def test_no_secret_is_made_that_cannot_be_written(installed: Path) -> None:
    for path in ("/proc/s", "nowhere/s"):
        for command in (
            ("client", "create", "App", "--redirect-uri", URI, "--secret-file", path),
            ("client", "secret", "budget-buddy", "--secret-file", path),
        ):
            answer = run(*command)
            assert (answer.code, answer.out) == (1, "")
            assert path in answer.err
    (listed,) = run("client", "list", "--json").json
    assert listed["secrets"] == []


def test_a_file_into_which_no_secret_came_is_not_left_behind(installed: Path) -> None:
    refused = run("client", "create", "App", "--redirect-uri", "x", "--secret-file", "s")
    public = run("client", "create", "App", "--public", "--redirect-uri", URI, "--secret-file", "s")
    assert (refused.code, public.code) == (2, 0)
    assert not Path("s").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--redirect-uri", "http://app.example/cb"), 2, "https"),
        (("--redirect-uri", "https://app.example/cb#x"), 2, "fragment"),
        ((), 2, "--redirect-uri is not right; write at least one"),
        (("--native", "--redirect-uri", "app:/cb"), 2, "a dot, such as com.example.app:/cb"),
        (("--redirect-uri", URI, "--scope", "accounts"), 2, "the issuer's api_scopes"),
        (("--redirect-uri", "x", "--client-id", "a:b"), 2, "--redirect-uri is not right"),
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
    assert "--expire-others-in 0, which cuts off at once" in answers[2].err


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
