"""What is left of an entry without what cannot be read in it, so that the rest can be looked at too."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import ValidationError

from ostiary.management.apply.entries import Entry
from ostiary.management.toml_lines import KeyPath

E = TypeVar("E", bound=Entry)


def salvage(model: type[E], table: dict[str, Any]) -> tuple[E, frozenset[str]]:
    """The entry, and the keys of which nothing could be read.

    Those have their stand-in, or are left out. Of a list or a table inside, what can be read stays.
    """
    left = deepcopy(table)
    unread: set[str] = set()
    while True:
        try:
            return model.model_validate(left), frozenset(unread)
        except ValidationError as error:
            # The deepest and last first, so that no removal moves what another one speaks of.
            for path in sorted(_at_fault(error), reverse=True):
                _remove(left, path)
            lost = {key for key in model.model_fields if key not in left and _needed(model, key)}
            unread |= lost | {key for key in table if key in model.model_fields and key not in left}
            left |= {key: value for key, value in model.STAND_INS.items() if key in unread}


def _at_fault(error: ValidationError) -> Iterable[KeyPath]:
    """What to remove. A key that is missing takes along what it is missing in."""
    for details in error.errors(include_url=False):
        path = details["loc"]
        missing = details["type"] == "missing" and len(path) > 1
        yield path[:-1] if missing else path


def _needed(model: type[Entry], key: str) -> bool:
    return model.model_fields[key].is_required()


def _remove(table: dict[str, Any], path: KeyPath) -> None:
    """A list of which nothing is left goes too: an empty one would be another wish."""
    inner: Any = table
    for part in path[:-1]:
        inner = inner[part]
    if isinstance(inner, list):
        del inner[int(path[-1])]
        if not inner:
            _remove(table, path[:-1])
    else:
        inner.pop(path[-1], None)
