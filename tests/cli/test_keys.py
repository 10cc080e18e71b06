"""`ostiary key`."""

import re
from pathlib import Path

import pytest

from ostiary.signing.master_key import write_master_key
from tests.cli.terminal import run
from tests.kit.outside import contents

SIGNING_CLIENT = """
[[clients]]
issuer = "main"
client_id = "signs"
name = "Signs"
institution = "garden"
auth_method = "client_secret_jwt"
redirect_uris = ["https://rp.example/cb"]
"""
ALGORITHMS = ["ES256", "EdDSA", "PS256", "RS256"]


def test_a_new_issuer_has_one_active_key_for_each_algorithm(installed: Path) -> None:
    listed = run("key", "list", "--json").json
    assert [(key["algorithm"], key["state"]) for key in listed] == [
        (algorithm, "active") for algorithm in ALGORITHMS
    ]
    assert set(listed[0]) == {
        *("issuer", "kid", "algorithm", "state"),
        *("created_at", "activates_at"),
    }
    assert "ES256" in run("key", "list").out


def test_a_successor_waits_and_has_no_rival(installed: Path) -> None:
    (added,) = run("key", "rotate", "--algorithm", "ES256", "--json").json
    listed = run("key", "list", "--json").json
    assert [key["state"] for key in listed if key["algorithm"] == "ES256"] == ["pending", "active"]
    assert listed[0]["kid"] == added["kid"]
    again = run("key", "rotate", "--json")
    assert [key["algorithm"] for key in again.json] == ALGORITHMS[1:]
    third = run("key", "rotate", "--json")
    assert third.json == []
    assert "waits already" in third.err


def test_production_publishes_a_key_before_it_signs(installed: Path) -> None:
    answer = run("key", "rotate", "--lead", "10m")
    assert answer.code == 7
    assert "at least 1h before" in answer.err
    assert "3600" not in answer.err
    assert len(run("key", "list", "--json").json) == len(ALGORITHMS)


def test_another_master_key_is_told(installed: Path) -> None:
    Path("master.key").unlink()
    answer = run("key", "rotate")
    assert answer.code == 1
    assert "master.key: No such file or directory; check master_key.file" in answer.err
    assert "Errno" not in answer.err


def test_the_key_of_handles_is_rotated_by_itself(installed: Path) -> None:
    (added,) = run("key", "rotate", "--handles", "--lead", "1h", "--json").json
    assert (added["handle_key"], set(added)) == ("2", {"handle_key", "activates_at"})
    again = run("key", "rotate", "--handles")
    assert again.code == 0
    assert "waits already" in again.err
    assert len(run("key", "list", "--json").json) == len(ALGORITHMS), "no other was added"
    both = run("key", "rotate", "--handles", "--algorithm", "ES256")
    assert both.code == 2 or "one after the other" in both.err


@pytest.mark.parametrize(
    "command",
    [
        ("key", "rotate"),
        ("key", "rotate", "--handles"),
        ("apply", "-f", "data.toml"),
        ("apply", "-f", "another.toml"),
        ("apply", "-f", "data.toml", "--dry-run"),
        ("client", "secret", "signs"),
    ],
    ids=" ".join,
)
def test_st_22_nothing_is_sealed_under_another_master_key(
    installed: Path, command: tuple[str, ...]
) -> None:
    """Not even for a new issuer: it could never be opened together with the others."""
    text = Path("data.toml").read_text()
    issuer = text[text.index("[[issuers]]") :].split("\n[[", 1)[0]
    new = re.sub(r'(id|url) = "([^"]*)"', r'\1 = "\2-too"', issuer)
    Path("signs.toml").write_text(SIGNING_CLIENT)
    assert run("apply", "-f", "signs.toml").code == 0
    Path("another.toml").write_text(re.sub(r'base_path = "[^"]*"', 'base_path = "/too"', new))
    Path("master.key").unlink()
    write_master_key(Path("master.key"))
    database = Path("ostiary.sqlite3")
    before = contents(database)
    answer = run(*command)
    assert answer.code == 1
    assert "the master key does not open the keys of this database" in answer.err
    assert contents(database) == before
