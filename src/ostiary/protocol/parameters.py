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
    values: dict[str, str] = {}
    seen: set[str] = set()
    repeated: set[str] = set()
    for pair in _pairs(encoded):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair:
            name, value = _unescape(name), _unescape(value)
        if name in seen and name not in REPEATABLE:
            repeated.add(name)
        seen.add(name)
        if value:
            values.setdefault(name, value)
    return Parameters(values=values, repeated=frozenset(repeated))


def _pairs(encoded: bytes) -> list[str]:
    """Still escaped. What holds for the whole text is looked at once, not in each of its parts."""
    if _BROKEN_ESCAPE.search(encoded):
        raise Malformed("parameters", "each % followed by two hexadecimal digits")
    if b"\0" in encoded or b"%00" in encoded:
        raise Malformed("parameters", "text without NUL")
    pairs = _decode(encoded.replace(b"+", b" ")).split("&", MAX_PARAMETERS)
    if len(pairs) > MAX_PARAMETERS:
        raise Malformed("parameters", f"at most {MAX_PARAMETERS} parameters")
    return pairs


def _unescape(text: str) -> str:
    return _decode(unquote_to_bytes(text)) if "%" in text else text


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("parameters", "UTF-8 text") from error
