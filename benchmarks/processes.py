"""Servers as processes: started on cores of their own, measured from /proc, always ended."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

PATIENCE_SECONDS = 30
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def pinned_to(cores: Sequence[int]) -> Iterator[None]:
    """What is started inside inherits the cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    command: Sequence[str], *, cores: Sequence[int], log: Path, user: str | None = None
) -> Iterator["ServerProcess"]:
    """The command as a process that does not outlive the block."""
    with log.open("wb") as output, pinned_to(cores):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, user=user
        )
    server = ServerProcess(process=process, log=log)
    try:
        yield server
    finally:
        server.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident and proportional set size of a process tree, in bytes."""

    resident: int
    proportional: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProcess:
    """A server that we started, with the processes that it started."""

    process: subprocess.Popen[bytes]
    log: Path

    def cpu_seconds(self) -> float:
        """User and system time of the tree, that of ended children included."""
        return sum(cpu_ticks(pid) for pid in self.pids()) / TICKS_PER_SECOND

    def memory(self) -> Memory:
        sizes = [read_sizes(pid) for pid in self.pids()]
        return Memory(
            resident=sum(size.get("Rss", 0) for size in sizes),
            proportional=sum(size.get("Pss", 0) for size in sizes),
        )

    def pids(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            found += children(pid)
        return found

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def end(self) -> None:
        """Asks the tree to end and, where it will not, ends it by process id."""
        pids = self.pids()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS / 3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        deadline = monotonic() + 2
        while any(Path(f"/proc/{pid}").exists() for pid in pids[1:]) and monotonic() < deadline:
            sleep(0.05)
        for pid in pids[1:]:
            end_orphan(pid)


def end_orphan(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def cpu_ticks(pid: int) -> int:
    # The command's name, in parentheses, may hold spaces: the numbered fields begin behind it.
    fields = read_proc(pid, "stat").rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15])


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.exists():
        return []
    found = " ".join(read_proc(pid, f"task/{task.name}/children") for task in tasks.iterdir())
    return [int(child) for child in found.split()]


def read_sizes(pid: int) -> dict[str, int]:
    lines = [line.split() for line in read_proc(pid, "smaps_rollup").splitlines()]
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines if line[-1] == "kB"}


def read_proc(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def output_of(*command: str) -> str:
    """What a command prints, or nothing where it is not installed or fails."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    ended = subprocess.run(
        (program, *command[1:]),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return ended.stdout.strip() if ended.returncode == 0 else ""
