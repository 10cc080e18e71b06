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
from ostiary.management.apply.salvage import salvage
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
    """An entry and where it stands, such as ("clients", 0).

    `unread` are the keys whose values could not be read; the entry has stand-ins for them.
    """

    path: KeyPath
    entry: E
    unread: frozenset[str] = frozenset()


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
    """The entries, as far as they can be read.

    `unsure` are the kinds of which an entry cannot be told by its id: one that seems not to be there
    may be that one.
    """

    folder: Path
    issuers: Sequence[Located[IssuerEntry]]
    institutions: Sequence[Located[InstitutionEntry]]
    clients: Sequence[Located[ClientEntry]]
    users: Sequence[Located[UserEntry]]
    unsure: frozenset[str]
    faults: FaultList


def read_document(path: Path) -> Document:
    """Raises FileFaults when it is no TOML at all; other faults are collected."""
    text = read_text(path)
    tables = parse_toml(text, str(path))
    faults = FaultList(str(path), key_lines(text))
    for name in tables.keys() - set(KINDS):
        faults.add((name,), f"unknown key; {did_you_mean(name, KINDS)}")
    issuers = _read("issuers", IssuerEntry, tables, faults)
    institutions = _read("institutions", InstitutionEntry, tables, faults)
    return Document(
        folder=path.parent,
        issuers=issuers,
        institutions=institutions,
        clients=_read("clients", ClientEntry, tables, faults),
        users=_read("users", UserEntry, tables, faults),
        unsure=frozenset(
            kind
            for kind, entries in (("issuers", issuers), ("institutions", institutions))
            if not _all_named(entries, tables.get(kind, []))
        ),
        faults=faults,
    )


def _all_named(entries: Sequence[Located[Any]], tables: Any) -> bool:
    named = [located for located in entries if located.unread.isdisjoint({"issuer", "id"})]
    return isinstance(tables, list) and len(named) == len(tables)


def _read(
    kind: str, model: type[E], tables: Mapping[str, Any], faults: FaultList
) -> Sequence[Located[E]]:
    found = tables.get(kind, [])
    if not isinstance(found, list):
        faults.add((kind,), f"write each as a table headed [[{kind}]]")
        return []
    entries = []
    for index, table in enumerate(found):
        located = _read_entry((kind, index), model, table, faults)
        if located is not None:
            entries.append(located)
    return entries


def _read_entry(path: KeyPath, model: type[E], table: Any, faults: FaultList) -> Located[E] | None:
    try:
        return Located(path=path, entry=model.model_validate(table))
    except ValidationError as error:
        for key, message in model_faults(error, model):
            faults.add((*path, *key), message)
    if not isinstance(table, dict):
        return None
    entry, unread = salvage(model, table)
    return Located(path=path, entry=entry, unread=unread)
