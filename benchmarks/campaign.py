"""The whole benchmark: cold starts first, then rounds in which the subjects take turns."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks.load import Measurement, measure
from benchmarks.messages import Answer, Endpoint, LoadError, send
from benchmarks.processes import PATIENCE_SECONDS, Memory, ServerProcess, running
from benchmarks.relying_party import RelyingParty, discovery_url
from benchmarks.subjects import Subject
from benchmarks.workloads import Target, Workload

POLL_SECONDS = 0.002
IDLE_SECONDS = 1.0
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure, for how long, and where."""

    subjects: Sequence[Subject]
    workloads: Sequence[Workload]
    connections: int
    seconds: float
    rounds: int
    starts: int
    limit: int
    server_core: int
    generator_core: int
    data: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Seconds from spawning to the first 200 of discovery, and the memory of a server at rest."""

    subject: str
    first_ever: float
    with_data: float
    idle: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one workload against one subject."""

    subject: str
    workload: str
    round: int
    measurement: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that was measured."""

    starts: list[Starts]
    results: list[Result]
    loaded: dict[str, Memory]
    """The memory of each subject after the last round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A server that has answered, and how long that took."""

    subject: Subject
    issuer: str
    server: ServerProcess
    seconds: float


def run(plan: Plan) -> Outcome:
    os.sched_setaffinity(0, {plan.generator_core})
    with (
        TemporaryDirectory(prefix="ostiary-benchmark-", dir=plan.data) as folder,
        ExitStack() as stack,
    ):
        starts = [measure_starts(subject, plan, Path(folder)) for subject in plan.subjects]
        started = [
            stack.enter_context(start(subject, Path(folder) / subject.name, plan.server_core))
            for subject in plan.subjects
        ]
        results = list(run_rounds(started, plan))
        loaded = {each.subject.name: each.server.memory() for each in started}
    return Outcome(starts=starts, results=results, loaded=loaded)


@contextmanager
def start(subject: Subject, data: Path, core: int) -> Iterator[Started]:
    """The subject serving from the data folder, which it may have to make."""
    port = free_port()
    command = subject.command(port, data)
    began = perf_counter()
    with running(command, core=core, log=data.with_suffix(".log")) as server:
        wait_for_discovery(subject.issuer(port), server)
        seconds = perf_counter() - began
        yield Started(subject=subject, issuer=subject.issuer(port), server=server, seconds=seconds)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


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


def measure_starts(subject: Subject, plan: Plan, folder: Path) -> Starts:
    """Each start is a process of its own; the last one's data folder is the one that is kept."""
    first_ever, with_data, idle = [], [], []
    for number in range(plan.starts):
        is_last = number == plan.starts - 1
        data = folder / (subject.name if is_last else f"{subject.name}-{number}")
        with start(subject, data, plan.server_core) as started:
            first_ever.append(started.seconds)
        with start(subject, data, plan.server_core) as started:
            with_data.append(started.seconds)
            sleep(IDLE_SECONDS)
            idle.append(started.server.memory())
    return Starts(
        subject=subject.name,
        first_ever=median(first_ever),
        with_data=median(with_data),
        idle=sorted(idle, key=lambda memory: memory.resident)[len(idle) // 2],
    )


def run_rounds(started: Sequence[Started], plan: Plan) -> Iterator[Result]:
    """Round 0 warms up and is not kept; the order of the subjects turns with each round."""
    warm_up = replace(plan, seconds=min(plan.seconds, WARM_UP_SECONDS))
    for number in range(plan.rounds + 1):
        turn = number % len(started)
        for workload in plan.workloads:
            for each in [*started[turn:], *started[:turn]]:
                result = run_one(each, workload, number, plan if number else warm_up)
                if number:
                    yield result


def run_one(started: Started, workload: Workload, number: int, plan: Plan) -> Result:
    subject = started.subject
    try:
        party = RelyingParty.discover(started.issuer, subject.answers)
        target = Target(
            party=party, access_token_algorithm=subject.access_token_algorithm, api=subject.api
        )
        measurement = measure(
            party.token.origin,
            workload.prepare(target, plan.connections),
            seconds=plan.seconds,
            limit=plan.limit,
            server_cpu=started.server.cpu_seconds,
        )
    except (LoadError, OSError) as error:
        raise LoadError(
            f"{subject.name}, {workload.name}: {error}\n{started.server.log_tail()}"
        ) from error
    return Result(
        subject=subject.name, workload=workload.name, round=number, measurement=measurement
    )
