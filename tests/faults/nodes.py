"""PostgreSQL servers of their own that are stopped, killed, paused and promoted."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.kit.postgresql import SUPERUSER, command_of, ordinary_user, programs
from tests.kit.server import free_port

SECONDS = 30.0
OPTIONS = (
    *("listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB"),
    # What is killed here is a process, never the machine: the kernel keeps what was written.
    *("fsync=off", "max_connections=100", "wal_level=replica", "max_wal_senders=4"),
)


@dataclass(slots=True)
class Node:
    """One server; its folder outlives it."""

    folder: Path
    port: int = field(default_factory=free_port)
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        """A cluster whose roles need no password."""
        self._own_folder()
        arguments = ("-D", self.data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync")
        self._run("initdb", *arguments, "--locale=C")
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write("host replication all 127.0.0.1/32 trust\n")

    def copy_of(self, primary: "Node", name: str) -> None:
        """A standby that follows the primary under this name."""
        self._own_folder()
        source = f"host=127.0.0.1 port={primary.port} user={SUPERUSER} application_name={name}"
        self._run(
            "pg_basebackup", "-D", self.data, "-d", source, "-R", "-X", "stream", "-c", "fast"
        )

    def start(self) -> None:
        options = [f"-c{option}" for option in (*OPTIONS, *self.options, f"port={self.port}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command_of(ordinary_user(), "postgres", "-D", self.data, *options),
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        self.await_ready()

    def await_ready(self) -> None:
        ends = time.monotonic() + SECONDS
        while (
            self._run_quietly(
                "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER
            )
            != 0
        ):
            assert time.monotonic() < ends, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends connections and shuts down in order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """The server and all of its processes at once."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self._end(signal.SIGKILL)

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "-D", self.data, "-w")

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(SECONDS)
            self.process = None

    def _own_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        user = ordinary_user()
        if user is not None:
            shutil.chown(self.folder, user)
            self.folder.chmod(0o755)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = command_of(ordinary_user(), program, *arguments)
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=SECONDS)

    def _run_quietly(self, program: str, *arguments: str) -> int:
        folder = programs()
        assert folder is not None
        command = (str(folder / program), *arguments)
        return subprocess.run(command, check=False, capture_output=True, cwd="/").returncode
