"""The ASGI edge: from host and path to an endpoint, from its answer or refusal to bytes.

Every request passes here, and every refusal becomes a response here, in the form of its endpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from starlette.exceptions import HTTPException

from ostiary.accounts.passwords import TooManyPasswords
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode, Refusal, shown
from ostiary.provider.dpop import nonce_header
from ostiary.provider.exchange import (
    Answer,
    AuthorizationResponse,
    EndpointRequest,
    Redirect,
    ShowInteraction,
)
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.refusal_log import RefusalLog, new_reference
from ostiary.provider.served import ServedIssuer, ServedIssuers
from ostiary.storage.sqlite import StoreUnavailable
from ostiary.web.asgi import Application, Receive, Scope, Send, send_response
from ostiary.web.cors import (
    Readers,
    find_reader,
    is_preflight,
    preflight_response,
    readable,
    refused_preflight,
)
from ostiary.web.incoming import (
    claimed_client_id,
    read_body,
    replayed,
    requested_host,
    tried_scheme,
)
from ostiary.web.pages.context import interaction_redirect
from ostiary.web.pages.render import Renderer
from ostiary.web.responses import (
    HttpResponse,
    answer_response,
    challenge_refusal,
    demanding_https,
    json_refusal,
    redirect,
    reference_header,
)
from ostiary.web.routes import Endpoint, RefusalForm, endpoint_paths, is_below, page_provider

_log = structlog.get_logger("ostiary.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint of an issuer, as long as the issuer is where it was."""

    served: ServedIssuer
    endpoint: Endpoint
    issuer_url: str
    base_path: str

    def still_leads_to(self, issuer: Issuer) -> bool:
        return issuer.url == self.issuer_url and issuer.base_path == self.base_path


class Edge:
    def __init__(
        self,
        issuers: ServedIssuers,
        refusals: RefusalLog,
        renderer: Renderer,
        pages: Application,
    ) -> None:
        self._issuers: Final = issuers
        self._refusals: Final = refusals
        self._renderer: Final = renderer
        self._pages: Final = pages
        self._targets: Final[dict[tuple[bytes, str], Target]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = requested_host(scope)
        try:
            target, op = await self._locate(host, scope["path"])
        except StoreUnavailable as error:
            _log.warning("busy", error=str(error))
            await send_response(json_refusal(ReasonCode.BUSY.refusal(), basic=False), send)
            return
        except Exception:
            # Such as keys that the master key does not open: it is not known whose request it is.
            _log.exception("defect", path=shown(scope["path"]))
            await send_response(json_refusal(ReasonCode.SERVER_ERROR.refusal(), basic=False), send)
            return
        if target is not None and op is not None:
            answer = await self._answer(target.endpoint, op, scope, receive)
            response = demanding_https(answer, op.issuer)
        else:
            found = await self._page(host, scope, receive, send)
            if found is None:
                return  # the pages have answered by themselves
            response = found
        await send_response(response, send, head=scope["method"] == "HEAD")

    # ---- protocol endpoints -----------------------------------------------------------------

    async def _locate(self, host: bytes, path: str) -> tuple[Target | None, OpenIDProvider | None]:
        """The endpoint at this address and the provider that it is of."""
        target = self._targets.get((host, path))
        op = await target.served.current() if target else None
        if target is not None and (op is None or not target.still_leads_to(op.issuer)):
            self._targets.clear()  # an issuer has moved, and another may live here now
            target = None
        if target is None:
            target = await self._find_target(host, path)
            op = await target.served.current() if target else None
        return target, op

    async def _find_target(self, host: bytes, path: str) -> Target | None:
        """Look the host up, and remember the endpoints of its issuers: only of hosts that exist."""
        for served in await self._issuers.at_host(host.decode("latin-1")):
            op = await served.current()
            if op is None:
                continue
            for known, endpoint in endpoint_paths(op.issuer):
                target = Target(
                    served=served,
                    endpoint=endpoint,
                    issuer_url=op.issuer.url,
                    base_path=op.issuer.base_path,
                )
                self._targets.setdefault((host, known), target)
        return self._targets.get((host, path))

    async def _answer(
        self, endpoint: Endpoint, op: OpenIDProvider, scope: Scope, receive: Receive
    ) -> HttpResponse:
        # HEAD is a GET without a body where a GET changes nothing.
        safe = endpoint.methods == ("GET",)
        method = "GET" if scope["method"] == "HEAD" and safe else scope["method"]
        request = EndpointRequest(
            method=method, query=scope["query_string"], headers=scope["headers"]
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
            if method == "POST":
                request = replace(request, body=await read_body(request, receive))
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
        return self._refusals.record(refusal, name, claimed_client_id(request), op)

    # ---- pages ------------------------------------------------------------------------------

    async def _page(
        self, host: bytes, scope: Scope, receive: Receive, send: Send
    ) -> HttpResponse | None:
        """Let the pages answer; what they raise becomes a page here."""
        op = None
        request = EndpointRequest(
            method=scope["method"], query=scope["query_string"], headers=scope["headers"]
        )
        try:
            providers = await self._providers_at(host)
            op = page_provider(providers, scope["path"])
            if op is None and not scope["path"].startswith(("/static/", "/theme/")):
                raise ReasonCode.HOST_UNKNOWN.refusal(received=host.decode("latin-1"))
            root = op.issuer.base_path if op is not None and is_below(op, scope["path"]) else ""
            if scope["method"] == "POST":
                request = replace(request, body=await read_body(request, receive))
            # With "app" in it, the router raises for a wrong method instead of answering itself.
            added = {"op": op, "providers": providers, "root_path": root, "app": self._pages}
            await self._pages({**scope, **added}, replayed(request.body), send)
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

    async def _providers_at(self, host: bytes) -> Sequence[OpenIDProvider]:
        at_host = await self._issuers.at_host(host.decode("latin-1"))
        return [op for served in at_host if (op := await served.current()) is not None]

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


def _defect(error: Exception) -> Refusal:
    """What is nobody's fault but ours."""
    refusal = ReasonCode.SERVER_ERROR.refusal()
    refusal.__cause__ = error
    return refusal
