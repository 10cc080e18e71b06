"""Origins of web pages, as browsers write them in the Origin header. RFC 6454 §6.2."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import check_registrable

_DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}


def origin_of(uri: str) -> str | None:
    """The origin of a page at this URI; None where no page can be, such as a private-use scheme."""
    parts = urlsplit(uri)
    if parts.scheme not in _DEFAULT_PORTS or parts.hostname is None:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port in (None, _DEFAULT_PORTS[parts.scheme]):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{parts.port}"


def check_registrable_origin(origin: str) -> str:
    """The origin, proved to be one that a client may register: never "null" and never a pattern."""
    expected = (
        "an origin as browsers send it, https or http on loopback, such as https://app.example.com"
    )
    try:
        check_registrable(f"{origin}/", native=False)
    except Malformed as error:
        raise Malformed("web_origins", expected) from error
    if origin_of(origin) != origin:
        raise Malformed("web_origins", expected)
    return origin
