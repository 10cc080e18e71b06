"""Reading a file for `ostiary apply`: each table on its own, so that all faults are found at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ostiary.management.apply.entries import (
    ClientEntry,
    Entry,
    InstitutionEntry,
    IssuerEntry,
    UserEntry,
)
from ostiary.management.file_faults import (
    FileFault,
    FileFaults,
    did_you_mean,
    key_text,
    model_faults,
    parse_toml,
    read_text,
)
from ostiary.management.toml_lines import KeyPath, key_lines, line_of

E = TypeVar("E", bound=Entry)

KINDS = ("issuers", "institutions", "clients", "users")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located(Generic[E]):
    """An entry and where it stands, such as ("clients", 0)."""

    path: KeyPath
    entry: E


class FaultList:
    """Collects the faults of one file, each with its line."""

    def __init__(self, name: str, lines: Mapping[KeyPath, int]) -> None:
        self._name = name
        self._lines = lines
        self._faults: list[FileFault] = []

    def add(self, path: KeyPath, message: str) -> None:
        where = line_of(self._lines, path)
        self._faults.append(FileFault(where=where, key=key_text(path), message=message))

    def raise_any(self) -> None:
        if self._faults:
            raise FileFaults(self._name, self._faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The entries that can be read.

    `mentioned` are all issuers and institutions of the file, as (issuer,) and (issuer, institution),
    readable or not: an entry that names one is not at fault for the faults of that one.
    """

    folder: Path
    issuers: Sequence[Located[IssuerEntry]]
    institutions: Sequence[Located[InstitutionEntry]]
    clients: Sequence[Located[ClientEntry]]
    users: Sequence[Located[UserEntry]]
    mentioned: frozenset[tuple[str, ...]]
    faults: FaultList


def read_document(path: Path) -> Document:
    """Raises FileFaults when it is no TOML at all; other faults are collected."""
    text = read_text(path)
    tables = parse_toml(text, str(path))
    faults = FaultList(str(path), key_lines(text))
    for name in tables.keys() - set(KINDS):
        faults.add((name,), f"unknown key; {did_you_mean(name, KINDS)}")
    return Document(
        folder=path.parent,
        issuers=_read("issuers", IssuerEntry, tables, faults),
        institutions=_read("institutions", InstitutionEntry, tables, faults),
        clients=_read("clients", ClientEntry, tables, faults),
        users=_read("users", UserEntry, tables, faults),
        mentioned=_mentioned(tables, "issuers", "id")
        | _mentioned(tables, "institutions", "issuer", "id"),
        faults=faults,
    )


def _read(
    kind: str, model: type[E], tables: Mapping[str, Any], faults: FaultList
) -> Sequence[Located[E]]:
    found = tables.get(kind, [])
    if not isinstance(found, list):
        faults.add((kind,), f"write each as a table headed [[{kind}]]")
        return []
    entries = []
    for index, table in enumerate(found):
        entry = _read_entry((kind, index), model, table, faults)
        if entry is not None:
            entries.append(Located(path=(kind, index), entry=entry))
    return entries


def _read_entry(path: KeyPath, model: type[E], table: Any, faults: FaultList) -> E | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        for key, message in model_faults(error, model):
            faults.add((*path, *key), message)
        at_fault = {key[0] for key, _ in model_faults(error, model) if key}
        if not (model is IssuerEntry or at_fault.isdisjoint(model.model_fields)):
            return None
    # Without the keys at fault it is still good for finding what else is wrong. Not so a client or
    # a user with a wrong value: what is missed there would make right values look wrong.
    try:
        return model.model_validate(
            {key: value for key, value in table.items() if key not in at_fault}
        )
    except (ValidationError, AttributeError):
        return None


def _mentioned(tables: Mapping[str, Any], kind: str, *names: str) -> frozenset[tuple[str, ...]]:
    found = tables.get(kind)
    return frozenset(
        tuple(str(table.get(name)) for name in names)
        for table in (found if isinstance(found, list) else ())
        if isinstance(table, dict)
    )
