"""What commands never say, and what production never runs with. Attacks LL-05, LL-06, LL-07."""

import json
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typer import Typer

from ostiary import __version__
from ostiary.cli.program import program
from ostiary.serving import process
from ostiary.settings import MASTER_KEY_VARIABLE, Settings
from ostiary.signing.master_key import MasterKeyError, parse_master_key
from tests.cli.terminal import Answer, run
from tests.cli.test_serve import serve


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        process, "serve", lambda *_, **__: pytest.fail("a server would have started")
    )


CANARY = "canary-that-nobody-may-ever-read-in-any-output"
MASTER_KEY = urlsafe_b64encode(CANARY.encode()[:32]).decode().rstrip("=")
CLIENT = """
[[clients]]
issuer = "main"
client_id = "app"
name = "App"
institution = "garden"
redirect_uris = ["https://app.example/cb"]
"""
USER = """
[[users]]
issuer = "main"
username = "dana"
memberships = [{ institution = "garden" }]
"""


def private_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def apply(text: str, *arguments: str) -> Answer:
    Path("more.toml").write_text(text, "utf-8")
    return run("apply", "-f", "more.toml", *arguments)


def check_untold(answer: Answer, *secrets: str) -> None:
    for secret in secrets:
        for part in (secret, secret[:20], secret[-20:]):
            assert part not in answer.out + answer.err


# ---- LL-06: what is not told --------------------------------------------------------------------


