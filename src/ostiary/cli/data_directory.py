"""The data directory of `ostiary dev`: its files, and the mark by which production refuses it."""

from pathlib import Path

from ostiary.management.errors import Failure, ManagementError
from ostiary.signing.master_key import write_master_key

DEFAULT = Path(".ostiary")
DATABASE = "ostiary.sqlite3"
MASTER_KEY = "master.key"
SERVICE_KEY = "demo-service.pem"
MARK = "DEMO-DATA"

_MARK_TEXT = """\
This directory was made by `ostiary dev`. Everybody knows its passwords and secrets, so
`ostiary serve` refuses it. Nothing in it is needed: delete it to start afresh.
"""


def prepare(directory: Path) -> None:
    """Make the directory, its mark and its master key, where they are not there yet."""
    if (directory / DATABASE).exists() and not is_demo(directory):
        raise ManagementError(
            f"{directory} holds a database that ostiary dev did not make",
            "choose another directory with --data, so that demo users do not get into it",
            Failure.REFUSED,
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / MARK).write_text(_MARK_TEXT, "utf-8")
    ignored = directory / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", "utf-8")
    write_master_key(directory / MASTER_KEY)


def is_demo(directory: Path) -> bool:
    return (directory / MARK).exists()


def setting_values(directory: Path) -> dict[str, dict[str, object]]:
    """The settings that lead to the directory's files."""
    return {
        "database": {"path": directory / DATABASE},
        "master_key": {"file": directory / MASTER_KEY},
    }
