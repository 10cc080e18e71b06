"""The load generator: a closed loop, which asks for the most, and an open loop, which keeps to a schedule."""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from time import perf_counter, process_time

import uvloop

from benchmarks.messages import Answer, LoadError, Origin, parse_answer

GRACE_SECONDS = 20
"""How much longer than asked for a run may take until its last answers are in."""
TIMES_SEED = 1

Exchange = Generator[bytes, Answer, None]
"""One operation under way: it yields requests, is sent their answers, and checks them."""

Operation = Callable[[], Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How long to ask, and how: with a rate the loop is open, without one it is closed."""

    seconds: float
    limit: int
    rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one run of a workload took; times in seconds."""

    operations: int
    elapsed: float
    median: float
    percentile_95: float
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
    """What the connections of one run share. The closed loop: who is answered goes on at once."""

    load: Load
    finished: asyncio.Future[None]
    connections: int
    latencies: list[float] = field(default_factory=list)
    deadline: float = 0.0
    last_answer: float = 0.0

    def begin(self, connections: Sequence["Connection"]) -> float:
        """When the run began."""
        began = perf_counter()
        self.deadline = began + self.load.seconds
        for connection in connections:
            connection.begin(perf_counter())
        return began

    def complete(self, connection: "Connection", intended: float) -> None:
        """Counts an operation, from when it should have begun."""
        self.last_answer = now = perf_counter()
        self.latencies.append(now - intended)
        self.go_on(connection, now)

    def go_on(self, connection: "Connection", now: float) -> None:
        if now < self.deadline and len(self.latencies) < self.load.limit:
            connection.begin(now)
        else:
            self.leave(connection)

    def leave(self, connection: "Connection") -> None:
        connection.left = True
        self.connections -= 1
        if self.connections == 0 and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.finished.done():
            self.finished.set_exception(error)


@dataclass(slots=True, kw_only=True)
class ScheduledRun(Run):
    """The open loop: operations begin at their own times, whether or not the last are answered.

    The times are those of many independent people (a Poisson process): they bunch as real ones do.

    When every connection is busy the next operation waits, and its waiting counts: a latency is
    measured from when its operation should have begun. Idle connections take turns, or the server
    would close those that never get one in a long run. The generator never sleeps, since the loop's
    timers are a millisecond wide; it has its core to itself.
    """

    rate: float
    times: Random = field(default_factory=lambda: Random(TIMES_SEED))
    idle: deque["Connection"] = field(default_factory=deque)
    next_start: float = 0.0

    def begin(self, connections: Sequence["Connection"]) -> float:
        began = perf_counter()
        self.deadline = began + self.load.seconds
        self.next_start = began
        self.idle = deque(connections)
        self.tick()
        return began

    def tick(self) -> None:
        now = perf_counter()
        while self.idle and self.next_start <= now and self.next_start < self.deadline:
            self.take(self.idle.popleft())
        if self.next_start < self.deadline:
            if not self.finished.done():
                asyncio.get_running_loop().call_soon(self.tick)
        else:
            while self.idle:
                self.leave(self.idle.popleft())

    def go_on(self, connection: "Connection", now: float) -> None:
        if self.next_start >= self.deadline:
            self.leave(connection)
        elif self.next_start <= now:
            self.take(connection)
        else:
            self.idle.append(connection)

    def take(self, connection: "Connection") -> None:
        intended = self.next_start
        self.next_start += self.times.expovariate(self.rate)
        connection.begin(intended)


class Connection(asyncio.Protocol):
    """Drives one operation after another, with no task or future per request: they cost more."""

    def __init__(self, operation: Operation, run: Run) -> None:
        self._operation = operation
        self._run = run
        self._received = b""
        self._began = 0.0
        self.left = False

    def attach(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport

    def begin(self, intended: float) -> None:
        try:
            self._exchange = self._operation()
            self._began = intended
            self._transport.write(next(self._exchange))
        except Exception as error:
            self._run.fail(error)

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
            self._run.complete(self, self._began)
        else:
            self._transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.left:
            self._run.fail(LoadError("the server closed a connection in use"))


def measure(
    origin: Origin,
    operations: Sequence[Operation],
    load: Load,
    server_cpu: Callable[[], float],
) -> Measurement:
    """Repeats each operation on a connection of its own; any wrong answer ends the run."""
    return uvloop.run(_measure(origin, operations, load, server_cpu))


async def _measure(
    origin: Origin,
    operations: Sequence[Operation],
    load: Load,
    server_cpu: Callable[[], float],
) -> Measurement:
    loop = asyncio.get_running_loop()
    run = new_run(load, loop.create_future(), len(operations))
    connected: list[tuple[asyncio.Transport, Connection]] = []
    try:
        for operation in operations:
            pair = await loop.create_connection(
                partial(Connection, operation, run), origin.address, origin.port
            )
            connected.append(pair)
            pair[1].attach(pair[0])
        server_before, generator_before = server_cpu(), process_time()
        began = run.begin([connection for _, connection in connected])
        await asyncio.wait_for(run.finished, load.seconds + GRACE_SECONDS)
        return summarise(
            run.latencies,
            elapsed=run.last_answer - began,
            server_cpu=server_cpu() - server_before,
            generator_cpu=process_time() - generator_before,
        )
    except TimeoutError:
        raise LoadError(f"no answer within {GRACE_SECONDS} seconds") from None
    finally:
        for transport, _ in connected:
            transport.abort()


def new_run(load: Load, finished: asyncio.Future[None], connections: int) -> Run:
    if load.rate is None:
        return Run(load=load, finished=finished, connections=connections)
    return ScheduledRun(load=load, finished=finished, connections=connections, rate=load.rate)


def summarise(
    latencies: Sequence[float], *, elapsed: float, server_cpu: float, generator_cpu: float
) -> Measurement:
    ordered = sorted(latencies)
    return Measurement(
        operations=len(ordered),
        elapsed=elapsed,
        median=ordered[len(ordered) // 2],
        percentile_95=ordered[len(ordered) * 95 // 100],
        percentile_99=ordered[len(ordered) * 99 // 100],
        server_cpu=server_cpu,
        generator_cpu=generator_cpu,
    )
