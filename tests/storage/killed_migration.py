"""Makes one database a crash point: python -m tests.storage.killed_migration FOLDER.

FOLDER/<n>.db is what a migration leaves that is killed behind its n-th statement; the migration
that nobody kills is FOLDER/whole.db. The number of statements is printed.
"""

import sys
from pathlib import Path

# Loaded before the forks; a child shall not spend its time on it.
import alembic.command  # noqa: F401
import sqlalchemy.dialects.sqlite  # noqa: F401

from ostiary.storage.schema import ensure_schema
from tests.storage.killing import count_statements, ended_well, in_child, was_killed


def main(folder: Path) -> None:
    whole = folder / "count"

    def run_whole() -> None:
        countdown = count_statements(None)
        ensure_schema(folder / "whole.db")
        whole.write_text(str(countdown.count))

    assert ended_well(in_child(run_whole))
    total = int(whole.read_text())
    for last in range(1, total + 1):

        def run_killed(last: int = last) -> None:
            count_statements(last)
            ensure_schema(folder / f"{last}.db")

        assert was_killed(in_child(run_killed)), f"statement {last} of {total} was not reached"
    sys.stdout.write(f"{total}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
