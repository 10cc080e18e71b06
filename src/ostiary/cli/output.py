"""What commands print: data on stdout, talk on stderr."""

import contextlib
import json
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from ostiary.protocol.tokens import Json


def say(text: str) -> None:
    """To the person; scripts do not read it, and where nobody can, nothing is stopped by it."""
    with contextlib.suppress(OSError):
        typer.echo(text, err=True)


def typed_name() -> str:
    """How people can type this program's name: with its path where no search would find it."""
    program = Path(sys.argv[0])
    return "ostiary" if shutil.which("ostiary") or program.name != "ostiary" else str(program)


def show(text: str) -> None:
    typer.echo(text)


def show_json(value: Json) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their longest text."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def instant(seconds: int) -> str:
    """As ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def optional_instant(seconds: int | None) -> str | None:
    return None if seconds is None else instant(seconds)
