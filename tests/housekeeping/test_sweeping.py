"""Dead rows go, living ones stay, and nobody who asks can tell the difference."""

import asyncio
import os
import re
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.domain.issuer import DAY, HOUR
from ostiary.domain.signing_keys import RETIREMENT
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.housekeeping.job import Household
from ostiary.housekeeping.sweeping import BATCH, sweep_all, sweep_table
from ostiary.storage.refusals import RefusalRecord
from ostiary.storage.source import Source
from ostiary.storage.sweeping import SWEEPS, Sweep
from scripts.reference_pages import KEPT
from tests.housekeeping.crowd import add_expired
from tests.housekeeping.steady import Steady
from tests.kit.leaving import BACKCHANNEL, signed_in_with_tokens
from tests.kit.outside import contents, query, tables
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, START, World, a_client

OFFLINE = "openid profile email offline_access"
SWEEP = {sweep.table: sweep for sweep in SWEEPS}


async def count(source: Source, table: str) -> int:
    return len(contents(source, ENTERPRISE.issuer_id)[table])


async def swept_after(household: Household, world: World, seconds: int) -> int:
    world.clock.time += seconds
    return await sweep_all(household)


# ---- what goes and what stays -------------------------------------------------------------------


@pytest.mark.both_engines
async def test_what_is_alive_stays(household: Household, world: World, source: Source) -> None:
    rp = RelyingParty(world=world)
    person, tokens = await signed_in_with_tokens(rp, scope=OFFLINE)
    before = {table: await count(source, table) for table in SWEEP}
    assert before["authorizations"] == before["sessions"] == before["interactions"] == 1
    assert await swept_after(household, world, HOUR - 10) == 0
    assert {table: await count(source, table) for table in SWEEP} == before
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200
    await person.http.aclose()


@pytest.mark.both_engines
async def test_each_table_is_rid_of_its_dead_in_time(
    household: Household, world: World, source: Source
) -> None:
    rp = RelyingParty(world=world)
    await signed_in_with_tokens(rp)
    await world.store.spent.add("enterprise", b"x" * 16, expires_at=START + 60, now=START)
    record = RefusalRecord(
        reference="R-1",
        at=START,
        code="x",
        endpoint="token",
        client_id=None,
        expected=None,
        received=None,
    )
    await world.store.refusals.add("enterprise", record)
    await swept_after(household, world, HOUR + 61)
    assert await count(source, "spent_ids") == 0
    assert await count(source, "interactions") == 1
    await swept_after(household, world, DAY + HOUR)
    assert await count(source, "interactions") == 0
    await swept_after(household, world, 2 * DAY)
    assert (await count(source, "sessions"), await count(source, "authorizations")) == (0, 0)
    assert await count(source, "refusals") == 1
    await swept_after(household, world, 30 * DAY)
    assert await count(source, "refusals") == 0


@pytest.mark.both_engines
async def test_audit_events_and_consents_stay_for_ever(
    household: Household, world: World, source: Source
) -> None:
    await signed_in_with_tokens(RelyingParty(world=world))
    kept = {"audit_events", "consents", "users", "memberships", "clients"}
    before = contents(source)
    assert await swept_after(household, world, 3650 * DAY) > 0
    after = contents(source)
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


async def test_the_issuers_of_a_database_are_swept_by_their_own_clocks(
    household: Household, world: World, source: Source
) -> None:
    for issuer in (ENTERPRISE, CONSUMER):
        await world.store.spent.add(issuer.issuer_id, b"x" * 16, expires_at=START + 60, now=START)

    class Ahead:
        def now(self) -> int:
            return START + DAY

    clocks = {"enterprise": Ahead()}
    household = replace(
        household,
        clock_of=lambda issuer: clocks.get(issuer.issuer_id if issuer else "", world.clock),
    )
    assert await sweep_all(household) == 1
    assert await count(source, "spent_ids") == 0
    assert len(contents(source, CONSUMER.issuer_id)["spent_ids"]) == 1


async def test_a_client_is_told_of_a_logout_after_its_authorization_has_ended(
    household: Household, world: World, source: Source
) -> None:
    """The row that says who is to be told stays as long as the session may still end."""
    issuer = replace(ENTERPRISE, lifetimes=replace(ENTERPRISE.lifetimes, session=30 * DAY))
    await world.store.issuers.save(issuer, (await world.store.audit.latest("enterprise"))[0])
    client = a_client("told", ENTERPRISE, backchannel_logout_uri=f"{BACKCHANNEL}/told")
    rp = RelyingParty.of(world, await world.add_client(client))
    await signed_in_with_tokens(rp)
    await swept_after(household, world, 10 * DAY)
    assert await count(source, "authorizations") == 1
    await swept_after(household, world, 25 * DAY)
    assert await count(source, "authorizations") == 0


