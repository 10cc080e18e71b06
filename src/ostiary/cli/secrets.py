"""Passwords and secrets: never on the command line, where other processes can read them."""

import os
import sys
from pathlib import Path

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


def check_secret_file(path: Path | None) -> None:
    """Before a secret is made, whether its file can be."""
    if path is None:
        return
    if path.exists():
        raise ManagementError(
            f"{path} is there already", "name a file that is not there yet", Failure.CONFLICT
        )
    if not path.parent.is_dir():
        raise ManagementError(
            f"there is no directory {path.parent}", "make it first", Failure.NOT_FOUND
        )


def write_secret(path: Path, secret: str) -> None:
    """Into a new file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
