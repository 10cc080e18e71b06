"""Scope: a set of names, space-separated on the wire. RFC 6749 §3.3."""

import re

from ostiary.protocol.malformed import Malformed

OPENID = "openid"  # OIDC Core §3.1.2.1
OFFLINE_ACCESS = "offline_access"  # OIDC Core §11

MAX_SCOPES = 300
MAX_SCOPE_LENGTH = 256

_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def parse_scope(text: str | None) -> frozenset[str]:
    """The scope names in `text`; none for an absent parameter."""
    if text is None:
        return frozenset()
    names = text.split(" ", MAX_SCOPES)
    if len(names) > MAX_SCOPES:
        raise Malformed("scope", f"at most {MAX_SCOPES} names")
    for name in names:
        if name and (len(name) > MAX_SCOPE_LENGTH or not _TOKEN.fullmatch(name)):
            raise Malformed("scope", "names of printable ASCII without quote or backslash")
    return frozenset(filter(None, names))


def format_scope(scope: frozenset[str]) -> str:
    """The wire form: openid first, the rest in alphabetical order."""
    return " ".join(sorted(scope, key=lambda name: (name != OPENID, name)))
