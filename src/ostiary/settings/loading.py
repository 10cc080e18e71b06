"""Flags, OSTIARY_… variables and one TOML file, in falling precedence."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from ostiary.management.file_faults import (
    FileFault,
    FileFaults,
    key_text,
    model_faults,
    parse_toml,
    read_text,
)
from ostiary.management.toml_lines import KeyPath, key_lines, line_of
from ostiary.settings.master_key import MASTER_KEY_VARIABLE
from ostiary.settings.sections import Settings

PREFIX = "OSTIARY_"
NESTING = "__"
# Settings that are paths: in the file they are relative to the file.
PATHS = (
    ("database", "path"),
    ("master_key", "file"),
    ("server", "tls_certificate"),
    ("server", "tls_key"),
    ("server", "tls_client_ca"),
)

# Two ways to say where the database is: the one that is said last goes before the other.
EITHER = (("path", "url"), ("url", "path"))

# From a key to its line, variable or option.
Where: TypeAlias = Callable[[KeyPath], int | str | None]


def load_settings(
    path: Path | None,
    environment: Mapping[str, str],
    flags: Mapping[str, Mapping[str, object]] | None = None,
) -> Settings:
    """Raises FileFaults with everything that is wrong.

    `flags` are those that were given, such as {"server": {"port": 9401}}.
    """
    merged = _Merged()
    if path is not None:
        _merge_file(merged, path)
    if environment.get(MASTER_KEY_VARIABLE):
        merged.drop(
            "master_key", "file"
        )  # of the two ways to give the key, the variable goes first
    merged.add(environment_values(environment), lambda key: _variable(key, environment))
    merged.add(flags or {}, _flag)
    try:
        return Settings.model_validate(merged.values)
    except ValidationError as error:
        faults = [
            FileFault(where=merged.origin(key), key=key_text(key), message=message)
            for key, message in model_faults(error, Settings)
        ]
        name = "the configuration" if path is None else str(path)
        raise FileFaults(name, faults) from error


def environment_values(environment: Mapping[str, str]) -> Mapping[str, object]:
    """OSTIARY_SERVER__PORT is server.port. Names without a double underscore are not settings:
    container platforms make up their own, such as OSTIARY_PORT."""
    values: dict[str, Any] = {}
    for name in sorted(environment):
        path = name.removeprefix(PREFIX).lower().split(NESTING)
        if not name.startswith(PREFIX) or len(path) == 1:
            continue
        table = values
        for part in path[:-1]:
            if not isinstance(table.get(part), dict):
                table[part] = {}
            table = table[part]
        table[path[-1]] = environment[name]
    return values


class _Merged:
    """Values of rising precedence, and where each came from."""

    def __init__(self) -> None:
        self.values: Final[dict[str, Any]] = {}
        self._origins: Final[dict[KeyPath, int | str | None]] = {}

    def add(self, values: Mapping[str, Any], where: Where) -> None:
        database = values.get("database")
        for name, other in EITHER:
            if isinstance(database, Mapping) and name in database and other not in database:
                self.drop("database", other)
        self._add(values, self.values, (), where)

    def drop(self, section: str, name: str) -> None:
        """As if nobody had said it."""
        table = self.values.get(section)
        if isinstance(table, dict):
            table.pop(name, None)

    def origin(self, path: KeyPath) -> int | str | None:
        """Of the key, or of what it would stand in."""
        prefixes = (path[:length] for length in range(len(path), 0, -1))
        return next((self._origins[each] for each in prefixes if each in self._origins), None)

    def _add(
        self, values: Mapping[str, Any], into: dict[str, Any], path: KeyPath, where: Where
    ) -> None:
        for name, value in values.items():
            key = (*path, name)
            self._origins[key] = where(key)
            if isinstance(value, Mapping) and isinstance(into.setdefault(name, {}), dict):
                self._add(value, into[name], key, where)
            else:
                into[name] = value


def _variable(path: KeyPath, environment: Mapping[str, str]) -> str | None:
    """The first variable that speaks of the key or of something in it."""
    prefix = (PREFIX + NESTING.join(str(part) for part in path)).upper()
    return next((name for name in environment if name.upper().startswith(prefix)), None)


def _flag(path: KeyPath) -> str:
    return f"--{path[-1]}"


def _merge_file(merged: _Merged, path: Path) -> None:
    text = read_text(path)
    values = parse_toml(text, str(path))
    lines = key_lines(text)
    for section, name in PATHS:
        table = values.get(section)
        if isinstance(table, dict) and isinstance(table.get(name), str):
            # As people expect: beside the file, wherever the program was started.
            table[name] = str(path.parent / table[name])
    merged.add(values, lambda key: line_of(lines, key))
