"""The schema: brought up once, by whoever comes first, wholly or not at all. ST-08, ST-13, ST-14."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ostiary.storage import migrations
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.schema import (
    HEAD,
    SchemaState,
    ensure_schema,
    ensure_schema_beside,
    schema_state,
    schema_version,
)
from ostiary.storage.store import Store
from tests.kit.outside import contents
from tests.storage.rows import fill

ROOT = Path(__file__).parents[2]
PROCESSES = 4
REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
DOWN_REVISION = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


def schema_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
        return [(name, sql or "") for name, sql in found]


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def start_migration(path: Path) -> subprocess.Popen[str]:
    script = (
        "import sys, alembic.command, sqlalchemy.dialects.sqlite; from pathlib import Path;"
        "from ostiary.storage.schema import ensure_schema;"
        "print('ready', flush=True); sys.stdin.read(1); ensure_schema(Path(sys.argv[1]))"
    )
    return subprocess.Popen(
        (sys.executable, "-c", script, path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_head_is_the_one_migration_that_no_other_follows() -> None:
    folder = Path(next(iter(migrations.__path__))) / "versions"
    texts = [path.read_text() for path in folder.glob("v*.py")]
    revisions = {match[1] for text in texts if (match := REVISION.search(text))}
    followed = {match[1] for text in texts if (match := DOWN_REVISION.search(text))}
    assert len(revisions) == len(texts)
    assert revisions - followed == {HEAD}
    assert max(revisions) == HEAD, "versions are compared as text"


def test_head_is_alembics_head(tmp_path: Path) -> None:
    """Alembic goes to its own head; what it then writes down is what we call current."""
    path = tmp_path / "ostiary.db"
    ensure_schema(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


@pytest.mark.parametrize(
    ("version", "state"),
    [
        (None, SchemaState.EMPTY),
        ("0000", SchemaState.BEHIND),
        (HEAD, SchemaState.CURRENT),
        ("9999", SchemaState.NEWER),
    ],
)
def test_a_version_tells_the_state(version: str | None, state: SchemaState) -> None:
    assert schema_state(version) is state


def test_a_fresh_database_is_made_in_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "ostiary.db"
    assert schema_version(path) is None
    assert not path.exists(), "looking makes nothing"
    ensure_schema(path)
    assert schema_version(path) == HEAD
    assert is_whole(path)


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    ensure_schema(path)
    modes = {each.name: each.stat().st_mode & 0o077 for each in tmp_path.iterdir()}
    assert modes == dict.fromkeys(modes, 0)


async def test_bringing_a_current_database_up_changes_nothing(path: Path) -> None:
    store = Store.open(path)
    await fill(store, "left")
    store.close()
    before, schema = contents(path), schema_of(path)
    for _ in range(3):
        ensure_schema(path)
    assert (contents(path), schema_of(path)) == (before, schema)


def migrate_at_once(path: Path) -> list[str]:
    """What each of several processes that were let go at the same moment died of, if it died."""
    processes = [start_migration(path) for _ in range(PROCESSES)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("x")
            process.stdin.flush()
        errors = [process.communicate(timeout=60)[1] for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    return [
        error.strip().splitlines()[-1]
        for process, error in zip(processes, errors, strict=True)
        if process.returncode != 0
    ]


def test_st_13_four_processes_at_once_make_one_schema(tmp_path: Path, empty: Path) -> None:
    path = tmp_path / "ostiary.db"
    assert migrate_at_once(path) == []
    assert schema_of(path) == schema_of(empty)
    assert is_whole(path)


def test_st_13_all_of_four_processes_at_once_go_on(tmp_path: Path) -> None:
    for number in range(3):
        assert migrate_at_once(tmp_path / f"{number}.db") == []


def test_st_14_a_migration_killed_behind_any_statement_leaves_nothing_or_all(
    tmp_path: Path, empty: Path
) -> None:
    run = subprocess.run(
        (sys.executable, "-m", "tests.storage.killed_migration", tmp_path),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    total = int(run.stdout)
    whole = schema_of(empty)
    assert schema_of(tmp_path / "whole.db") == whole
    left = []
    for last in range(1, total + 1):
        path = tmp_path / f"{last}.db"
        left.append(schema_of(path) if path.exists() else [])
        assert left[-1] in ([], whole), f"half a schema behind statement {last}"
        assert not path.exists() or is_whole(path)
        ensure_schema(path)
        assert schema_of(path) == whole, f"not repaired behind statement {last}"
    assert left[0] == []
    assert left[-1] == whole
    assert left == sorted(left, key=len), "once whole, it stays whole"


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = schema_of(path)
    with pytest.raises(StoreUnavailable, match="newer"):
        ensure_schema(path)
    assert schema_version(path) == "9999"
    assert schema_of(path) == before


def test_st_08_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    text = b"These are notes, not a database. " * 100
    path.write_bytes(text)
    with pytest.raises(StoreUnavailable, match=r"notes\.txt"):
        ensure_schema(path)
    assert path.read_bytes() == text


def test_st_08_a_folder_in_the_place_of_the_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        ensure_schema(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "100%",
        "a b",
        "what?now",
        "r#1",
        "ünï",
        "a:b",
    ],
)
def test_the_name_of_the_folder_does_not_matter(tmp_path: Path, name: str, empty: Path) -> None:
    path = tmp_path / name / "ostiary.db"
    ensure_schema(path)
    assert schema_version(path) == HEAD
    assert schema_of(path) == schema_of(empty)


def test_st_11_a_database_with_a_truncated_page_is_not_taken_for_an_empty_one(
    path: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    shutil.copy(path, broken)
    with broken.open("r+b") as file:
        file.seek(0)
        file.write(b"\0" * 100)
    with pytest.raises(StoreUnavailable):
        ensure_schema(broken)


# ---- in a process of its own --------------------------------------------------------------------


def a_program(folder: Path, script: str) -> str:
    """Stands for Python, and does what the script says."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize("name", ["new/folder", "100%", "a b; exit 1", "-c", "ünï", "--help"])
