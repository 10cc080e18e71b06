"""`ostiary serve` refuses what is not fit for production, and `ostiary dev` what is not for trying."""

import re
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ostiary.cli import data_directory
from ostiary.cli.program import program
from ostiary.domain.face import BASE_PATH
from ostiary.serving import process
from ostiary.serving.plan import Plan
from ostiary.signing.master_key import write_master_key
from ostiary.web.home import Demo
from tests.cli.terminal import Answer, run
from tests.kit.postgresql import Cluster
from tests.kit.server import free_port

ISSUERS = ("consumer", "enterprise")


class Served(Exception):
    """The server would have started."""


@pytest.mark.postgresql
@pytest.mark.parametrize(("role", "database"), [("nobody_here", "postgres"), ("ostiary", "none")])
def test_a_server_that_refuses_us_ends_the_start(
    installed: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgresql: Cluster,
    role: str,
    database: str,
) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE__URL", postgresql.url(database, role))
    answer = serve()
    assert answer.code == 1
    assert "does not exist; make" in answer.err


def test_a_server_that_is_not_there_is_waited_for(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql://ostiary@127.0.0.1:{free_port()}/x"
    monkeypatch.setenv("OSTIARY_DATABASE__URL", url)
    with pytest.raises(Served):
        serve()


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*_arguments: object, **_keywords: object) -> None:
        raise Served

    monkeypatch.setattr(process, "serve", serve)


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
    answer = run("serve")
    assert answer.code == 4
    assert "-c .ostiary" in answer.err
    assert run("serve", "--config", "none.toml").code == 2


def test_the_configuration_that_lies_here_is_served(installed: Path) -> None:
    with pytest.raises(Served):
        run("serve")


