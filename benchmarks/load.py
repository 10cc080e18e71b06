"""A closed-loop load generator: a connection sends on as soon as it is answered."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter, process_time

import uvloop

from benchmarks.messages import Answer, LoadError, Origin, parse_answer

GRACE_SECONDS = 10
"""How much longer than asked for a run may take until its last answers are in."""

Exchange = Generator[bytes, Answer, None]
"""One operation under way: it yields requests, is sent their answers, and checks them."""

Operation = Callable[[], Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one run of a workload took; times in seconds."""

    operations: int
    elapsed: float
    median: float
    percentile_99: float
    server_cpu: float
    generator_cpu: float

    @property
    def rate(self) -> float:
        return self.operations / self.elapsed

    @property
    def server_cpu_each(self) -> float:
        return self.server_cpu / self.operations

    @property
    def generator_share(self) -> float:
        """How busy the generator's core was; near 1 the generator is what was measured."""
        return self.generator_cpu / self.elapsed


@dataclass(slots=True, kw_only=True)
class Run:
    """What the connections of one run share."""

    deadline: float
    limit: int
    finished: asyncio.Future[None]
    connections: int
    latencies: list[float] = field(default_factory=list)
    last_answer: float = 0.0

    def complete(self, began: float) -> bool:
        """Counts an operation; whether another may begin."""
        self.last_answer = perf_counter()
        self.latencies.append(self.last_answer - began)
        return self.last_answer < self.deadline and len(self.latencies) < self.limit

    def leave(self) -> None:
        self.connections -= 1
        if self.connections == 0 and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.finished.done():
            self.finished.set_exception(error)


class Connection(asyncio.Protocol):
    """Drives one operation after another, with no task or future per request: they cost more."""

    def __init__(self, operation: Operation, run: Run) -> None:
        self._operation = operation
        self._run = run
        self._received = b""
        self._left = False

    def begin(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._exchange = self._operation()
        self._began = perf_counter()
        transport.write(next(self._exchange))

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            answer = parse_answer(self._received)
            if answer is not None:
                self._received = b""
                self._advance(answer)
        except Exception as error:
            self._run.fail(error)

    def _advance(self, answer: Answer) -> None:
        try:
            request = self._exchange.send(answer)
        except StopIteration:
            if self._run.complete(self._began):
                self.begin(self._transport)
            else:
                self._left = True
                self._run.leave()
        else:
            self._transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._left:
            self._run.fail(LoadError("the server closed a connection in use"))


def measure(
    origin: Origin,
    operations: Sequence[Operation],
    *,
    seconds: float,
    limit: int,
    server_cpu: Callable[[], float],
) -> Measurement:
    """Repeats each operation on a connection of its own; any wrong answer ends the run."""
    return uvloop.run(_measure(origin, operations, seconds, limit, server_cpu))


async def _measure(
    origin: Origin,
    operations: Sequence[Operation],
    seconds: float,
    limit: int,
    server_cpu: Callable[[], float],
) -> Measurement:
    loop = asyncio.get_running_loop()
    run = Run(deadline=0.0, limit=limit, finished=loop.create_future(), connections=len(operations))
    connections: list[tuple[asyncio.WriteTransport, Connection]] = []
    try:
        for operation in operations:
            connected = await loop.create_connection(
                partial(Connection, operation, run), origin.address, origin.port
            )
            connections.append(connected)
        server_before, generator_before, began = server_cpu(), process_time(), perf_counter()
        run.deadline = began + seconds
        for transport, connection in connections:
            connection.begin(transport)
        await asyncio.wait_for(run.finished, seconds + GRACE_SECONDS)
        return summarise(
            run.latencies,
            elapsed=run.last_answer - began,
            server_cpu=server_cpu() - server_before,
            generator_cpu=process_time() - generator_before,
        )
    except TimeoutError:
        raise LoadError(f"no answer within {GRACE_SECONDS} seconds") from None
    finally:
        for transport, _ in connections:
            transport.abort()


def summarise(
    latencies: Sequence[float], *, elapsed: float, server_cpu: float, generator_cpu: float
) -> Measurement:
    ordered = sorted(latencies)
    return Measurement(
        operations=len(ordered),
        elapsed=elapsed,
        median=ordered[len(ordered) // 2],
        percentile_99=ordered[len(ordered) * 99 // 100],
        server_cpu=server_cpu,
        generator_cpu=generator_cpu,
    )
