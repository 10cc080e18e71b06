"""kill -9 between any two statements leaves nothing half-issued. AC-11, ST-01, ST-02, ST-03.

A provider goes through a whole sign-in and dies behind its n-th statement, for every n. What was
answered is still there; what was not has happened wholly or not at all; a client may start anew.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ostiary.storage.schema import ensure_schema
from tests.kit.relying_party import RelyingParty
from tests.kit.world import MovableClock, World, world_over
from tests.races.party import id_in

ROOT = Path(__file__).parents[2]
PARTS = 4
# The fewest statements that a whole sign-in can have; a hook that misses some would show here.
FEWEST = 40

STEPS = (
    "begun",
    "interaction",
    "identifier",
    "signed_in",
    "code",
    "redeemed",
    "refreshed",
    "second_code",
    "revoked",
    "signed_out",
)

History = Mapping[str, Mapping[str, str]]


def read_history(folder: Path) -> History:
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(STEPS[: len(lines)])
    return {line["step"]: line for line in lines}


class Left:
    """What the crash has left, read before anybody mends anything."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            self.integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
            self.interactions = self._all(connection, "interactions")
            self.authorizations = self._all(connection, "authorizations")
            self.sessions = self._all(connection, "sessions")
            self.consents = self._all(connection, "consents")
            self.events = [
                row["type"]
                for row in self._all(connection, "audit_events")
                if row["actor"] not in {"test", "operator"} and row["type"] != "key.added"
            ]

    def _all(self, connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
        rows = connection.execute(f"SELECT * FROM {table} WHERE issuer_id = 'enterprise'")  # noqa: S608
        return [dict(row) for row in rows]

    @property
    def interaction(self) -> dict[str, Any]:
        return self.interactions[0] if self.interactions else {}

    @property
    def first(self) -> dict[str, Any]:
        """The authorization that the interaction ended in."""
        return self.authorizations[0] if self.authorizations else {}

    def happened(self) -> set[str]:
        """The steps whose effect is in the database."""
        interaction, first = self.interaction, self.first
        effects = {
            "interaction": bool(interaction),
            "identifier": interaction.get("identifier") is not None,
            "signed_in": interaction.get("signed_in_session") is not None,
            "code": bool(first),
            "redeemed": first.get("redeemed_at") is not None,
            "refreshed": first.get("generation", 0) == 1,
            "second_code": len(self.authorizations) == 2,
            "revoked": first.get("revoked_at") is not None,
            "signed_out": any(row["ended_at"] is not None for row in self.sessions),
        }
        return {step for step, shows in effects.items() if shows}


def check_nothing_is_half_done(left: Left) -> None:
    """Everything that one change writes is there, or none of it."""
    assert left.integrity == "ok"
    happened = left.happened()
    signed_in, code = "signed_in" in happened, "code" in happened
    assert len(left.sessions) == signed_in
    assert ("sign_in.succeeded" in left.events) is signed_in
    assert (left.interaction.get("finished_at") is not None) is code
    assert len(left.consents) == code
    assert ("consent.granted" in left.events) is code
    assert ("authorization.revoked" in left.events) is ("revoked" in happened)
    assert ("session.ended" in left.events) is ("signed_out" in happened)
    assert len(left.events) == len(set(left.events))
    if "redeemed" in happened:
        assert left.first["refresh_until"] is not None
    if "refreshed" in happened:
        assert left.first["rotated_at"] is not None


def check_history(left: Left, history: History) -> None:
    """What was answered is there; of what was not, at most the one step that was under way."""
    happened = left.happened()
    answered = [step for step in STEPS[1:] if step in history]
    assert set(answered) <= happened, "an answered step is lost"
    assert happened <= set(STEPS[1 : len(answered) + 2]), "more has happened than was asked for"


async def check_client(world: World, history: History, happened: set[str]) -> None:
    """What the client holds works or is cleanly dead, and it may start anew."""
    party = RelyingParty(world)
    if "code" in history:
        await _present_code(party, history, happened)
    elif "redeemed" not in history:
        assert "redeemed" not in happened
    answer = await party.tokens(scope="openid profile offline_access")
    assert (await party.userinfo(answer["access_token"])).status_code == 200
    assert (await party.refresh(answer["refresh_token"])).status_code == 200


async def _present_code(party: RelyingParty, history: History, happened: set[str]) -> None:
    tokens = history.get("refreshed") or history.get("redeemed")
    if tokens is not None and "revoked" not in happened:
        # ST-02: the client's last received token works, whatever became of the request after it.
        assert (await party.userinfo(tokens["access_token"])).status_code == 200
        again = await party.refresh(tokens["refresh_token"])
        assert again.status_code == 200, again.text
    code = await _redeem(party, history)
    if "redeemed" in happened:
        assert code.status_code == 400, "a spent code stays spent"
        if tokens is not None:
            assert (await party.userinfo(tokens["access_token"])).status_code == 401
            assert (await party.refresh(tokens["refresh_token"])).status_code == 400
    else:
        assert code.status_code == 200
        assert (await _redeem(party, history)).status_code == 400


async def _redeem(party: RelyingParty, history: History) -> httpx2.Response:
    return await party.token(
        grant_type="authorization_code",
        code=history["code"]["code"],
        redirect_uri="https://rp.example/cb",
        code_verifier=history["begun"]["verifier"],
    )


def reopen(path: Path) -> World:
    """The provider started again."""
    return world_over(path, MovableClock())


def run_killed(template: Path, folder: Path, part: int) -> int:
    arguments: Sequence[str | Path] = (template, folder, str(part), str(PARTS))
    run = subprocess.run(
        (sys.executable, "-m", "tests.races.killed_flow", *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout.splitlines()[-1])  # behind the provider's log


@pytest.mark.parametrize("part", range(PARTS))
async def test_ac_11_st_01_st_02_st_03_a_kill_behind_any_statement_leaves_nothing_half_issued(
    template: Path, tmp_path: Path, part: int
) -> None:
    total = run_killed(template, tmp_path, part)
    assert total >= FEWEST
    unanswered = 0
    for last in range(1 + part, total + 1, PARTS):
        folder = tmp_path / str(last)
        copy = folder / "left.db"
        for suffix in ("", "-wal"):  # the rest is made anew, as on another machine
            shutil.copy(folder / f"ostiary.db{suffix}", f"{copy}{suffix}")
        history, left = read_history(folder), Left(copy)
        check_nothing_is_half_done(left)
        check_history(left, history)
        if "code" in history:
            assert left.first["authorization_id"] == id_in(history["code"]["code"])
        unanswered += len(left.happened()) - (len(history) - 1)
        ensure_schema(folder / "ostiary.db")
        # What the killed process left is opened as it lies.
        world = reopen(folder / "ostiary.db")
        try:
            await check_client(world, history, left.happened())
        finally:
            await world.ostiary.close()
    assert unanswered > 0, "some died between the commit and the answer"
