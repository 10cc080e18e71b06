"""The ASGI edge: from host and path to an endpoint, from its answer or refusal to bytes.

Every request passes here, and every refusal becomes a response here, in the form of its endpoint.
"""

from functools import partial
from typing import Final

import structlog
from starlette.exceptions import HTTPException

from ostiary.accounts.passwords import TooManyPasswords
from ostiary.domain.refusals import ReasonCode, Refusal, shown
from ostiary.provider.dpop import nonce_header
from ostiary.provider.exchange import (
    Answer,
    AuthorizationResponse,
    EndpointRequest,
    Redirect,
    ShowInteraction,
    gather_headers,
)
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.refusal_log import RefusalLog, new_reference
from ostiary.provider.served import ServedIssuers
from ostiary.storage.database import StoreUnavailable
from ostiary.web.asgi import Application, Receive, Scope, Send, send_response
from ostiary.web.cors import (
    Readers,
    find_reader,
    is_preflight,
    preflight_response,
    readable,
    refused_preflight,
)
from ostiary.web.documents import find_document_response
from ostiary.web.forwarded import CAME_PLAIN
from ostiary.web.incoming import (
    check_came_safely,
    claimed_client_id,
    claimed_grant_type,
    client_address,
    read_body,
    replayed,
    requested_host,
    tried_scheme,
)
from ostiary.web.pages.context import interaction_redirect
from ostiary.web.pages.render import Renderer
from ostiary.web.request_facts import ISSUER, ROUTE, note_page
from ostiary.web.responses import (
    HttpResponse,
    answer_response,
    challenge_refusal,
    demanding_https,
    json_refusal,
    redirect,
    reference_header,
)
from ostiary.web.routes import OF_NO_ISSUER, Endpoint, RefusalForm, is_below, page_provider
from ostiary.web.targets import Targets

_log = structlog.get_logger("ostiary.web")


