"""Where a request's processor time goes.

Without a profiler, which would slow down what it looks at. All of it is the time of the process;
commits are that of the threads that make them; signatures are what one costs here and now; HTTP is
what a request costs that asks for nothing (/livez). The rest is what is left to shave.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.campaign import Plan, Started, make_site, start
from benchmarks.load import Load, measure
from benchmarks.messages import Endpoint, send
from benchmarks.processes import ServerProcess, pinned_to, read_proc
from benchmarks.tables import table
from benchmarks.workloads import Workload, repeat
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.software import generate_private_key, signing_function

TIMED_SIGNATURES = 300
LONGEST_TOKEN = 800
# How many access tokens and ID tokens are signed, and how many requests sent.
SIGNED = {"client_credentials": (1, 0), "refresh": (1, 1), "code_flow": (1, 1)}
REQUESTS = {"code_flow": 3}
PROFILED = ("client_credentials", "refresh", "code_flow", "userinfo", "discovery")
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


def run(plan: Plan) -> str:
    """The least of several rounds: whatever else the machine does only ever adds to it."""
    return table(HEADINGS, [spent.row() for spent in profile(plan)])


def profile(plan: Plan) -> Iterator[Spent]:
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
