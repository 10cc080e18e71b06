"""`ostiary serve` refuses what is not fit for production, and `ostiary dev` what is not for trying."""

import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ostiary import app
from ostiary.cli import data_directory
from ostiary.signing.master_key import write_master_key
from tests.cli.terminal import Answer, run


class Served(Exception):
    """The server would have started."""


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*_arguments: object, **_keywords: object) -> None:
        raise Served

    monkeypatch.setattr(app, "serve", serve)


def serve(*arguments: str) -> Answer:
    return run("serve", "--config", "ostiary.toml", *arguments)


def edit(old: str, new: str) -> None:
    text = Path("data.toml").read_text("utf-8")
    assert old in text
    Path("data.toml").write_text(text.replace(old, new), "utf-8")
    assert run("apply", "-f", "data.toml").code == 0


def test_what_is_fit_is_served(installed: Path) -> None:
    with pytest.raises(Served):
        serve()


def test_an_issuer_on_loopback_may_have_plain_http(installed: Path) -> None:
    edit("https://id.example.com", "http://localhost:9400")
    with pytest.raises(Served):
        serve()


def make_sandbox() -> None:
    edit('face = "enterprise"', 'face = "enterprise"\nenvironment = "sandbox"')


def make_plain_http() -> None:
    edit("https://id.example.com", "http://id.example.com")


def remove_master_key() -> None:
    Path("ostiary.toml").write_text('[database]\npath = "ostiary.sqlite3"')


def replace_master_key() -> None:
    Path("master.key").unlink()
    write_master_key(Path("master.key"))


def open_master_key() -> None:
    Path("master.key").chmod(0o644)


def mark_as_demo() -> None:
    (Path() / data_directory.MARK).touch()


def make_schema_newer() -> None:
    connection = sqlite3.connect("ostiary.sqlite3")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "code", "word"),
    [
        (make_sandbox, 7, "sandbox"),
        (make_plain_http, 7, "https"),
        (remove_master_key, 1, "OSTIARY_MASTER_KEY"),
        (replace_master_key, 1, "master key"),
        (open_master_key, 1, "chmod 600"),
        (mark_as_demo, 7, "demo data"),
        (make_schema_newer, 1, "newer"),
    ],
)
def test_what_is_not_fit_is_refused(
    installed: Path, spoil: Callable[[], None], code: int, word: str
) -> None:
    spoil()
    answer = serve()
    assert answer.code == code
    assert word in answer.err
    assert "Traceback" not in answer.err


def test_a_configuration_is_needed() -> None:
    assert run("serve").code == 2
    assert run("serve", "--config", "none.toml").code == 2


def test_dev_keeps_away_from_a_database_that_it_did_not_make(installed: Path) -> None:
    before = sorted(installed.iterdir())
    answer = run("dev", "--port", "0", "--data", ".")
    assert answer.code == 7
    assert "--data" in answer.err
    assert sorted(installed.iterdir()) == before


def test_dev_makes_a_directory_for_its_owner_alone(folder: Path) -> None:
    with pytest.raises(Served):
        run("dev", "--port", "0")
    made = folder / ".ostiary"
    assert made.stat().st_mode & 0o777 == 0o700
    assert (made / "master.key").stat().st_mode & 0o777 == 0o600
    assert (made / ".gitignore").read_text() == "*\n"
    assert "ostiary serve" in (made / data_directory.MARK).read_text()


def test_commands_find_the_data_of_dev_and_say_so(folder: Path) -> None:
    with pytest.raises(Served):
        run("dev", "--port", "0")
    answer = run("client", "list", "--issuer", "consumer", "--json")
    assert [each["client_id"] for each in answer.json] == [
        "demo-native",
        "demo-service",
        "demo-spa",
        "demo-web",
    ]
    assert ".ostiary" in answer.err
    assert run("client", "list").code == 2, "there are two issuers"
    shutil.move(".ostiary", "elsewhere")
    assert run("client", "list", "-c", "elsewhere", "--issuer", "consumer").code == 0
    assert run("client", "list").code == 4


def test_ephemeral_data_is_gone_afterwards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with pytest.raises(Served):
        run("dev", "--port", "0", "--ephemeral")
    assert list(folder.iterdir()) == []


def test_a_port_in_use_is_told_before_anything_is_made(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run("dev", "--port", str(port))
    assert answer.code == 1
    assert f"--port {port + 1}" in answer.err
    assert list(folder.iterdir()) == []
