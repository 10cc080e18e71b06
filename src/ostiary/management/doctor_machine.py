"""The doctor's checks of the machine: files, room on the disk, limits, processors."""

import os
import resource
import shutil
import stat
from collections.abc import AsyncIterator

from ostiary.management.doctor import Patient
from ostiary.management.findings import Finding, fail, ok, warn
from ostiary.storage.source import PostgresqlSource

MEGABYTE = 1 << 20
# Below it nothing may be written any more before the day is over.
LEAST_FREE, LITTLE_FREE = 200 * MEGABYTE, 2048 * MEGABYTE
# Sockets that listen, files of the database, connections to it and to others.
FILES_BESIDE_CONNECTIONS = 256


async def check_files(patient: Patient) -> AsyncIterator[Finding]:
    """Nobody else may read what holds secrets."""
    for path in patient.private_files:
        open_to_others = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        if open_to_others:
            yield fail("file modes", f"others may read or write {path}", f"run: chmod 600 {path}")
        else:
            yield ok("file modes", f"{path} is for its owner alone")


async def check_disk(patient: Patient) -> AsyncIterator[Finding]:
    if isinstance(patient.source, PostgresqlSource):
        return
    free = shutil.disk_usage(patient.source.absolute().parent).free
    text = f"{free // MEGABYTE} MB free beside the database"
    if free < LEAST_FREE:
        yield fail("disk", text, "make room: without any, nothing can be written")
    elif free < LITTLE_FREE:
        yield warn("disk", text, "make room soon")
    else:
        yield ok("disk", text)


async def check_open_files(patient: Patient) -> AsyncIterator[Finding]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    needed = patient.connections + FILES_BESIDE_CONNECTIONS
    if most < needed:
        yield warn(
            "open files",
            f"{most} for a process, and {patient.connections} connections may be open",
            f"allow {needed}: LimitNOFILE of the unit, or ulimit -n",
        )
    else:
        yield ok("open files", f"{most} for a process (as this command was started)")


async def check_workers(patient: Patient) -> AsyncIterator[Finding]:
    cores = len(os.sched_getaffinity(0))
    text = f"{patient.workers} for {cores} processor cores"
    if patient.workers > cores:
        yield warn("workers", text, f"set server.workers to {cores} or less, or to auto")
    else:
        yield ok("workers", text)
