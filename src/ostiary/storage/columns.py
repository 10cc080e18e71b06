"""How values stand in columns: the few forms that both engines share."""

import json
from typing import cast

from ostiary.protocol.scope import format_scope, parse_scope
from ostiary.protocol.tokens import Claims
from ostiary.storage.sqlite import Row


def text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    return value


def optional_text(row: Row, name: str) -> str | None:
    return None if row[name] is None else text(row, name)


def integer(row: Row, name: str) -> int:
    value = row[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is not an integer")
    return value


def optional_integer(row: Row, name: str) -> int | None:
    return None if row[name] is None else integer(row, name)


def binary(row: Row, name: str) -> bytes:
    value = row[name]
    if not isinstance(value, bytes):
        raise TypeError(f"{name} is not binary")
    return value


def optional_binary(row: Row, name: str) -> bytes | None:
    return None if row[name] is None else binary(row, name)


def scope(row: Row, name: str = "scope") -> frozenset[str]:
    return parse_scope(optional_text(row, name))


def scope_value(names: frozenset[str]) -> str:
    return format_scope(names)


def words(row: Row, name: str) -> tuple[str, ...]:
    return tuple(text(row, name).split())


def claims(row: Row, name: str = "claims") -> Claims | None:
    value = optional_text(row, name)
    return None if value is None else cast("Claims", json.loads(value))


def claims_value(value: Claims) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))
