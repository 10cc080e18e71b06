"""Passwords and secrets: never on the command line, where other processes can read them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer

from ostiary.management.errors import Failure, ManagementError


def read_password() -> str:
    """Asked for twice on a terminal; elsewhere the first line of standard input."""
    if sys.stdin.isatty():
        answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise ManagementError(
            "there is no password on standard input",
            "type the command on a terminal, or pipe the password into it",
        )
    return password


@contextmanager
def opened_secret_file(path: Path | None) -> Iterator[TextIO | None]:
    """A new file that only its owner may read: there before the secret is made, so that none is
    lost, and gone again when nothing was written into it."""
    if path is None:
        yield None
        return
    with _created(path) as file:
        try:
            yield file
        finally:
            if file.tell() == 0:
                path.unlink()


def _created(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ManagementError(
            f"{path} is there already", "name a file that is not there yet", Failure.CONFLICT
        ) from error
    except OSError as error:
        raise ManagementError(
            f"cannot make {path}: {error.strerror}",
            "name a file in a directory that is there, and that you may write to",
            Failure.UNAVAILABLE,
        ) from error
    # By its name, for whoever tells where the secret went.
    return open(path, "w", encoding="utf-8", opener=lambda *_: descriptor)
