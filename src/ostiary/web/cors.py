"""Reading by scripts of other sites (CORS): answers to origins that a client has registered.

The authorization endpoint and the pages are never read so. RFC 9700 §2.6.
"""

from enum import Enum

from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.database import StoreUnavailable
from ostiary.web.responses import Header, HttpResponse

# None is longer: 253 characters of host name.
LONGEST_ORIGIN = 300
EXPOSED_HEADERS = b"DPoP-Nonce, WWW-Authenticate, Ostiary-Reference, Retry-After"
# How long a browser may remember a preflight. It lets nobody read: each answer says so anew.
PREFLIGHT_SECONDS = 3600
ANYBODY = "*"


class Readers(Enum):
    """Whose scripts may read an endpoint's answers, besides our own site's."""

    NOBODY = "nobody"
    REGISTERED = "registered"
    EVERYBODY = "everybody"


async def find_reader(request: EndpointRequest, readers: Readers, op: OpenIDProvider) -> str | None:
    """The origin whose script asks and may read the answer; "*" is every one."""
    if readers is Readers.EVERYBODY:
        return ANYBODY
    origin = request.header(b"origin")
    if origin is None or readers is Readers.NOBODY:
        return None
    try:
        registered = len(origin) <= LONGEST_ORIGIN and await op.knows_origin(origin)
    except StoreUnavailable:
        return None
    return origin if registered else None


def is_preflight(request: EndpointRequest) -> bool:
    """Whether the browser asks, before the script's request, if it may send it."""
    return request.method == "OPTIONS" and None not in (
        request.header(b"origin"),
        request.header(b"access-control-request-method"),
    )


def preflight_response(reader: str, methods: tuple[str, ...]) -> HttpResponse:
    return HttpResponse(
        status=204,
        headers=(
            *_allow(reader),
            (b"access-control-allow-methods", ", ".join(methods).encode("ascii")),
            (b"access-control-allow-headers", b"Authorization, Content-Type, DPoP"),
            (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
        ),
    )


def refused_preflight(request: EndpointRequest) -> Refusal:
    return ReasonCode.ORIGIN_UNREGISTERED.refusal(received=request.header(b"origin"))


def readable(response: HttpResponse, reader: str) -> HttpResponse:
    """The response, with leave to read it. Cookies are never asked for, so none come along."""
    return response.with_headers(
        *_allow(reader), (b"access-control-expose-headers", EXPOSED_HEADERS)
    )


def _allow(reader: str) -> tuple[Header, ...]:
    allowed = (b"access-control-allow-origin", reader.encode("latin-1"))
    return (allowed,) if reader == ANYBODY else (allowed, (b"vary", b"Origin"))
