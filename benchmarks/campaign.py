"""The comparison: cold starts first, then rounds in which the subjects take turns, then the schedule."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks import cluster
from benchmarks.assertions import AssertionKey
from benchmarks.cluster import Cluster
from benchmarks.load import Load, Measurement, measure
from benchmarks.messages import Answer, Endpoint, LoadError, send
from benchmarks.processes import (
    PATIENCE_SECONDS,
    Memory,
    ServerProcess,
    free_port,
    pinned_to,
    running,
)
from benchmarks.relying_party import RelyingParty, discovery_url
from benchmarks.subjects import Site, Subject, Variant
from benchmarks.verification import verify
from benchmarks.workloads import Target, Workload

POLL_SECONDS = 0.002
IDLE_SECONDS = 1.0
WARM_UP_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """Who has which: the server, the generator, and a database beside the server."""

    server: tuple[int, ...]
    generator: int
    database: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure, for how long, and where."""

    subjects: Sequence[Subject]
    workloads: Sequence[Workload]
    connections: int
    seconds: float
    rounds: int
    """Of the closed loop, after one that warms up."""
    schedules: int
    """Rounds of the open loop, at half the rate that the closed one reached."""
    starts: int
    limit: int
    cores: Cores
    data: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Seconds from spawning to the first 200 of discovery, and the memory of a server at rest."""

    subject: str
    seconds: float
    idle: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one workload against one subject; the scheduled ones are the open loop's."""

    subject: str
    workload: str
    round: int
    scheduled: bool
    measurement: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that was measured."""

    starts: list[Starts] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    loaded: dict[str, Memory] = field(default_factory=dict)
    """The memory of each subject after the last round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A server that has answered, and how long that took."""

    subject: Subject
    site: Site
    server: ServerProcess
    seconds: float
    targets: dict[Variant, Target] = field(default_factory=dict)

    def target(self, variant: Variant) -> Target:
        """Made once, so that people stay signed in."""
        if variant not in self.targets:
            self.targets[variant] = self._new_target(variant)
        return self.targets[variant]

    def _new_target(self, variant: Variant) -> Target:
        party = RelyingParty.discover(
            variant.issuer(self.site.port), variant.registration(self.site.key)
        )
        return Target(party=party, variant=variant, answers=self.subject.answers)


def run(plan: Plan) -> Outcome:
    outcome = Outcome()
    with (
        pinned_to((plan.cores.generator,)),
        TemporaryDirectory(prefix="ostiary-benchmark-", dir=plan.data) as folder,
        ExitStack() as stack,
    ):
        database = enter_cluster(stack, plan)
        sites = [make_site(subject, plan, Path(folder), database) for subject in plan.subjects]
        for subject, site in zip(plan.subjects, sites, strict=True):
            outcome.starts.append(measure_starts(subject, site, plan))
        started = [
            stack.enter_context(start(subject, site, plan.cores))
            for subject, site in zip(plan.subjects, sites, strict=True)
        ]
        for each in started:
            check_answers(each)
        outcome.results.extend(run_rounds(started, plan))
        outcome.results.extend(run_schedules(started, plan, outcome.results.copy()))
        outcome.loaded.update({each.subject.name: each.server.memory() for each in started})
    return outcome


def check_answers(started: Started) -> None:
    try:
        for variant in started.subject.variants:
            verify(started.target(variant))
    except LoadError as error:
        raise LoadError(f"{started.subject.name}: {error}\n{started.server.log_tail()}") from error


def enter_cluster(stack: ExitStack, plan: Plan) -> Cluster | None:
    if not any(subject.needs_postgresql for subject in plan.subjects):
        return None
    return stack.enter_context(cluster.cluster(plan.cores.database, plan.data))


def make_site(
    subject: Subject, plan: Plan, folder: Path, database: Cluster | None, workers: int = 1
) -> Site:
    data = folder / subject.name
    data.mkdir()
    url = None
    if subject.needs_postgresql:
        assert database is not None
        url = database.create(f"{subject.name}-{workers}")
    site = Site(
        port=free_port(),
        data=data,
        database_url=url,
        key=AssertionKey.fresh(),
        workers=workers,
    )
    subject.prepare(site)
    return site


@contextmanager
def start(subject: Subject, site: Site, cores: Cores) -> Iterator[Started]:
    began = perf_counter()
    log = site.data.with_suffix(".log")
    with running(subject.command(site), cores=cores.server, log=log) as server:
        wait_for_discovery(subject.variants[0].issuer(site.port), server)
        seconds = perf_counter() - began
        yield Started(subject=subject, site=site, server=server, seconds=seconds)


def wait_for_discovery(issuer: str, server: ServerProcess) -> None:
    endpoint = Endpoint.parse(discovery_url(issuer))
    deadline = perf_counter() + PATIENCE_SECONDS
    while perf_counter() < deadline:
        if server.process.poll() is not None:
            raise LoadError(f"{issuer} ended while starting:\n{server.log_tail()}")
        answer = try_to_send(endpoint)
        if answer is not None and answer.status == 200:
            return
        sleep(POLL_SECONDS)
    raise LoadError(f"{issuer} did not answer in {PATIENCE_SECONDS} s:\n{server.log_tail()}")


def try_to_send(endpoint: Endpoint) -> Answer | None:
    try:
        return send(endpoint.origin, endpoint.get())
    except (ConnectionError, LoadError):
        return None


def measure_starts(subject: Subject, site: Site, plan: Plan) -> Starts:
    """Each start is a process of its own; the first, which may make its tables, does not count."""
    seconds, idle = [], []
    for _ in range(plan.starts + 1):
        with start(subject, site, plan.cores) as started:
            seconds.append(started.seconds)
            sleep(IDLE_SECONDS)
            idle.append(started.server.memory())
    return Starts(
        subject=subject.name,
        seconds=median(seconds[1:]),
        idle=sorted(idle[1:], key=lambda memory: memory.resident)[plan.starts // 2],
    )


def run_rounds(started: Sequence[Started], plan: Plan) -> Iterator[Result]:
    """Round 0 warms up and is not kept."""
    warm_up = Load(seconds=min(plan.seconds, WARM_UP_SECONDS), limit=plan.limit)
    kept = Load(seconds=plan.seconds, limit=plan.limit)
    for number in range(plan.rounds + 1):
        say(f"round {number} of {plan.rounds}")
        for workload in plan.workloads:
            for each in in_turn(started, number, workload):
                measurement = run_one(each, workload, plan, kept if number else warm_up)
                if number:
                    yield Result(
                        subject=each.subject.name,
                        workload=workload.name,
                        round=number,
                        scheduled=False,
                        measurement=measurement,
                    )


def run_schedules(
    started: Sequence[Started], plan: Plan, closed: Sequence[Result]
) -> Iterator[Result]:
    for number in range(1, plan.schedules + 1):
        say(f"schedule {number} of {plan.schedules}")
        for workload in plan.workloads:
            for each in in_turn(started, number, workload):
                rates = [
                    result.measurement.rate
                    for result in closed
                    if (result.subject, result.workload) == (each.subject.name, workload.name)
                ]
                load = Load(seconds=plan.seconds, limit=plan.limit, rate=median(rates) / 2)
                yield Result(
                    subject=each.subject.name,
                    workload=workload.name,
                    round=number,
                    scheduled=True,
                    measurement=run_one(each, workload, plan, load),
                )


def in_turn(started: Sequence[Started], number: int, workload: Workload) -> list[Started]:
    """Those that can do it, in an order that turns with each round."""
    able = [
        each
        for each in started
        if each.subject.reason_against(workload.name, workload.tokens) is None
    ]
    turn = number % len(able) if able else 0
    return [*able[turn:], *able[:turn]]


def run_one(started: Started, workload: Workload, plan: Plan, load: Load) -> Measurement:
    variant = started.subject.variant(workload.tokens)
    assert variant is not None
    try:
        target = started.target(variant)
        operations = workload.prepare(target, plan.connections)
        return measure(target.party.token.origin, operations, load, started.server.cpu_seconds)
    except (LoadError, OSError) as error:
        raise LoadError(
            f"{started.subject.name}, {workload.name}: {error}\n{started.server.log_tail()}"
        ) from error


def say(text: str) -> None:
    print(text, file=sys.stderr)
