"""What applying a file would change: shown before, and carried out when wanted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias

from ostiary.domain.client import Client
from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer, Lifetimes
from ostiary.protocol.tokens import Json

Kept: TypeAlias = Issuer | Institution | Client


class Action(StrEnum):
    ADD = "add"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """Secrets and passwords never stand here, only that they change."""

    field: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`kind` is issuer, institution, client or user; `id` is the one that the file uses.

    `warnings` tell what the change does to things of which the file does not speak.
    """

    action: Action
    kind: str
    issuer_id: str
    id: str
    fields: Sequence[FieldChange]
    carry_out: Callable[[], Awaitable[None]]
    warnings: Sequence[str] = ()

    def as_json(self) -> dict[str, Json]:
        return {
            "action": str(self.action),
            "kind": self.kind,
            "issuer": self.issuer_id,
            "id": self.id,
            "fields": [
                {"field": each.field, "before": each.before, "after": each.after}
                for each in self.fields
            ],
            "warnings": [*self.warnings],
        }


def differences(
    before: Kept | None, after: Kept, keys: Mapping[str, str], defaults: Mapping[str, Json]
) -> list[FieldChange]:
    """The fields in which two values differ, under the names that the file uses for them.

    `keys` are those names where they are not the field's own; a field that maps to nothing is not
    told. For a new thing only what differs from the default is; `defaults` are those that the value
    itself does not have.
    """
    old = plain_fields(before) if before is not None else {**_plain_defaults(after), **defaults}
    return [
        FieldChange(field=key, before=old.get(name) if before else None, after=value)
        for name, value in plain_fields(after).items()
        if (key := keys.get(name, name)) and old.get(name) != value
    ]


def claim_differences(
    where: str, before: Mapping[str, Json], after: Mapping[str, Json]
) -> list[FieldChange]:
    return [
        FieldChange(field=f"{where}.{name}", before=before.get(name), after=after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def plain_fields(value: Kept | Lifetimes) -> dict[str, Json]:
    """The fields by name, as JSON can say them."""
    found: dict[str, Json] = {}
    for field in fields(value):
        member = getattr(value, field.name)
        if isinstance(member, Lifetimes):
            nested = plain_fields(member)
            found |= {f"{field.name}.{name}": each for name, each in nested.items()}
        else:
            found[field.name] = _plain(member)
    return found


def _plain_defaults(value: Kept) -> dict[str, Json]:
    lifetimes = {f"lifetimes.{name}": each for name, each in plain_fields(Lifetimes()).items()}
    return lifetimes | {
        field.name: _plain(field.default) for field in fields(value) if field.default is not MISSING
    }


def _plain(value: Any) -> Json:
    """The value as JSON can say it."""
    if isinstance(value, frozenset):
        return [*sorted(str(member) for member in value)]
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value if value is None or isinstance(value, bool | int) else str(value)
