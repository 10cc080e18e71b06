"""No text that a stranger sends takes long to read, however it is made up: ReDoS, quadratic loops.

The parsers of tokens, keys, proofs, JSON and the claims parameter show it beside their own tests.
"""

import contextlib
import time
from base64 import b64encode
from collections.abc import Callable

import pytest

from ostiary.protocol.credentials import parse_basic, split_authorization
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import parse_parameters
from ostiary.protocol.prompt import parse_max_age, parse_prompt
from ostiary.protocol.redirect_uri import check_registrable, find_redirect_uri
from ostiary.protocol.scope import parse_scope

LENGTH = 100_000
UNITS = [
    "a",
    "/",
    "%",
    "%41",
    ":",
    "@",
    "[",
    "]",
    "::",
    ".",
    "a.",
    "-",
    "a-.",
    "=",
    "&",
    "a=&",
    "+",
]
UNITS += [" ", "\0", "\\", "?", "#", "é", "\ud83d\ude00", "http://127.0.0.1:", "https://a", "1"]


def find_native(text: str) -> None:
    find_redirect_uri(text, ("http://127.0.0.1/callback", "http://[::1]/"), native=True)


PARSERS: dict[str, Callable[[str], object]] = {
    "redirect URI, found": find_native,
    "redirect URI, found on loopback": lambda text: find_native(f"http://127.0.0.1:1{text}"),
    "redirect URI, registered": lambda text: check_registrable(f"https://{text}", native=True),
    "redirect URI, registered by scheme": lambda text: check_registrable(text, native=True),
    "form": lambda text: parse_parameters(text.encode("utf-8", "surrogatepass")),
    "Authorization": split_authorization,
    "Basic": lambda text: parse_basic(
        b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
    ),
    "Basic, not base64": parse_basic,
    "scope": parse_scope,
    "prompt": parse_prompt,
    "max_age": parse_max_age,
}


@pytest.mark.parametrize("parser", PARSERS)
def test_no_text_takes_long(parser: str) -> None:
    for unit in UNITS:
        for text in (unit * (LENGTH // len(unit)), f"https://a{unit * (1_900 // len(unit))}\n"):
            began = time.process_time()
            with contextlib.suppress(Malformed):
                PARSERS[parser](text)
            assert time.process_time() - began < 0.1, f"{unit!r} to the {parser} parser"
