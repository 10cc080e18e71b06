"""Makes key rotation a crash point: python -m tests.races.killed_rotation TEMPLATE FOLDER.

FOLDER/<n>.db is what is left when a rotation of all keys is killed behind the n-th statement of its
writer. The number of all statements is printed.
"""

import asyncio
import sys
from pathlib import Path

from ostiary.management.keys import rotate, rotate_handle_key
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.world import (
    ENTERPRISE,
    MASTER_KEY,
    START,
    MovableClock,
    copy_template,
    world_over,
)
from tests.storage.killing import WRITER, count_statements, ended_well, in_child, was_killed


def rotated(template: Path, path: Path, last: int | None) -> int:
    """The number of statements, when nobody kills it."""
    copy_template(template, path)
    countdown = count_statements(last, thread=WRITER)

    async def run() -> None:
        world = world_over(path, MovableClock())
        added = await rotate(world.store, MASTER_KEY, ENTERPRISE, Algorithm, START, lead=0)
        assert len(added) == len(Algorithm)
        assert await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, START, lead=0)
        await world.ostiary.close()

    asyncio.run(run())
    return countdown.count


def main(template: Path, folder: Path) -> None:
    counted = folder / "counted"

    def count() -> None:
        counted.write_text(str(rotated(template, folder / "whole.db", None)))

    assert ended_well(in_child(count))
    total = int(counted.read_text())
    for last in range(1, total + 1):

        def killed(last: int = last) -> None:
            rotated(template, folder / f"{last}.db", last)

        assert was_killed(in_child(killed)), f"statement {last} of {total} was not reached"
    sys.stdout.write(f"{total}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
