"""Secrets and passwords in files: given as they are, or better as ${env:NAME} or ${file:PATH}."""

import os
import re
from pathlib import Path

_REFERENCE = re.compile(r"\$\{(\w+):([^}]*)\}")


def resolve_secret(value: str, folder: Path) -> str:
    """What the value stands for; raises ValueError, saying what to do.

    A path is relative to `folder`. The last line break of a file does not count.
    """
    match = _REFERENCE.fullmatch(value)
    if match is None:
        return value
    source, name = match.groups()
    if source == "env":
        return _from_variable(name)
    if source == "file":
        return _from_file(folder / name)
    raise ValueError(f"write ${{env:NAME}} or ${{file:PATH}}, not ${{{source}:…}}")


def _from_variable(name: str) -> str:
    if name not in os.environ:
        raise ValueError(f"the variable {name} is not set; set it before applying the file")
    return os.environ[name]


def _from_file(path: Path) -> str:
    try:
        return path.read_text("utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read; check the path and its mode") from error
