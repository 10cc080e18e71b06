"""The provider's endpoints, and where each issuer has them.

To add an endpoint: its function in provider/endpoints, and a line in ENDPOINTS.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ostiary.domain.issuer import Issuer
from ostiary.domain.quirks import Quirk
from ostiary.provider.endpoints.authorization import authorization
from ostiary.provider.endpoints.discovery import discovery
from ostiary.provider.endpoints.introspection import introspection
from ostiary.provider.endpoints.jwks import jwks
from ostiary.provider.endpoints.pushed_authorization import pushed_authorization
from ostiary.provider.endpoints.revocation import revocation
from ostiary.provider.endpoints.token import token
from ostiary.provider.endpoints.userinfo import userinfo
from ostiary.provider.exchange import Answer, Document, EndpointRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.pictures import FOLDER as PICTURES
from ostiary.web.cors import Readers

WELL_KNOWN = "/.well-known/openid-configuration"
WELL_KNOWN_OAUTH = "/.well-known/oauth-authorization-server"  # RFC 8414 §3
# The same at every host: nothing has to be read for it.
OF_NO_ISSUER = ("/static/", "/theme/")


class RefusalForm(Enum):
    """How an endpoint turns a request down."""

    PAGE = "page"
    JSON = "json"  # RFC 6749 §5.2
    CHALLENGE = "challenge"  # RFC 6750 §3


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    answer: Callable[[EndpointRequest, OpenIDProvider], Awaitable[Answer]]
    methods: tuple[str, ...]
    refusal_form: RefusalForm
    # The quirk with which whoever accepts text/html is refused with a page.
    page_quirk: Quirk | None = None
    readers: Readers = Readers.NOBODY
    # For everybody, the same until the issuer changes.
    document: Callable[[OpenIDProvider], Document] | None = None

    def refusal_form_for(self, request: EndpointRequest, issuer: Issuer) -> RefusalForm:
        if self.page_quirk in issuer.quirks and "text/html" in (request.header(b"accept") or ""):
            return RefusalForm.PAGE
        return self.refusal_form


DISCOVERY = Endpoint(
    name="discovery",
    answer=discovery,
    methods=("GET",),
    refusal_form=RefusalForm.JSON,
    readers=Readers.EVERYBODY,
    document=lambda op: op.discovery,
)
ENDPOINTS = (
    Endpoint(
        name="jwks",
        answer=jwks,
        methods=("GET",),
        refusal_form=RefusalForm.JSON,
        readers=Readers.EVERYBODY,
        document=lambda op: op.jwks,
    ),
    Endpoint(
        name="auth", answer=authorization, methods=("GET", "POST"), refusal_form=RefusalForm.PAGE
    ),
    Endpoint(
        name="request",
        answer=pushed_authorization,
        methods=("POST",),
        refusal_form=RefusalForm.JSON,
        page_quirk=Quirk.PAR_HTML_ERRORS,
        readers=Readers.REGISTERED,
    ),
    Endpoint(
        name="token",
        answer=token,
        methods=("POST",),
        refusal_form=RefusalForm.JSON,
        readers=Readers.REGISTERED,
    ),
    Endpoint(
        name="token/revocation",
        answer=revocation,
        methods=("POST",),
        refusal_form=RefusalForm.JSON,
        readers=Readers.REGISTERED,
    ),
    Endpoint(
        name="token/introspection",
        answer=introspection,
        methods=("POST",),
        refusal_form=RefusalForm.JSON,
    ),
    Endpoint(
        name="me",
        answer=userinfo,
        methods=("GET", "POST"),
        refusal_form=RefusalForm.CHALLENGE,
        readers=Readers.REGISTERED,
    ),
)


def endpoint_paths(issuer: Issuer) -> Iterator[tuple[str, Endpoint]]:
    """Every path of the issuer's endpoints.

    Discovery stands at the issuer, where OIDC Discovery §4 looks for it, and also where the
    contracts and RFC 8414 have it: at the host's root and below the base path.
    """
    for prefix in dict.fromkeys((issuer.path, "", issuer.base_path)):
        yield f"{prefix}{WELL_KNOWN}", DISCOVERY
        yield f"{prefix}{WELL_KNOWN_OAUTH}", DISCOVERY
    if issuer.path:
        yield f"{WELL_KNOWN}{issuer.path}", DISCOVERY
        yield f"{WELL_KNOWN_OAUTH}{issuer.path}", DISCOVERY
    for endpoint in ENDPOINTS:
        yield f"{issuer.base_path}/{endpoint.name}", endpoint


def page_provider(providers: Sequence[OpenIDProvider], path: str) -> OpenIDProvider | None:
    """Of those at a host, the one whose base path this is below, or else the first."""
    below = (op for op in providers if is_below(op, path))
    return next(below, next(iter(providers), None))


def is_below(op: OpenIDProvider, path: str) -> bool:
    """Pictures have a folder of their own, that of the contract, wherever the base path is."""
    return path.startswith(op.issuer.base_path + "/") and not path.startswith(PICTURES + "/")