def test_a_process_beside_makes_the_same_schema(tmp_path: Path, name: str, empty: Path) -> None:
    path = tmp_path / name / "ostiary.db"
    ensure_schema_beside(path)
    assert schema_version(path) == HEAD
    assert schema_of(path) == schema_of(empty)


def test_a_relative_path_means_the_same_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ensure_schema_beside(Path("data/ostiary.db"))
    assert schema_version(tmp_path / "data" / "ostiary.db") == HEAD


def test_the_process_that_asked_does_not_load_alembic(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from ostiary.storage.schema import ensure_schema_beside;"
        "ensure_schema_beside(Path(sys.argv[1]));"
        "print(sorted({'alembic', 'sqlalchemy'} & set(sys.modules)))"
    )
    run = subprocess.run(
        (sys.executable, "-c", script, tmp_path / "ostiary.db"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout == "[]\n"
    assert schema_version(tmp_path / "ostiary.db") == HEAD


def test_a_current_schema_needs_no_process_beside(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no such program"))
    ensure_schema_beside(path)


def test_a_newer_schema_is_refused_without_a_process_beside(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no such program"))
    with pytest.raises(StoreUnavailable, match="newer"):
        ensure_schema_beside(path)


def test_what_stopped_the_process_beside_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "ostiary.db"
    with pytest.raises(StoreUnavailable) as caught:
        ensure_schema_beside(path)
    text = str(caught.value)
    assert text.startswith(f"the schema of {path} could not be brought up to date: ")
    assert "exists" in text
    assert "Traceback" not in text
    assert "\n" not in text


def test_a_process_beside_that_says_much_is_quoted_with_its_last_line(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.unlink()
    much = a_program(tmp_path, "echo one >&2; echo two >&2; echo the disk is full >&2; exit 1")
    monkeypatch.setattr(sys, "executable", much)
    with pytest.raises(StoreUnavailable, match=r"up to date: the disk is full$"):
        ensure_schema_beside(path)


def test_a_process_beside_that_was_killed_is_said_to_have_been(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.unlink()
    monkeypatch.setattr(sys, "executable", a_program(tmp_path, "kill -9 $$"))
    with pytest.raises(StoreUnavailable, match=r"up to date: it was killed$"):
        ensure_schema_beside(path)


def test_a_migration_that_fails_beside_is_told_with_its_cause(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE issuers (other)")
        connection.commit()
    with pytest.raises(StoreUnavailable) as caught:
        ensure_schema_beside(path)
    assert "table issuers already exists" in str(caught.value)
    assert "sqlalche.me" not in str(caught.value)


def test_what_lies_in_the_current_folder_is_not_run_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ostiary serve` itself does not look there either."""
    (tmp_path / "alembic.py").write_text("raise SystemExit('code that somebody left here')")
    monkeypatch.chdir(tmp_path)
    ensure_schema_beside(tmp_path / "ostiary.db")
    assert schema_version(tmp_path / "ostiary.db") == HEAD
