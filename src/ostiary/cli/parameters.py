"""Parameters that people write in their own way."""

import json
from typing import TYPE_CHECKING

import typer

from ostiary.management.durations import parse_duration

if TYPE_CHECKING:
    from pathlib import Path

    from ostiary.protocol.tokens import Json


def seconds(text: str) -> int:
    """A duration such as "7d"."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def file_content(path: "Path") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}") from error


def claim(text: str) -> "tuple[str, Json]":
    """NAME=VALUE; a value that is JSON other than a number is read as such."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f'write NAME=VALUE, such as email=alice@example.com: not "{text}"')
    # Digits stay text: an account number is no number.
    if value in {"true", "false", "null"} or value[:1] in {"{", "["}:
        try:
            return name, json.loads(value)
        except ValueError as error:
            raise typer.BadParameter(f"{name} is not JSON: {error}") from error
    return name, value