async def test_st_17_a_clock_that_jumps_ahead_is_not_believed_for_an_hour(
    household: Household, world: World, source: Source
) -> None:
    """What it would have taken for expired is there when it has been set right."""
    steady = Steady()
    household = replace(household, clockwatch=Clockwatch(world.clock, steady))
    _, tokens = await signed_in_with_tokens(RelyingParty(world=world), scope=OFFLINE)
    before = contents(source, "enterprise")["authorizations"]
    world.clock.time += 3650 * DAY
    assert await sweep_all(household) == 0
    steady.time += HOUR - 1
    assert await sweep_all(household) == 0
    world.clock.time -= 3650 * DAY
    assert contents(source, "enterprise")["authorizations"] == before
    assert (await RelyingParty(world=world).refresh(tokens["refresh_token"])).status_code == 200
    steady.time += 1
    world.clock.time += 4 * DAY
    steady.time += 4 * DAY
    assert await sweep_all(household) > 0


# ---- who comes late -----------------------------------------------------------------------------


Present = Callable[[RelyingParty, dict[str, str]], Awaitable[object]]


async def refreshed(rp: RelyingParty, tokens: dict[str, str]) -> object:
    answer = await rp.refresh(tokens["refresh_token"])
    return answer.status_code, answer.json()


async def introspected(rp: RelyingParty, tokens: dict[str, str]) -> object:
    return (await rp.introspect(tokens["refresh_token"])).json()


async def revoked(rp: RelyingParty, tokens: dict[str, str]) -> object:
    return (await rp.revoke(tokens["refresh_token"])).status_code


async def asked_for_claims(rp: RelyingParty, tokens: dict[str, str]) -> object:
    return (await rp.userinfo(tokens["access_token"])).status_code


@pytest.mark.parametrize("present", [refreshed, introspected, revoked, asked_for_claims])
@pytest.mark.parametrize("ends", ["is revoked", "comes to its end"])
async def test_a_token_is_refused_as_before_once_its_authorization_was_swept(
    household: Household, world: World, source: Source, present: Present, ends: str
) -> None:
    rp = RelyingParty.of(
        world, await world.add_client(a_client("asks", ENTERPRISE, may_introspect=True))
    )
    _, tokens = await signed_in_with_tokens(rp, scope=OFFLINE)
    if ends == "is revoked":
        assert (await rp.revoke(tokens["refresh_token"])).status_code == 200
        world.clock.time += 4 * DAY
    else:
        world.clock.time += ENTERPRISE.lifetimes.authorization + 4 * DAY
    before = await present(rp, tokens)
    assert await sweep_all(household) > 0
    assert await count(source, "authorizations") == 0
    assert await present(rp, tokens) == before


