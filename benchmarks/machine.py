"""On what it was measured: the kind of machine, versions, commit and date; no names."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import cluster
from benchmarks.campaign import Cores
from benchmarks.processes import output_of
from benchmarks.subjects import Subject


def machine(cores: Cores, data: Path) -> dict[str, str]:
    server = ", ".join(map(str, cores.server))
    database = ", ".join(map(str, cores.database))
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "processor": f"{processor_name()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        "cores": f"server {server}, generator {cores.generator}, PostgreSQL {database}",
        "file system of the data": output_of("stat", "--file-system", "--format=%T", str(data)),
    }


def processor_name() -> str:
    names = [
        value.strip()
        for key, _, value in (
            line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()
        )
        if key.strip() == "model name"
    ]
    return names[0] if names else platform.machine()


def commit() -> str:
    folder = str(Path(__file__).parent)
    name = output_of("git", "-C", folder, "rev-parse", "--short", "HEAD")
    changed = output_of("git", "-C", folder, "status", "--porcelain")
    return f"{name or 'none'}{' with changes' if changed else ''}"


def versions(subjects: Iterable[Subject]) -> dict[str, str]:
    found = {name: found for subject in subjects for name, found in subject.versions().items()}
    return found | cluster.versions()
