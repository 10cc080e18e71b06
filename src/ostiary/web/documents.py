"""Documents for everybody: their responses are made once, and nothing is left to do for them."""

from functools import lru_cache

from ostiary.provider.exchange import Document
from ostiary.provider.op import OpenIDProvider
from ostiary.web.asgi import Scope
from ostiary.web.cors import ANYBODY, readable
from ostiary.web.forwarded import CAME_PLAIN
from ostiary.web.responses import HttpResponse, answer_response, demanding_https
from ostiary.web.routes import Endpoint


def find_document_response(
    endpoint: Endpoint, op: OpenIDProvider, scope: Scope
) -> HttpResponse | None:
    """The answer to a plain GET of a document; None for everything that wants a closer look.

    It is not counted against anybody's limit: to say that would cost more than the document.
    """
    if endpoint.document is None or scope["method"] != "GET" or scope.get(CAME_PLAIN, False):
        return None
    return _response(endpoint.document(op), op.issuer.secure)


# Two for an issuer, and as many again with each of its changes.
@lru_cache(maxsize=1024)
def _response(document: Document, secure: bool) -> HttpResponse:
    return demanding_https(readable(answer_response(document), ANYBODY), secure=secure)
