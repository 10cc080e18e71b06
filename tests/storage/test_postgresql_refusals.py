"""Why PostgreSQL cannot be used: told once, without a password, and with what to do."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostiary.storage.database import Misconfigured, StoreUnavailable
from ostiary.storage.schema import schema_version
from ostiary.storage.source import PostgresqlSource
from tests.kit.postgresql import Cluster, outside
from tests.kit.server import free_port

SECRET = "hidden-word"
SECONDS_TO_RELOAD = 10.0


def told(url: str) -> tuple[str, bool]:
    """The sentence, and whether it may pass by itself."""
    with pytest.raises(StoreUnavailable) as caught:
        schema_version(PostgresqlSource(url=url))
    text = str(caught.value)
    assert SECRET not in text
    assert text.removeprefix("cannot use ").count("cannot use") == 0
    assert text.count(str(PostgresqlSource(url=url))) == 1
    return text, not isinstance(caught.value, Misconfigured)


def test_a_server_that_does_not_run_may_come() -> None:
    text, passes = told(f"postgresql://ostiary:{SECRET}@127.0.0.1:{free_port()}/x")
    assert passes
    assert "is it running" in text
    assert "Errno" not in text


def test_a_host_that_is_not_known_may_come() -> None:
    text, passes = told(f"postgresql://ostiary:{SECRET}@nowhere.invalid/x")
    assert passes
    assert "DNS" in text


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ostiary:{SECRET}@nowhere/x@127.0.0.1:1/x",
        f"postgresql://ostiary:{SECRET}/a@127.0.0.1:1/x",
        f"postgresql://ostiary:a/{SECRET}@127.0.0.1:1/x",
    ],
)
def test_a_password_that_makes_the_url_unreadable_is_written_otherwise(url: str) -> None:
    text, passes = told(url)
    assert not passes
    assert "%40 %2F %3F" in text


def test_a_missing_root_certificate_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "no-ca.pem"
    text, passes = told(
        f"postgresql://ostiary@127.0.0.1:1/x?sslmode=verify-full&sslrootcert={missing}"
    )
    assert not passes
    assert str(missing) in text
    assert "sslrootcert" in text


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("role", "rest", "advice"),
    [
        ("nobody_here", "postgres", "CREATE ROLE"),
        ("ostiary", "not_there", "CREATE DATABASE"),
        ("ostiary", "postgres?sslmod=require", "take it out of the URL"),
    ],
)
def test_what_the_server_does_not_know_is_told_with_what_makes_it(
    postgresql: Cluster, role: str, rest: str, advice: str
) -> None:
    text, passes = told(f"postgresql://{role}:{SECRET}@127.0.0.1:{postgresql.port}/{rest}")
    assert not passes
    assert advice in text


@pytest.fixture
def locked(postgresql: Cluster) -> str:
    """The URL of a role that has to give a password; others of the cluster go on as they are."""
    url = postgresql.url("postgres", "locked")
    superuser = postgresql.url("postgres", "postgres")
    postgresql.execute("DROP ROLE IF EXISTS locked")
    postgresql.execute("CREATE ROLE locked LOGIN PASSWORD 'another one'")
    (row,) = outside().fetch(superuser, "SHOW hba_file")
    rules = "host all locked 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust"
    lines = ", ".join(f"('{rule}')" for rule in rules)
    postgresql.execute(f"COPY (VALUES {lines}) TO '{row[0]}'")
    postgresql.execute("SELECT pg_reload_conf()")
    ends = time.monotonic() + SECONDS_TO_RELOAD
    with contextlib.suppress(StoreUnavailable):
        while time.monotonic() < ends:
            schema_version(PostgresqlSource(url=url))
    return url


@pytest.mark.postgresql
def test_a_password_that_is_missing_or_wrong_has_its_places(
    locked: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    for url in (locked, locked.replace("locked@", f"locked:{SECRET}@")):
        text, passes = told(url)
        assert not passes
        assert "OSTIARY_DATABASE__URL" in text
        assert "chmod" not in text


@pytest.mark.postgresql
def test_a_password_file_that_others_may_read_is_told_in_our_own_words(
    locked: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "pgpass"
    file.write_text("*:*:*:*:another one\n")
    file.chmod(0o644)
    monkeypatch.setenv("PGPASSFILE", str(file))
    monkeypatch.setenv("OSTIARY_DATABASE__URL", locked)
    command = (sys.executable, "-m", "ostiary", "db", "status")
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"chmod 600 {file}" in run.stderr
    assert "Warning" not in run.stderr
    file.chmod(0o600)
    assert schema_version(PostgresqlSource(url=locked)) is None
