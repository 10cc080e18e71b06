"""Whether a SQLite file is one that may be served, looked at before it is."""

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote

from ostiary.storage.connections import BUSY_TIMEOUT_SECONDS
from ostiary.storage.database import StoreUnavailable

# Read whole at each start: 60 ms at most. Larger ones are for `ostiary db check`, and a timer.
LARGEST_READ = 32 << 20
_HEADER_LENGTH = 100


def check_whole(path: Path) -> None:
    """Raises StoreUnavailable for a file that was cut, or whose pages do not fit together.

    A log that was torn needs no check: SQLite takes it up to the last commit that is whole.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    found = _cut(path) or (_torn(path) if path.stat().st_size <= LARGEST_READ else None)
    if found is not None:
        raise StoreUnavailable(
            f"the database {path} is damaged: {found}; restore the last backup: "
            "ostiary db restore FILE"
        )


def _cut(path: Path) -> str | None:
    """Whether pages are missing that its own header counts. Those may still be in the log."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size > 0:
        return None
    with path.open("rb") as file:
        header = file.read(_HEADER_LENGTH)
    page = int.from_bytes(header[16:18])
    size = int.from_bytes(header[28:32]) * (65_536 if page == 1 else page)
    return "its end is missing" if path.stat().st_size < size else None


def _torn(path: Path) -> str | None:
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return None  # it cannot be read at present, which is no damage: who opens it says why
    except sqlite3.Error as error:
        return str(error)
    return None if found == "ok" else str(found).replace("\n", " ")
