"""The headers of our answers that a client may want to read."""

from collections.abc import Mapping

from ostiary.web.cors import Readers
from ostiary.web.openapi.model import Header, Schema

_ADDRESS: Schema = {"type": "string", "format": "uri-reference"}
_ALL = (
    Header(name="Location", text="Where the browser goes on.", schema=_ADDRESS),
    Header(name="Cache-Control", text="For how long the answer may be kept."),
    Header(
        name="WWW-Authenticate",
        text="What credentials are asked for. Where the request was tried with some, also the error.",
    ),
    Header(name="DPoP-Nonce", text="The nonce for the next DPoP proof. RFC 9449 §8."),
    Header(name="Allow", text="The methods that are answered here."),
    Header(
        name="Retry-After",
        text="Seconds after which it is worth trying again.",
        schema={"type": "string", "pattern": "^[0-9]+$"},
    ),
    Header(
        name="Ostiary-Reference",
        text="Under what reference the refusal is explained: `ostiary refusal show`.",
        schema={"type": "string", "pattern": "^R-[0-9A-Z]{4}-[0-9A-Z]{4}$"},
    ),
    Header(
        name="Access-Control-Allow-Origin",
        text="Whose scripts may read the answer: every origin's, or that of a registered one.",
    ),
)
HEADERS: Mapping[str, Header] = {header.name: header for header in _ALL}


def for_scripts(readers: Readers, status: int) -> dict[str, bool]:
    """What lets scripts of other sites read an answer. Who cannot even say whose the request is, when
    something is wrong on our side, does not send it."""
    if readers is Readers.NOBODY:
        return {}
    return {"Access-Control-Allow-Origin": readers is Readers.EVERYBODY and status < 500}
