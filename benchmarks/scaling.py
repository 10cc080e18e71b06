"""Workers: the same server with one and with two processes, each with a core to itself."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.campaign import Plan, Started, enter_cluster, make_site, run_one, start
from benchmarks.load import Load
from benchmarks.processes import pinned_to
from benchmarks.tables import table
from benchmarks.workloads import Workload

WORKERS = (1, 2)
SCALED = (
    "client_credentials ES256",
    "refresh RS256",
    "refresh ES256",
    "userinfo",
    "code_flow ES256",
)
CONNECTIONS = 32

Rates = dict[tuple[str, str, int], list[float]]
"""By subject, workload and workers."""


def run(plan: Plan) -> Rates:
    """The numbers of workers take turns."""
    rates: Rates = {}
    with (
        pinned_to((plan.cores.generator,)),
        TemporaryDirectory(prefix="ostiary-benchmark-", dir=plan.data) as folder,
        ExitStack() as stack,
    ):
        database = enter_cluster(stack, plan)
        started: list[Started] = []
        for workers in WORKERS:
            place = Path(folder) / str(workers)
            place.mkdir()
            cores = replace(plan.cores, server=plan.cores.server[:workers])
            for subject in plan.subjects:
                site = make_site(subject, plan, place, database, workers)
                started.append(stack.enter_context(start(subject, site, cores)))
        for number in range(plan.rounds + 1):
            load = Load(seconds=plan.seconds if number else 0.3, limit=plan.limit)
            for workload in plan.workloads:
                for each in started:
                    measured = run_one(each, workload, plan, load)
                    key = (each.subject.name, workload.name, each.site.workers)
                    rates.setdefault(key, []).extend([measured.rate] if number else [])
    return rates


def as_text(rates: Rates, subjects: Sequence[str], workloads: Sequence[Workload]) -> str:
    headings = [f"{each} worker{'s' if each > 1 else ''}, per s" for each in WORKERS]
    rows = []
    for workload in workloads:
        for subject in subjects:
            found = [median(rates[subject, workload.name, each]) for each in WORKERS]
            figures = [f"{rate:,.0f}" for rate in found]
            rows.append((workload.name, subject, *figures, f"{found[-1] / found[0]:.2f}x"))
    return table(("work", "subject", *headings, "ratio"), rows)
