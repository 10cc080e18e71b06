"""What all commands promise: help with examples, one sentence for a failure, and no secret asked for."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from ostiary import __version__
from ostiary.cli.program import program
from ostiary.domain.refusals import ReasonCode
from ostiary.storage.refusals import RefusalRecord
from ostiary.storage.schema import HEAD
from ostiary.storage.store import Store
from tests.cli.terminal import run

RECORD = RefusalRecord(
    reference="R-7F3K-2Q9D",
    at=1_800_000_000,
    code="redirect_uri_unregistered",
    endpoint="authorization",
    client_id="budget-buddy",
    expected="https://a.example/cb",
    received="https://a.example/cb/",
)


def command_names() -> Iterator[tuple[str, ...]]:
    root = get_command(program)
    for name, command in getattr(root, "commands", {}).items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield (name,)
        else:
            yield from ((name, each) for each in inner)


def test_the_commands_are_these() -> None:
    assert {" ".join(names) for names in command_names()} == {
        "dev",
        "serve",
        "init",
        "apply",
        "client create",
        "client list",
        "client show",
        "client secret",
        "client disable",
        "client enable",
        "user create",
        "user list",
        "user password",
        "user picture",
        "user disable",
        "user enable",
        "key list",
        "key rotate",
        "user unlock",
        "db status",
        "db upgrade",
        "db check",
        "db backup",
        "db restore",
        "audit list",
        "audit verify",
        "audit export",
        "doctor",
        "refusal show",
        "logout list",
    }


@pytest.mark.parametrize("names", list(command_names()), ids=" ".join)
def test_every_command_has_help_with_examples(names: tuple[str, ...]) -> None:
    answer = run(*names, "--help")
    assert answer.code == 0
    assert re.search(rf"Examples:\n.*ostiary {' '.join(names)}", answer.out, re.DOTALL)


@pytest.mark.parametrize("names", list(command_names()), ids=" ".join)
def test_no_command_takes_a_secret_as_an_argument(names: tuple[str, ...]) -> None:
    options = re.findall(r"--[\w-]+", run(*names, "--help").out)
    assert not {"--password", "--secret", "--client-secret", "--master-key"} & set(options)


def test_the_version_is_told() -> None:
    assert run("--version").out == f"ostiary {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("clinet",), "client"), (("client", "lst"), "list"), (("key", "list", "--jsn"), "--json")],
)
def test_a_slip_is_answered_with_what_was_meant(arguments: tuple[str, ...], word: str) -> None:
    answer = run(*arguments)
    assert answer.code == 2
    assert word in answer.err


def test_without_a_configuration_it_says_how_to_get_one() -> None:
    answer = run("client", "list")
    assert answer.code == 4
    assert "ostiary init" in answer.err


def test_without_a_database_it_says_how_to_get_one(folder: Path) -> None:
    run("init")
    answer = run("client", "list")
    assert answer.code == 4
    assert "ostiary apply" in answer.err
    assert not (folder / "ostiary.sqlite3").exists()


def test_a_defect_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ostiary.cli.database.locate", break_down)
    with pytest.raises(ZeroDivisionError):
        run("db", "status")


def test_the_schema_is_made_and_told(folder: Path) -> None:
    run("init")
    assert run("db", "status", "--json").json == {
        "database": "ostiary.sqlite3",
        "version": None,
        "newest": HEAD,
        "state": "empty",
    }
    assert run("db", "upgrade").code == 0
    status = run("db", "status", "--json").json
    assert (status["state"], status["version"]) == ("current", status["newest"])


@pytest.mark.parametrize("typed", ["R-7F3K-2Q9D", "r-7f3k-2q9d", "7F3K2Q9D", "r 7f3k 2q9d"])
def test_a_refusal_is_explained(installed: Path, typed: str) -> None:
    store = Store.open(installed / "ostiary.sqlite3")
    asyncio.run(store.refusals.add("main", RECORD))
    store.close()
    answer = run("refusal", "show", typed, "--json")
    reason = ReasonCode.REDIRECT_URI_UNREGISTERED.value
    assert answer.json == {
        "reference": "R-7F3K-2Q9D",
        "at": "2027-01-15T08:00:00Z",
        "reason": "redirect_uri_unregistered",
        "endpoint": "authorization",
        "client_id": "budget-buddy",
        "error": "invalid_request",
        "text": reason.text,
        "expected": "https://a.example/cb",
        "received": "https://a.example/cb/",
        "section": reason.section,
        "advice": reason.advice,
    }
    text = run("refusal", "show", typed).out
    assert all(word in text for word in ("https://a.example/cb/", reason.section))


def test_a_reference_has_a_shape(installed: Path) -> None:
    answer = run("refusal", "show", "foo")
    assert answer.code == 2
    assert 'such as R-7F3K-2Q9D: not "foo"' in " ".join(answer.err.split())


def test_a_refusal_that_is_not_recorded_is_not_found(installed: Path) -> None:
    assert run("refusal", "show", "R-0000-0000").code == 4


def test_the_program_is_a_typer_without_rich() -> None:
    assert isinstance(program, typer.Typer)
    assert program.rich_markup_mode is None
