"""Where a request's processor time goes: python -m benchmarks.profile --help.

Without a profiler, which would slow down what it looks at. All of it is the time of the process;
commits are that of the threads that make them; signatures are what one costs here and now; HTTP is
what a request costs that asks for nothing (/livez). The rest is what is left to shave.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.__main__ import MOST_OPERATIONS, on_one_core, share_out
from benchmarks.campaign import Plan, Started, make_site, start
from benchmarks.load import Load, measure
from benchmarks.messages import Endpoint, LoadError, send
from benchmarks.ostiary import OURS
from benchmarks.processes import ServerProcess, pinned_to, read_proc
from benchmarks.tables import table
from benchmarks.workloads import WORKLOADS, Workload, repeat
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.software import generate_private_key, signing_function

TIMED_SIGNATURES = 300
LONGEST_TOKEN = 800
# How many access tokens and ID tokens are signed, and how many requests sent.
SIGNED = {"client_credentials": (1, 0), "refresh": (1, 1), "code_flow": (1, 1)}
REQUESTS = {"code_flow": 3}
HEADINGS = ("work", "us in all", "signatures", "commits", "HTTP", "rest", "signatures and commits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Processor time of one operation, in seconds."""

    workload: str
    whole: float
    signatures: float
    commits: float
    http: float

    def row(self) -> tuple[str, ...]:
        rest = self.whole - self.signatures - self.commits - self.http
        parts = (self.whole, self.signatures, self.commits, self.http, rest)
        share = (self.signatures + self.commits) / self.whole
        return (self.workload, *(f"{part * 1e6:.0f}" for part in parts), f"{share:.0%}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """The server's threads: those that answer, one in each process, and those beside them."""

    server: ServerProcess

    def whole(self) -> float:
        return sum(seconds for _, seconds in self._each())

    def beside(self) -> float:
        return sum(seconds for answers, seconds in self._each() if not answers)

    def _each(self) -> Iterator[tuple[bool, float]]:
        for pid in self.server.pids():
            for task in Path(f"/proc/{pid}/task").iterdir():
                nanoseconds = read_proc(pid, f"task/{task.name}/schedstat").split()[:1]
                yield task.name == str(pid), sum(map(int, nanoseconds)) / 1e9


def main() -> int:
    arguments = parser().parse_args()
    plan = on_one_core(
        Plan(
            subjects=OURS[:1],
            workloads=[
                each
                for each in WORKLOADS
                if each.name.partition(" ")[0] in (arguments.workload or TOLD)
            ],
            connections=16,
            seconds=arguments.seconds,
            rounds=arguments.rounds,
            schedules=0,
            starts=0,
            limit=MOST_OPERATIONS,
            cores=share_out(sorted(os.sched_getaffinity(0))),
            data=arguments.data,
        )
    )
    try:
        print(table(HEADINGS, [spent.row() for spent in profile(plan)]))
    except LoadError as error:
        print(f"profile failed: {error}", file=sys.stderr)
        return 1
    return 0


TOLD = ("client_credentials", "refresh", "code_flow", "userinfo", "discovery")


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m benchmarks.profile",
        description="Microseconds of the server's processor time for one operation, over SQLite.",
    )
    names = sorted({workload.name.partition(" ")[0] for workload in WORKLOADS})
    found.add_argument(
        "--workload", action="append", choices=names, help="only this; may be given several times"
    )
    found.add_argument("--seconds", type=float, default=1.0, help="of one run (default: 1)")
    found.add_argument("--rounds", type=int, default=5, help="the least counts (default: 5)")
    found.add_argument("--data", type=Path, metavar="DIR", help="where the server keeps its data")
    return found


def profile(plan: Plan) -> Iterator[Spent]:
    """The least of several rounds: whatever else the machine does only ever adds to it."""
    (subject,) = plan.subjects
    with (
        pinned_to((plan.cores.generator,)),
        TemporaryDirectory(prefix="ostiary-profile-", dir=plan.data) as folder,
        start(subject, make_site(subject, plan, Path(folder), None), plan.cores) as started,
    ):
        http = min(seconds_of_nothing(started, plan) for _ in range(plan.rounds))
        for workload in plan.workloads:
            rounds = [spend(started, workload, plan, http) for _ in range(plan.rounds)]
            yield min(rounds, key=lambda spent: spent.whole)


def spend(started: Started, workload: Workload, plan: Plan, http: float) -> Spent:
    variant = started.subject.variant(workload.tokens)
    assert variant is not None
    target, threads = started.target(variant), Threads(server=started.server)
    operations = workload.prepare(target, plan.connections)
    load = Load(seconds=plan.seconds, limit=plan.limit)
    before = threads.beside()
    measured = measure(target.party.token.origin, operations, load, threads.whole)
    commits = (threads.beside() - before) / measured.operations
    name = workload.name.partition(" ")[0]
    access_tokens, id_tokens = SIGNED.get(name, (0, 0))
    with pinned_to(plan.cores.server):
        signatures = access_tokens * seconds_to_sign(variant.access_token)
        signatures += id_tokens * seconds_to_sign(variant.id_token)
    return Spent(
        workload=workload.name,
        whole=measured.server_cpu_each,
        signatures=signatures,
        commits=commits,
        http=REQUESTS.get(name, 1) * http,
    )


def seconds_of_nothing(started: Started, plan: Plan) -> float:
    issuer = started.subject.variants[0].issuer(started.site.port)
    endpoint = Endpoint.parse(f"{issuer}/livez")
    threads = Threads(server=started.server)
    load = Load(seconds=plan.seconds, limit=plan.limit)
    operations = [repeat(endpoint.get(), send(endpoint.origin, endpoint.get()))] * plan.connections
    return measure(endpoint.origin, operations, load, threads.whole).server_cpu_each


def seconds_to_sign(algorithm: str) -> float:
    sign = signing_function(generate_private_key(Algorithm(algorithm)), Algorithm(algorithm))
    message = bytes(LONGEST_TOKEN)
    spent = []
    for _ in range(TIMED_SIGNATURES):
        began = process_time()
        sign(message)
        spent.append(process_time() - began)
    return sorted(spent)[TIMED_SIGNATURES // 2]


if __name__ == "__main__":
    sys.exit(main())