def test_a_variable_changes_one_setting_of_the_file_that_lies_here(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = installed / "elsewhere.sqlite3"
    shutil.move(installed / "ostiary.sqlite3", moved)
    monkeypatch.setenv("OSTIARY_DATABASE__PATH", str(moved))
    answer = run("db", "status")
    assert answer.code == 0
    assert "Using ostiary.toml" in answer.err
    assert str(moved) in answer.out
    with pytest.raises(Served):
        run("serve")  # with the master key that the file names


def test_a_variable_alone_is_a_configuration_where_there_is_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_directory.prepare(folder / ".ostiary")
    monkeypatch.setenv("OSTIARY_DATABASE__PATH", "alone.sqlite3")
    answer = run("db", "status")
    assert answer.code == 0
    assert "Using" not in answer.err
    assert "alone.sqlite3" in answer.out


def test_dev_has_its_own_database_whatever_the_variables_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE__URL", "postgresql://ostiary:hidden@127.0.0.1:1/x")
    monkeypatch.setenv("OSTIARY_DATABASE__CONNECTIONS", "none")
    result = CliRunner().invoke(program, ("dev", "--port", "0"))
    assert isinstance(result.exception, Served)
    assert (folder / ".ostiary" / "ostiary.sqlite3").exists()
    assert "OSTIARY_DATABASE__URL" in result.stderr
    assert "is not used" in result.stderr
    assert "hidden" not in result.stderr


def test_development_data_that_lies_here_is_not_served(folder: Path) -> None:
    data_directory.prepare(folder / ".ostiary")
    answer = run("serve")
    assert answer.code == 7
    assert "ostiary dev --data .ostiary" in answer.err


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
    assert (made / "demo-service.pem").stat().st_mode & 0o777 == 0o600
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
    shutil.move(".ostiary", "elsewhere")
    assert run("client", "list", "-c", "elsewhere", "--issuer", "consumer").code == 0
    assert run("client", "list").code == 4


@pytest.mark.parametrize("noun", ["client", "user", "key"])
def test_a_list_without_an_issuer_is_of_all_issuers(folder: Path, noun: str) -> None:
    with pytest.raises(Served):
        run("dev", "--port", "0")
    listed = run(noun, "list", "--json").json
    each = [run(noun, "list", "--issuer", name, "--json").json for name in ISSUERS]
    assert all(each)
    assert listed == [*each[0], *each[1]]
    assert [entry["issuer"] for entry in each[0] + each[1]] == [
        name for name, entries in zip(ISSUERS, each, strict=True) for _ in entries
    ]
    heading, *lines = run(noun, "list").out.splitlines()
    assert heading.split()[0] == "ISSUER"
    assert [line.split()[0] for line in lines] == [entry["issuer"] for entry in listed]
    assert run(noun, "list", "--issuer", "nowhere").code == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("client", "create", "App", "--redirect-uri", "https://app.example/cb"),
        ("client", "secret", "demo-web"),
        ("client", "disable", "demo-web"),
        ("client", "enable", "demo-web"),
        ("user", "create", "dana", "--no-password"),
        ("user", "password", "alice"),
        ("user", "disable", "alice"),
        ("user", "enable", "alice"),
        ("key", "rotate"),
    ],
    ids=" ".join,
)
def test_a_change_needs_to_know_the_issuer(folder: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(Served):
        run("dev", "--port", "0")
    answer = run(*arguments, stdin="a-new-password")
    assert answer.code == 2
    assert "choose one with --issuer: consumer, enterprise" in answer.err


def test_serve_says_what_serves_a_development_directory(folder: Path) -> None:
    with pytest.raises(Served):
        run("dev", "--port", "0")
    answer = run("serve", "--config", ".ostiary")
    assert answer.code == 7
    assert "is a development directory" in answer.err
    assert "ostiary dev --data .ostiary" in answer.err


def test_serve_takes_no_other_directory_either(installed: Path) -> None:
    answer = run("serve", "--config", ".")
    assert answer.code == 2
    assert "is a directory; name the file in it, such as ostiary.toml" in answer.err


def test_the_configuration_of_serve_is_explained() -> None:
    help_text = " ".join(run("serve", "--help").out.split())
    assert "that ostiary init writes. Default: ostiary.toml here" in help_text


def test_the_banner_says_where_everything_is_and_what_is_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes: list[Demo] = []

    def ready(plan: Plan, *, on_ready: Callable[[], None], **_: object) -> None:
        assert plan.demo is not None
        homes.append(plan.demo)
        on_ready()

    monkeypatch.setattr(process, "serve", ready)
    monkeypatch.setattr(sys, "argv", ["bin/ostiary"])
    monkeypatch.setenv("PATH", "")
    answer = run("dev", "--port", "0")
    assert (answer.code, answer.out) == (0, "")
    port = re.findall(r"http://localhost:(\d+)/\n", answer.err)[0]
    lines = [line.strip() for line in answer.err.splitlines()]
    for issuer in (f"http://localhost:{port}", f"http://127.0.0.1:{port}{BASE_PATH}"):
        assert f"discovery {issuer}/.well-known/openid-configuration" in lines
    refused = "refused? bin/ostiary refusal show R-…"
    more = "bin/ostiary dev --help · stop with Ctrl-C"
    assert lines[-1] == f"Next: open http://localhost:{port}/ · {refused} · {more}"
    kinds = {each.client_id: each.kind for each in homes[0].clients}
    for client_id, limit in (
        ("demo-spa", "Application in a browser: public, PKCE"),
        ("demo-service", "signs with its private key (private_key_jwt)"),
    ):
        (line,) = [each for each in lines if each.startswith(client_id)]
        assert limit in line
        assert limit in kinds[client_id]
    assert "key .ostiary/demo-service.pem" in lines
    files = {each.client_id: each.private_key_file for each in homes[0].clients}
    assert files["demo-service"] == ".ostiary/demo-service.pem"


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
    assert f'make dev ARGS="--port {port + 1}"' in answer.err
    assert list(folder.iterdir()) == []
