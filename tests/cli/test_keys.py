"""`ostiary key`."""

from pathlib import Path

from tests.cli.terminal import run

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
