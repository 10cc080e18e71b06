"""Two processes over one database, killed and paused at random under load, again and again.

Catalogue ST-01 to ST-03; reliability M4, M6. The crowd's history is held against what a lawful
provider could have answered, and against the database.
"""

import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crowd import Crowd
from tests.faults.history import History, Kind, Operation, Outcome, violations
from tests.faults.table import Figures
from tests.kit.server import Server, Site, make_site, serving, start_server
from tests.races.at_once import send
from tests.races.party import Racer, row_of
from tests.races.test_kill_under_load import sign_in

PEOPLE, THREADS, PROCESSES = 4, 8, 2
SHORTEST, LONGEST = 0.1, 0.6
PAUSE = 0.3


@contextmanager
def working(crowd: Crowd) -> Iterator[None]:
    threads = [
        threading.Thread(target=crowd.work, args=(number,), name=f"client {number}")
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        crowd.stopping.set()
        for thread in threads:
            thread.join()


def kill_and_pause(site: Site, servers: list[Server], rounds: int) -> None:
    """In each round one process dies and comes back, or stands still for a moment."""
    for number in range(rounds):
        time.sleep(random.uniform(SHORTEST, LONGEST))
        victim = number % PROCESSES
        if number % 4 == 3:
            os.kill(servers[victim].process.pid, signal.SIGSTOP)
            time.sleep(PAUSE)
            os.kill(servers[victim].process.pid, signal.SIGCONT)
        else:
            servers[victim].kill()
            servers[victim] = start_server(site, servers[victim].port)


def run(site: Site, rounds: int) -> Crowd:
    """A history, and the database it led to; nothing runs any more."""
    with serving(site, PROCESSES) as servers:
        racer = Racer(site=site, ports=[each.port for each in servers], client_id="trusted")
        crowd = Crowd(racer=racer, cookies=[sign_in(racer) for _ in range(PEOPLE)])
        with working(crowd):
            kill_and_pause(site, servers, rounds)
        assert crowd.failures == []
        operations = crowd.history.by_subject()
        for subject in [*crowd.finished, *crowd.subjects]:
            done = operations.get(subject.name, [])
            check_still_good(racer, done, subject.refresh_tokens)
    return crowd


def check_still_good(racer: Racer, operations: list[Operation], tokens: dict[int, str]) -> None:
    """Nothing lawful has ended it, and no answer got lost: then the newest token works."""
    if not tokens or not all(_keeps_alive(each) for each in operations):
        return
    answer = send(racer.refresh(tokens[max(tokens)]))
    assert answer.status == 200, f"it is dead: {answer.body!r}"


def _keeps_alive(operation: Operation) -> bool:
    return operation.outcome is Outcome.SUCCESS and operation.kind is not Kind.REVOKE


def check_durable(history: History, row_of: Callable[[str], Mapping[str, Any]]) -> None:
    """S3: what was answered with success is in the database; `row_of` finds an authorization by its
    code."""
    for name, operations in history.by_subject().items():
        row = row_of(name)
        for each in operations:
            if each.outcome is not Outcome.SUCCESS:
                continue
            match each.kind:
                case Kind.REDEEM:
                    assert row["redeemed_at"] is not None, "a spent code is unspent"
                case Kind.REFRESH:
                    assert row["generation"] > each.generation, "a rotation is lost"
                case Kind.REVOKE:
                    assert row["revoked_at"] is not None, "a revocation is lost"
                case Kind.USE:
                    pass  # leaves nothing


def check_lawful(history: History) -> None:
    found = {
        name: broken
        for name, operations in history.by_subject().items()
        if (broken := list(violations(operations)))
    }
    assert found == {}


def check_run(site: Site, crowd: Crowd, rounds: int) -> None:
    history = crowd.history
    check_lawful(history)
    with closing(sqlite3.connect(site.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check_durable(history, partial(row_of, site))
    # A run in which nothing happens shows nothing.
    assert history.count(Kind.REFRESH, Outcome.SUCCESS) > 5 * rounds
    assert history.count(Kind.REVOKE, Outcome.SUCCESS) > 0
    assert sum(history.count(kind, Outcome.UNKNOWN) for kind in Kind) > 0


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Site:
    return make_site(template, tmp_path / "ostiary.db")


def test_s1_s2_s3_s4_hold_while_processes_are_killed_and_paused(site: Site) -> None:
    crowd = run(site, 4)
    check_run(site, crowd, 4)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_s1_s2_s3_s4_hold_for_a_hundred_rounds_on_sqlite(site: Site, figures: Figures) -> None:
    crowd = run(site, 100)
    check_run(site, crowd, 100)
    figures.note(
        "kill -9 or pause, 100 rounds, 2 processes, SQLite",
        operations=len(crowd.history),
        acknowledged=sum(crowd.history.count(kind, Outcome.SUCCESS) for kind in Kind),
        lost=0,
    )
