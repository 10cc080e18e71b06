"""Half of the load for a long time: what grows, and how fast."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import asyncpg

from benchmarks import ostiary
from benchmarks.campaign import Plan, Started, enter_cluster, make_site, run_one, say, start
from benchmarks.cluster import as_superuser
from benchmarks.load import Load
from benchmarks.processes import pinned_to
from benchmarks.subjects import Site
from benchmarks.tables import listing, table
from benchmarks.workloads import WORKLOADS, Workload

MINUTE = 60.0
SHARES = {"sign_in": 0.1, "refresh RS256": 0.3, "code_flow ES256": 0.4, "userinfo": 0.2}
"""Which part of each minute is spent on what."""
MEBIBYTE = 1024 * 1024
WARM_UP_MINUTES = 5
"""Not part of the slope: caches fill, pools grow."""
TABLES = ("authorizations", "sessions", "interactions", "audit_events", "audit_seals", "spent_ids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    number: int
    resident: int
    handles: int
    threads: int
    connections: int
    rows: Mapping[str, int]
    percentile_99: Mapping[str, float]


def run(plan: Plan, seconds: int, facts: Mapping[str, str]) -> str:
    parts = [listing(facts.items())]
    for subject in plan.subjects:
        with (
            pinned_to((plan.cores.generator,)),
            TemporaryDirectory(prefix="ostiary-benchmark-", dir=plan.data) as folder,
            ExitStack() as stack,
        ):
            database = enter_cluster(stack, plan)
            site = make_site(subject, plan, Path(folder), database)
            started = stack.enter_context(start(subject, site, plan.cores))
            minutes = soak(started, plan, seconds)
        parts += [f"**{subject.store}**, {seconds / MINUTE:g} minutes", *as_text(minutes)]
    return "\n\n".join(parts)


def soak(started: Started, plan: Plan, seconds: int) -> list[Minute]:
    workloads = [each for each in WORKLOADS if each.name in SHARES]
    closed = Load(seconds=plan.seconds, limit=plan.limit)
    rates = {each.name: run_one(started, each, plan, closed).rate / 2 for each in workloads}
    minutes: list[Minute] = []
    ends = perf_counter() + seconds
    while perf_counter() < ends:
        left = min(MINUTE, max(ends - perf_counter(), 1.0))
        slowest = {each.name: part(started, each, plan, left, rates) for each in workloads}
        minutes.append(look_at(started, len(minutes), slowest))
        say(f"minute {len(minutes)}: {minutes[-1].resident / MEBIBYTE:.1f} MiB")
    return minutes


def part(
    started: Started, workload: Workload, plan: Plan, left: float, rates: Mapping[str, float]
) -> float:
    load = Load(seconds=left * SHARES[workload.name], limit=plan.limit, rate=rates[workload.name])
    return run_one(started, workload, plan, load).percentile_99


def look_at(started: Started, number: int, slowest: Mapping[str, float]) -> Minute:
    pids = started.server.pids()
    return Minute(
        number=number,
        resident=started.server.memory().resident,
        handles=sum(entries(pid, "fd") for pid in pids),
        threads=sum(entries(pid, "task") for pid in pids),
        connections=sum(sockets(pid) for pid in pids),
        rows=count_rows(started.site),
        percentile_99=slowest,
    )


def entries(pid: int, name: str) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/{name}").iterdir())


def sockets(pid: int) -> int:
    links = [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(str(link).startswith("socket:") for link in links)


def count_rows(site: Site) -> Mapping[str, int]:
    if site.database_url is not None:
        return asyncio.run(count_in_postgresql(as_superuser(site.database_url)))
    path = site.data / ostiary.DATABASE
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {name: connection.execute(counting(name)).fetchone()[0] for name in TABLES}


async def count_in_postgresql(url: str) -> Mapping[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return {name: await connection.fetchval(counting(name)) for name in TABLES}
    finally:
        await connection.close()


def counting(name: str) -> str:
    return f"SELECT count(*) FROM {name}"  # noqa: S608  a name of TABLES


def as_text(minutes: Sequence[Minute]) -> list[str]:
    shown = [*minutes[:3], *minutes[3 :: max(len(minutes) // 10, 1)]]
    works = list(SHARES)
    rows = [
        (
            str(each.number + 1),
            f"{each.resident / MEBIBYTE:.1f}",
            str(each.handles),
            str(each.threads),
            str(each.connections),
            *(f"{each.percentile_99[name] * 1e3:.1f}" for name in works),
            *(f"{each.rows[name]:,}" for name in TABLES),
        )
        for each in shown
    ]
    headings = ("minute", "MiB (RSS)", "handles", "threads", "sockets")
    tails = tuple(f"{name} p99 ms" for name in works)
    return [table((*headings, *tails, *TABLES), rows), told_slope(minutes)]


def told_slope(minutes: Sequence[Minute]) -> str:
    steady = minutes[WARM_UP_MINUTES:]
    if len(steady) < WARM_UP_MINUTES:
        return "Too short for a slope."
    each_hour = slope([each.resident for each in steady]) * 60 / MEBIBYTE
    return f"Resident memory, after {WARM_UP_MINUTES} minutes: {each_hour:+.2f} MiB an hour."


def slope(values: Sequence[float]) -> float:
    """Of the straight line through them that errs least (Theil-Sen: one outlier moves it little)."""
    slopes = sorted(
        (later - earlier) / (second - first)
        for first, earlier in enumerate(values)
        for second, later in enumerate(values)
        if second > first
    )
    return slopes[len(slopes) // 2]