async def test_an_older_refresh_token_is_refused_once_its_authorization_was_swept(
    household: Household, world: World
) -> None:
    rp = RelyingParty(world=world)
    _, tokens = await signed_in_with_tokens(rp, scope=OFFLINE)
    for _ in range(2):
        assert (await rp.refresh(tokens["refresh_token"])).status_code in {200, 400}
        world.clock.time += 60
    assert (await rp.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    await swept_after(household, world, 400 * DAY)
    answer = await rp.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_refused_as_before_once_its_authorization_was_swept(
    household: Household, world: World
) -> None:
    rp = RelyingParty(world=world)
    flow, response = await rp.authorize(rp.person())
    world.clock.time += 4 * DAY
    before = await rp.redeem(flow, response["code"])
    assert await sweep_all(household) > 0
    after = await rp.redeem(flow, response["code"])
    assert (after.status_code, after.json()) == (before.status_code, before.json())


async def test_s10_expiry_does_not_wait_for_the_sweeper(world: World) -> None:
    """Nothing is ever swept here; what has expired is refused by the clock alone."""
    rp = RelyingParty(world=world)
    person, tokens = await signed_in_with_tokens(rp, scope=OFFLINE)
    flow, response = await rp.authorize(person)
    pushed = (await rp.push(rp.begin())).json()["request_uri"]
    world.clock.time += ENTERPRISE.lifetimes.authorization
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 400
    assert (await rp.userinfo(tokens["access_token"])).status_code == 401
    assert (await rp.redeem(flow, response["code"])).status_code == 400
    await person.open(rp.visit_of(pushed))
    assert person.page.status == 400
    await person.open(rp.begin(prompt="none").url)
    assert "error=login_required" in (person.left_to or "")


# ---- in small batches ---------------------------------------------------------------------------


def test_what_is_read_as_dead_is_what_is_removed() -> None:
    """Both statements have the condition, in the same words."""
    for sweep in SWEEPS:
        found = re.search(r"CASE WHEN(.*)THEN 1", sweep.find, re.DOTALL)
        if found is not None:
            condition = " ".join(found[1].split())
            assert condition in " ".join(sweep.remove.split()), sweep.table


def test_of_every_table_it_is_said_how_long_its_rows_are_kept(source: Source) -> None:
    kept = {name for names in KEPT for name in names.split(", ")}
    assert set(SWEEP) | kept == set(tables(source))
    assert not set(SWEEP) & kept


def test_an_authorization_is_kept_longer_than_any_token_lives() -> None:
    assert SWEEP["authorizations"].keep > RETIREMENT


async def test_a_run_goes_on_where_the_last_one_stopped(
    household: Household, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The living are looked at now and then, and the dead behind them are found all the same."""
    add_expired(world.path, "enterprise", "sessions", 3 * BATCH, newest=START)
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute("UPDATE sessions SET expires_at = expires_at + 1000000000")
        connection.commit()
    add_expired(world.path, "enterprise", "sessions", BATCH, newest=START + DAY)
    monkeypatch.setattr("ostiary.housekeeping.sweeping.MOST_LIVING", BATCH)
    world.clock.time += 3 * DAY
    removed = [await sweep_table(household, ENTERPRISE, SWEEP["sessions"]) for _ in range(5)]
    assert sorted(removed) == [0, 0, 0, 0, BATCH]
    assert household.swept == {
        ("enterprise", "sessions"): household.swept["enterprise", "sessions"]
    }


@pytest.mark.both_engines
@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.table)
async def test_no_sweep_reads_a_whole_table(world: World, source: Source, sweep: Sweep) -> None:
    values = {
        "issuer_id": "'enterprise'",
        **dict.fromkeys(("before", "now", "limit"), "5"),
        **dict.fromkeys(
            ("after", "young", "last"), "X'00'" if isinstance(source, Path) else "'\\x00'::bytea"
        ),
    }
    for statement in (sweep.find, sweep.remove):
        text = re.sub(r":(\w+)", lambda match: values[match[1]], statement)
        if isinstance(source, Path):
            plan = [str(row[-1]) for row in query(source, f"EXPLAIN QUERY PLAN {text}")]
            assert not [line for line in plan if "SCAN" in line or "B-TREE" in line], plan
            assert all(" AND " in line for line in plan if "SEARCH" in line), "by more than issuer"
        else:
            query(source, "SET enable_seqscan = off")  # the tables are next to empty
            plan = [str(row[0]) for row in query(source, f"EXPLAIN {text}")]
            assert not [line for line in plan if "Seq Scan" in line or "hashed" in line], plan


@pytest.mark.both_engines
async def test_of_two_sweepers_at_once_one_counts_what_is_gone(world: World) -> None:
    for number in range(BATCH // 2):
        spent = number.to_bytes(16)
        await world.store.spent.add("enterprise", spent, expires_at=START + 60, now=START)
    sweep = SWEEP["spent_ids"]
    batches = await asyncio.gather(
        *(
            world.store.sweeping.sweep("enterprise", sweep, b"", START + 30 * DAY, BATCH)
            for _ in range(2)
        )
    )
    assert sum(batch.removed for batch in batches) == BATCH // 2


# ---- ST-16: under load --------------------------------------------------------------------------


async def latencies(rp: RelyingParty, token: str, requests: int) -> list[float]:
    """How long a client waits for answers, each of which takes a read and a change."""
    found = []
    for number in range(requests):
        began = time.perf_counter()
        assert (await rp.userinfo(token)).status_code == 200
        spent = os.urandom(16)
        await rp.world.store.spent.add(
            "consumer", spent, expires_at=START + 600, now=START + number
        )
        found.append(time.perf_counter() - began)
        await asyncio.sleep(PAUSE)
    return found


# A server that is always busy is another matter than one that has something to do.
PAUSE = 0.005


def p99(found: list[float]) -> float:
    return statistics.quantiles(found, n=100)[-1]


async def test_st_16_a_hundred_thousand_expired_rows_are_swept_beside_the_requests(
    household: Household, world: World, source: Source
) -> None:
    rp = RelyingParty(world=world)
    for table, rows in (("spent_ids", 50_000), ("authorizations", 40_000), ("sessions", 10_000)):
        add_expired(world.path, "enterprise", table, rows, newest=START - 30 * DAY)
    _, tokens = await signed_in_with_tokens(rp)
    token = tokens["access_token"]
    quiet = await latencies(rp, token, 300)
    sweeping = asyncio.create_task(sweep_all(household))
    busy: list[float] = []
    while not sweeping.done():
        busy += await latencies(rp, token, 20)
    assert await sweeping == 100_000
    assert p99(busy) < max(2 * p99(quiet), 0.05)
    assert (await count(source, "sessions"), await count(source, "authorizations")) == (1, 1)
