"""Whether two URIs name the same endpoint. RFC 3986 §6.2.2, §6.2.3."""

import re
from typing import Final

_ENDPOINT: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>(?:/(?:[a-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?)"
    r"(?:[?#][\x21-\x7E]*)?",
    re.IGNORECASE | re.ASCII,
)
_ESCAPE: Final = re.compile("%(..)")
_UNRESERVED: Final = re.compile("[A-Za-z0-9._~-]")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def same_endpoint(theirs: str, ours: str) -> bool:
    """Whether `theirs` is another spelling of `ours`; query and fragment do not matter.

    The case of scheme and host, a default port, an empty path and needless percent escapes are
    spelling. The rest of the path is compared as it stands, and a user name is never ours.
    """
    normal = _normal_form(theirs)
    return normal is not None and normal == _normal_form(ours)


def _normal_form(uri: str) -> str | None:
    found = _ENDPOINT.fullmatch(uri)
    if found is None:
        return None
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = found["port"] or _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}:{port}{_ESCAPE.sub(_normal_escape, found['path'] or '/')}"


def _normal_escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.fullmatch(character) else found[0].upper()
