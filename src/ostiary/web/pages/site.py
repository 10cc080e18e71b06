"""The pages behind one router, asked when no protocol endpoint has the path.

The edge in front of it puts the issuer's provider into the scope, or none for what belongs to no
issuer; an exception leaves it as it came, for the one place that turns it into a response.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from ostiary.domain.issuer import Environment
from ostiary.domain.refusals import ReasonCode
from ostiary.provider import pictures
from ostiary.provider.exchange import EndpointRequest, gather_headers
from ostiary.provider.op import OpenIDProvider
from ostiary.web.assets import Assets, stylesheet
from ostiary.web.home import CODE_VERIFIER, Demo, sign_in_href
from ostiary.web.incoming import client_address
from ostiary.web.pages.context import PageServices
from ostiary.web.pages.interaction import show_interaction, start_again, submit_form
from ostiary.web.pages.picture import show_picture
from ostiary.web.pages.sign_out import show_sign_out, submit_sign_out
from ostiary.web.responses import HttpResponse, demanding_https
from ostiary.web.theme import theme_css

Handler = Callable[[Request], Awaitable[HttpResponse]]


class Site:
    def __init__(self, services: PageServices, assets: Assets, demo: Demo | None) -> None:
        self._services: Final = services
        self._renderer: Final = services.renderer
        self._assets: Final = assets
        self._demo: Final = demo

    def router(self) -> Router:
        """Paths of an issuer are below its base path, which is the scope's root_path."""
        return Router(
            redirect_slashes=False,
            default=_not_found,
            routes=[
                _route("/interaction/{name}", GET=self._show),
                _route("/interaction/{name}/restart", GET=self._restart),
                _route("/interaction/{name}/{form}", POST=self._submit),
                _route("/logout", GET=self._show_sign_out, POST=self._submit_sign_out),
                _route("/static/{name}", GET=self._static),
                _route("/theme/{name}", GET=self._theme),
                _route(f"{pictures.FOLDER}/{{user_id}}/{pictures.NAME}", GET=self._picture),
                _route("/openapi.json", GET=self._openapi_document),
                _route("/openapi", GET=self._openapi),
                _route("/", GET=self._home),
            ],
        )

    async def _show(self, request: Request) -> HttpResponse:
        name = request.path_params["name"]
        return await show_interaction(await _plain(request), name, _op(request), self._services)

    async def _restart(self, request: Request) -> HttpResponse:
        name = request.path_params["name"]
        return await start_again(await _plain(request), name, _op(request), self._services)

    async def _submit(self, request: Request) -> HttpResponse:
        name, form = request.path_params["name"], request.path_params["form"]
        return await submit_form(await _plain(request), name, form, _op(request), self._services)

    async def _show_sign_out(self, request: Request) -> HttpResponse:
        return await show_sign_out(await _plain(request), _op(request), self._renderer)

    async def _submit_sign_out(self, request: Request) -> HttpResponse:
        return await submit_sign_out(await _plain(request), _op(request), self._renderer)

    async def _static(self, request: Request) -> HttpResponse:
        found = self._assets.find(request.path_params["name"])
        if found is None:
            raise ReasonCode.PAGE_UNKNOWN.refusal()
        return found

    async def _theme(self, request: Request) -> HttpResponse:
        css = theme_css(request.path_params["name"])
        if css is None:
            raise ReasonCode.PAGE_UNKNOWN.refusal()
        return stylesheet(css)

    async def _picture(self, request: Request) -> HttpResponse:
        query = (await _plain(request)).query_parameters()
        return await show_picture(request.scope["providers"], request.path_params["user_id"], query)

    async def _openapi_document(self, request: Request) -> HttpResponse:
        from ostiary.web.pages.openapi import send_document  # noqa: PLC0415  12 ms at a start

        return send_document(_op(request).issuer)

    async def _openapi(self, request: Request) -> HttpResponse:
        from ostiary.web.pages.openapi import show_operations  # noqa: PLC0415

        return show_operations(_op(request).issuer, self._renderer)

    async def _home(self, request: Request) -> HttpResponse:
        op: OpenIDProvider | None = request.scope["op"]
        if self._demo is None or op is None or op.issuer.environment is not Environment.SANDBOX:
            raise ReasonCode.PAGE_UNKNOWN.refusal()
        application = next(each for each in self._demo.clients if each.redirect_uris)
        return self._renderer.page(
            "home.html",
            "Your sandbox",
            op.issuer,
            issuer=op.issuer.url,
            others=[each for each in self._demo.issuers if each.issuer_id != op.issuer.issuer_id],
            discovery_href=f"{op.issuer.url}/.well-known/openid-configuration",
            openapi_href=op.issuer.endpoint("openapi"),
            clients=self._demo.clients,
            application=application,
            sign_in_href=sign_in_href(op.issuer, application),
            code_verifier=CODE_VERIFIER,
            users=self._demo.users,
        )


async def _not_found(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ReasonCode.PAGE_UNKNOWN.refusal()


def _route(path: str, **handlers: Handler) -> Route:
    """One address, with a handler for each of its methods; HEAD is answered as GET."""

    async def respond(request: Request) -> Response:
        answer = await handlers["GET" if request.method == "HEAD" else request.method](request)
        op: OpenIDProvider | None = request.scope["op"]
        if op is not None:
            answer = demanding_https(answer, secure=op.issuer.secure)
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            *answer.headers,
            (b"content-length", str(len(answer.body)).encode()),
        ]
        return response

    return Route(path, respond, methods=list(handlers))


def _op(request: Request) -> OpenIDProvider:
    op: OpenIDProvider | None = request.scope["op"]
    if op is None:
        raise ReasonCode.PAGE_UNKNOWN.refusal()
    return op


async def _plain(request: Request) -> EndpointRequest:
    return EndpointRequest(
        method=request.method,
        query=request.scope["query_string"],
        headers=gather_headers(request.scope["headers"]),
        body=await request.body(),
        address=client_address(request.scope),
    )