class Edge:
    def __init__(
        self,
        issuers: ServedIssuers,
        refusals: RefusalLog,
        renderer: Renderer,
        pages: Application,
    ) -> None:
        self._limits: Final = issuers.surroundings.limits
        self._targets: Final = Targets(issuers)
        self._refusals: Final = refusals
        self._renderer: Final = renderer
        self._pages: Final = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, path = requested_host(scope), scope["path"]
        try:
            located = self._targets.known(host, path)
            if located is None:
                self._limits.check_stranger(client_address(scope))
                located = await self._targets.locate(host, path)
        except Refusal as refusal:
            await send_response(self._refused_unlocated(refusal, scope), send)
            return
        except StoreUnavailable as error:
            _log.warning("busy", error=str(error))
            await send_response(self._refused_unlocated(ReasonCode.BUSY.refusal(), scope), send)
            return
        except Exception:
            # Such as keys that the master key does not open.
            _log.exception("defect", path=shown(path))
            defect = ReasonCode.SERVER_ERROR.refusal()
            await send_response(self._refused_unlocated(defect, scope), send)
            return
        if located is not None:
            endpoint, op = located
            scope[ROUTE], scope[ISSUER] = endpoint.name, op.issuer.issuer_id
            response = find_document_response(endpoint, op, scope) or demanding_https(
                await self._answer(endpoint, op, scope, receive), secure=op.issuer.secure
            )
        else:
            found = await self._page(host, scope, receive, send)
            if found is None:
                return  # the pages have answered by themselves
            response = found
        await send_response(response, send, head=scope["method"] == "HEAD")

    # ---- protocol endpoints -----------------------------------------------------------------

    async def _answer(
        self, endpoint: Endpoint, op: OpenIDProvider, scope: Scope, receive: Receive
    ) -> HttpResponse:
        # HEAD is a GET without a body where a GET changes nothing.
        safe = endpoint.methods == ("GET",)
        method = "GET" if scope["method"] == "HEAD" and safe else scope["method"]
        request = EndpointRequest(
            method=method,
            query=scope["query_string"],
            headers=gather_headers(scope["headers"]),
            address=client_address(scope),
            came_plain=scope.get(CAME_PLAIN, False),
        )
        reader = await find_reader(request, endpoint.readers, op)
        if reader is not None and is_preflight(request):
            return preflight_response(reader, endpoint.methods)
        response = await self._answer_or_refuse(request, endpoint, op, receive)
        return response if reader is None else readable(response, reader)

    async def _answer_or_refuse(
        self, request: EndpointRequest, endpoint: Endpoint, op: OpenIDProvider, receive: Receive
    ) -> HttpResponse:
        method = request.method
        try:
            if endpoint.readers is Readers.REGISTERED and is_preflight(request):
                raise refused_preflight(request)
            if method not in endpoint.methods:
                raise ReasonCode.METHOD_NOT_ALLOWED.refusal(
                    expected=", ".join(endpoint.methods), received=method
                )
            check_came_safely(request, op.issuer)
            op.limits.count_request(op.issuer, request.address)
            if method == "POST":
                request = request.with_body(await read_body(request, receive))
                sender = partial(claimed_client_id, request)
                op.limits.check_guesser(op.issuer, request.address, sender)
            answer = await endpoint.answer(request, op)
            return self._respond(answer, request, endpoint, op)
        except Refusal as refusal:
            return self._refuse(refusal, request, endpoint, op)
        except (StoreUnavailable, TooManyPasswords) as error:
            _log.warning("busy", endpoint=endpoint.name, error=str(error))
            return self._refuse(ReasonCode.BUSY.refusal(), request, endpoint, op)
        except Exception as error:
            return self._refuse(_defect(error), request, endpoint, op)

    def _respond(
        self, answer: Answer, request: EndpointRequest, endpoint: Endpoint, op: OpenIDProvider
    ) -> HttpResponse:
        match answer:
            case AuthorizationResponse():
                response = self._renderer.authorization_response(answer, op.issuer)
                if answer.refusal is None:
                    return response
                reference = self._record(answer.refusal, request, endpoint.name, op)
                return response.with_headers(reference_header(reference))
            case ShowInteraction():
                return interaction_redirect(op, answer)
            case Redirect():
                return redirect(answer.location)
            case _:
                return answer_response(answer)

    def _refuse(
        self, refusal: Refusal, request: EndpointRequest, endpoint: Endpoint, op: OpenIDProvider
    ) -> HttpResponse:
        reference = self._record(refusal, request, endpoint.name, op)
        response = self._refusal_response(refusal, request, endpoint, op, reference)
        if refusal.code is ReasonCode.METHOD_NOT_ALLOWED:
            allowed = ", ".join(endpoint.methods).encode("ascii")
            response = response.with_headers((b"allow", allowed))
        if refusal.code is ReasonCode.DPOP_NONCE_NEEDED:
            response = response.with_headers(nonce_header(op, op.clock.now()))
        return response.with_headers(reference_header(reference))

    def _refusal_response(
        self,
        refusal: Refusal,
        request: EndpointRequest,
        endpoint: Endpoint,
        op: OpenIDProvider,
        reference: str,
    ) -> HttpResponse:
        match endpoint.refusal_form_for(request, op.issuer):
            case RefusalForm.PAGE:
                return self._renderer.refusal(refusal, reference, op.issuer)
            case RefusalForm.JSON:
                return json_refusal(refusal, basic=bool(request.header_values(b"authorization")))
            case RefusalForm.CHALLENGE:
                return challenge_refusal(refusal, dpop=tried_scheme(request) == "dpop")

    def _record(
        self, refusal: Refusal, request: EndpointRequest, name: str, op: OpenIDProvider
    ) -> str:
        """Note the refusal; the reference under which it is explained."""
        grant_type = claimed_grant_type(request) if name == "token" else None
        client_id = claimed_client_id(request)
        op.limits.note_refused(op.issuer, request.address, client_id, refusal.code)
        return self._refusals.record(refusal, name, client_id, op, grant_type=grant_type)

    # ---- pages ------------------------------------------------------------------------------

    async def _page(
        self, host: bytes, scope: Scope, receive: Receive, send: Send
    ) -> HttpResponse | None:
        """Let the pages answer; what they raise becomes a page here."""
        op = None
        request = EndpointRequest(
            method=scope["method"],
            query=scope["query_string"],
            headers=gather_headers(scope["headers"]),
            address=client_address(scope),
            came_plain=scope.get(CAME_PLAIN, False),
        )
        try:
            providers = await self._targets.providers(host, scope["path"])
            op = page_provider(providers, scope["path"])
            if op is None and not scope["path"].startswith(OF_NO_ISSUER):
                self._limits.note_stranger(request.address)
                raise ReasonCode.HOST_UNKNOWN.refusal(received=host.decode("latin-1"))
            if op is not None:
                check_came_safely(request, op.issuer)
                op.limits.count_request(op.issuer, request.address)
            root = op.issuer.base_path if op is not None and is_below(op, scope["path"]) else ""
            if scope["method"] == "POST":
                request = request.with_body(await read_body(request, receive))
            # With "app" in it, the router raises for a wrong method instead of answering itself.
            added = {"op": op, "providers": providers, "root_path": root, "app": self._pages}
            routed = {**scope, **added}
            try:
                await self._pages(routed, replayed(request.body), send)
            finally:
                note_page(scope, routed)
        except Refusal as refusal:
            return self._refused_page(refusal, request, op)
        except HTTPException as error:
            wrong = ReasonCode.METHOD_NOT_ALLOWED.refusal(received=scope["method"])
            allowed = sorted((error.headers or {}).get("Allow", "").split(", "))
            header = (b"allow", ", ".join(allowed).encode("ascii"))
            return self._refused_page(wrong, request, op).with_headers(header)
        except (StoreUnavailable, TooManyPasswords) as error:
            _log.warning("busy", error=str(error))
            return self._refused_page(ReasonCode.BUSY.refusal(), request, op)
        except Exception as error:
            return self._refused_page(_defect(error), request, op)
        return None

    def _refused_page(
        self, refusal: Refusal, request: EndpointRequest, op: OpenIDProvider | None
    ) -> HttpResponse:
        if op is None:
            # No issuer, so no record: the log alone can explain this reference.
            reference = new_reference()
            code = refusal.code.name.lower()
            _log.info(
                "refused",
                reference=reference,
                code=code,
                received=refusal.received,
                exc_info=refusal.__cause__,
            )
        else:
            reference = self._refusals.record(refusal, "pages", claimed_client_id(request), op)
        page = self._renderer.refusal(refusal, reference, op.issuer if op else None)
        return page.with_headers(reference_header(reference))

    def _refused_unlocated(self, refusal: Refusal, scope: Scope) -> HttpResponse:
        """It is not known whose request it is, so its sender says in which form to answer."""
        request = EndpointRequest(
            method=scope["method"],
            query=scope["query_string"],
            headers=gather_headers(scope["headers"]),
        )
        if request.accepts("text/html"):
            return self._refused_page(refusal, request, None)
        return json_refusal(refusal, basic=False)


def _defect(error: Exception) -> Refusal:
    """What is nobody's fault but ours."""
    refusal = ReasonCode.SERVER_ERROR.refusal()
    refusal.__cause__ = error
    return refusal