def commands(group: Typer = program, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command, and the program itself."""
    yield path
    for command in group.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        yield (*path, str(name).strip("_"))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        named = (inner.name,) if isinstance(inner.name, str) else ()
        yield from commands(inner.typer_instance, (*path, *named))


@pytest.mark.parametrize("command", dict.fromkeys(commands()), ids=" ".join)
def test_ll_06_no_help_shows_what_stands_in_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv(MASTER_KEY_VARIABLE, CANARY)
    answer = run(*command, "--help")
    assert answer.code == 0
    assert "Usage" in answer.out
    check_untold(answer, CANARY)


@pytest.mark.parametrize("value", [CANARY, MASTER_KEY, MASTER_KEY + "!"])
def test_ll_06_a_master_key_that_is_refused_is_not_repeated(
    installed: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(MASTER_KEY_VARIABLE, value)
    for answer in (serve(), run("key", "rotate")):
        assert answer.code == 1
        assert "master key" in answer.err
        check_untold(answer, value)
    Path("master.key").write_text(value)
    monkeypatch.delenv(MASTER_KEY_VARIABLE)
    answer = serve()
    assert answer.code == 1
    check_untold(answer, value)


def test_ll_06_a_setting_that_is_none_is_not_repeated(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OSTIARY_MASTER__KEY", "OSTIARY_MASTER_KEY__VALUE", "OSTIARY_DATABASE__PASSWORD"):
        with monkeypatch.context() as once:
            once.setenv(name, CANARY)
            answer = serve()
            assert answer.code == 2
            assert name in answer.err
            check_untold(answer, CANARY)


def test_ll_06_no_value_of_the_program_shows_a_key_when_it_is_shown() -> None:
    key = parse_master_key(MASTER_KEY)
    assert CANARY[:8] not in f"{key!r} {vars(key)!r} {Settings()!r}"
    with pytest.raises(MasterKeyError) as caught:
        parse_master_key(CANARY)
    assert "canary" not in str(caught.value)


FAULTS = {
    "a short secret": (CLIENT, 'secret = "canary-short"', "canary-short"),
    "a secret that is a number": (CLIENT, "secret = 77190021", "77190021"),
    "a secret in a list": (CLIENT, f'secret = ["{CANARY}"]', CANARY),
    "a secret under another name": (CLIENT, f'client_secret = "{CANARY}"', CANARY),
    "a secret of a client without one": (
        CLIENT,
        f'auth_method = "none"\nsecret = "{CANARY}"',
        CANARY,
    ),
    "a secret without an end": (CLIENT, f'secret = "{CANARY}', CANARY),
    "a secret twice": (CLIENT, f'secret = "{CANARY}"\nsecret = "{CANARY}"', CANARY),
    "a private JWK": (
        CLIENT,
        f'auth_method = "private_key_jwt"\npublic_keys = [{{ kty = "EC", d = "{CANARY}" }}]',
        CANARY,
    ),
    "a secret where a key should be": (
        CLIENT,
        f'auth_method = "private_key_jwt"\npublic_keys = ["{CANARY}"]',
        CANARY,
    ),
    "a short password": (USER, 'password = "canary"', "canary"),
    "a password that is a number": (USER, "password = 77190021", "77190021"),
    "a password under another name": (USER, f'passwort = "{CANARY}"', CANARY),
}


@pytest.mark.parametrize("case", FAULTS)
def test_ll_06_the_faults_of_a_file_repeat_no_secret(installed: Path, case: str) -> None:
    table, line, secret = FAULTS[case]
    for arguments in ((), ("--dry-run",)):
        answer = apply(f"{table}{line}\n", *arguments)
        assert answer.code == 2
        assert "more.toml" in answer.err
        check_untold(answer, secret)


def test_ll_06_a_private_key_for_a_public_one_is_not_repeated(installed: Path) -> None:
    pem = private_pem()
    number = load_pem_private_key(pem.encode(), None).private_numbers()  # type: ignore[union-attr]
    Path("key.pem").write_text(pem)
    Path("key.json").write_text(json.dumps({"kty": "EC", "d": str(number.private_value)}))  # type: ignore[union-attr]
    body = "".join(pem.splitlines()[1:-1])
    for name in ("key.pem", "key.json"):
        answer = run(
            *("client", "create", "App", "--redirect-uri", "https://app.example/cb"),
            *("--public-key", name),
        )
        assert answer.code == 2
        check_untold(answer, body, str(number.private_value))  # type: ignore[union-attr]
    answer = apply(f"{CLIENT}auth_method = 'private_key_jwt'\npublic_keys = ['''{pem}''']\n")
    assert answer.code == 2
    check_untold(answer, body)


def test_ll_06_what_is_kept_is_not_shown_again(installed: Path) -> None:
    kept = apply(f'{CLIENT}secret = "{CANARY}"\n{USER}password = "{CANARY}"\n')
    assert kept.code == 0
    check_untold(kept, CANARY)
    for arguments in (("--dry-run",), ()):
        check_untold(apply(f'{CLIENT}secret = "{CANARY}-2"\n', *arguments), CANARY)
    for noun in ("client", "user", "key"):
        listed = run(noun, "list", "--json")
        assert listed.code == 0
        check_untold(listed, CANARY)
        assert not [
            word for word in ("sha256", "sealed", "argon2", "PRIVATE", "hash") if word in listed.out
        ]


CRASH = """
import sys
from ostiary.management import users
async def fail(store, passwords, issuer, username, password, now):
    kept = password
    raise RuntimeError("a defect")
users.set_password = fail
sys.argv = ["ostiary", "user", "password", "alice"]
from ostiary.__main__ import main
main()
"""


def test_ll_06_a_command_that_crashes_shows_no_values(installed: Path) -> None:
    """A trace with the values of its variables would."""
    run_it = subprocess.run(
        (sys.executable, "-c", CRASH),
        input=CANARY,
        capture_output=True,
        text=True,
        env={**os.environ, MASTER_KEY_VARIABLE: Path("master.key").read_text()},
        check=False,
    )
    assert "RuntimeError: a defect" in run_it.stderr
    check_untold(
        Answer(code=1, out=run_it.stdout, err=run_it.stderr), CANARY, Path("master.key").read_text()
    )


# ---- LL-05, LL-07: what production does not run with --------------------------------------------


@pytest.mark.parametrize("option", ["--debug", "--reload", "--dev", "--insecure", "--trace"])
def test_ll_05_serve_has_no_mode_for_looking_inside(
    installed: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert serve(option).code == 2
    for section in ("SERVER", "LOG"):
        with monkeypatch.context() as once:
            once.setenv(f"OSTIARY_{section}__{option[2:].upper()}", "true")
            refused = serve()
        assert refused.code == 2
        assert "unknown key" in refused.err


def test_ll_05_the_version_is_told_to_operators_alone() -> None:
    """What clients and browsers are told is looked through in tests/attacks."""
    assert run("--version").out.strip() == f"ostiary {__version__}"


@pytest.mark.parametrize(
    "line",
    [
        'secret = "demo-web-secret"',
        'secret = "short"',
        'secret = ""',
        'auth_method = "client_secret_jwt"\nsecret = "a-secret-of-31-characters-12345"',
        'web_origins = ["*"]',
        'web_origins = ["null"]',
        'web_origins = ["https://*.example.com"]',
        'web_origins = ["http://app.example"]',
        'redirect_uris = ["http://app.example/cb"]',
        'redirect_uris = ["https://*.example.com/cb"]',
        'jwks_uri = "http://app.example/jwks"\nauth_method = "private_key_jwt"',
        'backchannel_logout_uri = "http://app.example/logout"',
    ],
)
def test_ll_07_a_client_for_trying_out_is_not_for_production(installed: Path, line: str) -> None:
    table = CLIENT.replace('redirect_uris = ["https://app.example/cb"]\n', "")
    if "redirect_uris" not in line:
        table = CLIENT
    answer = apply(f"{table}{line}\n")
    assert answer.code == 2, answer.err
    assert line.split(" ", maxsplit=1)[0] in answer.err or "secret" in answer.err


@pytest.mark.parametrize("password", ["", "short", "1234567"])
def test_ll_07_a_short_password_is_none(installed: Path, password: str) -> None:
    assert apply(f'{USER}password = "{password}"\n').code == 2
    assert run("user", "password", "alice", stdin=password).code == 2


@pytest.mark.parametrize("url", ["http://id.example.com", "ftp://id.example.com", "//x", "*"])
def test_ll_07_an_issuer_is_served_by_https_alone(installed: Path, url: str) -> None:
    text = Path("data.toml").read_text("utf-8").replace("https://id.example.com", url)
    Path("data.toml").write_text(text, "utf-8")
    if run("apply", "-f", "data.toml").code == 0:
        assert serve().code == 7


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104  refused
def test_ll_07_the_demo_is_on_loopback_alone(folder: Path, host: str) -> None:
    assert run("dev", "--host", host).code == 2
    Path("settings.toml").write_text(f'[server]\nhost = "{host}"\n')
    assert run("dev", "--config", "settings.toml").code == 2
