"""Request parameters as they travel: application/x-www-form-urlencoded.

RFC 6749 §3.1, §3.2 and appendix B. A parameter without a value counts as absent; one that is sent
twice is remembered as repeated, so that the endpoint can refuse it where its standard says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from ostiary.protocol.malformed import Malformed

MAX_PARAMETERS = 100
REPEATABLE = frozenset({"resource"})  # RFC 8707 §2

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    values: Mapping[str, str] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """The value, or None when the parameter is absent or empty."""
        return self.values.get(name)

    def merged(self, other: "Parameters") -> "Parameters":
        """Both together, for a POST that also has a query; what stands in both is repeated."""
        twice = (self.values.keys() & other.values.keys()) - REPEATABLE
        return Parameters(
            values={**other.values, **self.values},
            repeated=self.repeated | other.repeated | twice,
        )


_NONE: Final = Parameters()


def parse_parameters(encoded: bytes) -> Parameters:
    """The parameters in `encoded`: a query string or a form body.

    Raises Malformed for a broken percent escape, text that is not UTF-8, a NUL, or more than
    MAX_PARAMETERS parameters. Only "&" separates: a semicolon is part of a value.
    """
    if not encoded:
        return _NONE
    pairs = encoded.split(b"&", MAX_PARAMETERS)
    if len(pairs) > MAX_PARAMETERS:
        raise Malformed("parameters", f"at most {MAX_PARAMETERS} parameters")
    values: dict[str, str] = {}
    seen: set[str] = set()
    repeated: set[str] = set()
    for pair in pairs:
        if not pair:
            continue
        name, value = _decode_pair(pair)
        if name in seen and name not in REPEATABLE:
            repeated.add(name)
        seen.add(name)
        if value:
            values.setdefault(name, value)
    return Parameters(values=values, repeated=frozenset(repeated))


def _decode_pair(pair: bytes) -> tuple[str, str]:
    if b"%" in pair or b"+" in pair:
        raw_name, _, raw_value = pair.partition(b"=")
        return _unescape(raw_name), _unescape(raw_value)
    name, _, value = _decode(pair).partition("=")
    return name, value


def _unescape(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if _BROKEN_ESCAPE.search(raw):
            raise Malformed("parameters", "each % followed by two hexadecimal digits")
        raw = unquote_to_bytes(raw)
    return _decode(raw)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("parameters", "UTF-8 text") from error
    if "\0" in text:
        raise Malformed("parameters", "text without NUL")
    return text
