"""`ostiary audit`, `db backup|restore|check` and `doctor`, as they are typed."""

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import run

DATABASE = Path("ostiary.sqlite3")


def tamper(statement: str) -> None:
    with closing(sqlite3.connect(DATABASE)) as connection:
        assert connection.execute(statement).rowcount > 0
        connection.commit()


def test_events_are_listed(installed: Path) -> None:
    listed = run("audit", "list", "--json").json
    assert {event["type"] for event in listed} >= {"issuer.changed", "client.changed"}
    assert "issuer.changed" in run("audit", "list", "--limit", "100").out


def test_events_are_verified_in_the_database_and_in_an_export(installed: Path) -> None:
    (verified,) = run("audit", "verify", "--json").json
    assert verified["ok"]
    assert run("audit", "export", "-o", "audit.jsonl").code == 0
    Path(DATABASE).rename("elsewhere")
    (offline,) = run("audit", "verify", "audit.jsonl", "--json").json
    assert offline == verified


def test_an_export_is_not_written_over_a_file(installed: Path) -> None:
    Path("there").write_text("x")
    assert run("audit", "export", "-o", "there").code == 5
    assert Path("there").read_text() == "x"


def test_a_seal_that_is_expected_and_not_there_is_exit_code_1(installed: Path) -> None:
    refused = run("audit", "verify", "--expect", f"7:{64 * 'a'}")
    assert refused.code == 1
    assert "seal 7: the seal that is expected is not there" in refused.out
    assert run("audit", "verify", "--expect", "junk").code == 2


def test_a_backup_is_restored_by_its_commands(installed: Path) -> None:
    backup = run("db", "backup", "saved.tar", "--json")
    assert backup.code == 0
    assert backup.json["engine"] == "sqlite"
    assert run("db", "backup", "saved.tar").code == 5
    assert run("db", "restore", "saved.tar").code == 5, "the database is there"
    DATABASE.unlink()
    restored = run("db", "restore", "saved.tar", "--json")
    assert (restored.code, restored.json["issuers"]) == (0, 1)
    assert run("db", "check").code == 0
    assert run("client", "list").code == 0


def test_what_a_backup_says_to_restore_it_with_works_as_it_stands(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("db", "backup", "saved.tar").err
    command = next(line for line in said.splitlines() if "ostiary db restore" in line)
    variable, _, rest = command.strip().partition(" ostiary ")
    name, _, value = variable.partition("=")
    assert name == "OSTIARY_DATABASE__PATH"
    monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    restored = run(*shlex.split(rest))
    assert restored.code == 0
    assert "1 issuer," in restored.err
    assert (installed / "saved-tried.sqlite3").exists()


def test_scripts_can_read_what_upgrade_and_unlock_did(installed: Path) -> None:
    upgraded = run("db", "upgrade", "--json")
    assert (upgraded.code, upgraded.json["database"]) == (0, str(DATABASE))
    assert upgraded.json["version"] == run("db", "status", "--json").json["version"]
    assert run("user", "unlock", "alice", "--json").json == {
        "username": "alice",
        "was_locked": False,
    }


def test_a_backup_without_its_master_key_is_refused(installed: Path) -> None:
    assert run("db", "backup", "saved.tar").code == 0
    DATABASE.unlink()
    Path("master.key").unlink()
    Path("master.key").write_text("A" * 43)
    Path("master.key").chmod(0o600)
    refused = run("db", "restore", "saved.tar")
    assert refused.code == 7
    assert "another master key" in refused.err
    assert not DATABASE.exists()


def test_rows_of_nobody_are_damage(installed: Path) -> None:
    tamper("DELETE FROM users")
    found = run("db", "check", "--json")
    assert found.code == 1
    assert any("of users who are not there" in each["text"] for each in found.json)


def test_a_damaged_file_is_found(installed: Path) -> None:
    content = bytearray(DATABASE.read_bytes())
    content[3 * 4096 : 3 * 4096 + 8] = b"\xff" * 8
    DATABASE.write_bytes(content)
    found = run("db", "check")
    assert found.code == 1


def test_the_doctor_tells_with_its_exit_code(installed: Path) -> None:
    found = run("doctor", "--json")
    assert found.code == 1, "nobody serves the example's issuer"
    levels = {each["check"]: each["level"] for each in found.json}
    assert levels["configuration"] == levels["database"] == "ok"
    assert levels["outside of main"] == "fail"


def test_the_doctor_says_what_keeps_it_from_looking(folder: Path) -> None:
    found = run("doctor")
    assert found.code == 1
    assert found.out.startswith("fail  configuration")
    assert "ostiary init" in found.out
