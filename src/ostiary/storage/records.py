"""Whole values kept as one JSON column: issuers, institutions, clients, authorization requests.

They are read and written as a whole, seldom, and never searched by their members.
"""

from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Record(Generic[T]):
    """Turns values of one type into JSON text and back; the text is validated on the way in."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def dump(self, value: T) -> str:
        return self._adapter.dump_json(value).decode("utf-8")

    def load(self, text: str) -> T:
        return self._adapter.validate_json(text)
