"""Sign out: a question, then a plain answer. It never redirects."""

from ostiary.domain.session import SignedIn
from ostiary.provider.cookies import session_cookie_name
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.sign_out import find_leaving, sign_out
from ostiary.web.pages.forms import form_token, read_own_form
from ostiary.web.pages.render import Renderer
from ostiary.web.responses import HttpResponse, cookie_header


async def show_sign_out(
    request: EndpointRequest, op: OpenIDProvider, renderer: Renderer
) -> HttpResponse:
    leaving = await find_leaving(request, op)
    if leaving is None:
        return _signed_out(op, renderer)
    return _question(leaving, op, renderer)


async def submit_sign_out(
    request: EndpointRequest, op: OpenIDProvider, renderer: Renderer
) -> HttpResponse:
    leaving = await find_leaving(request, op)
    if leaving is None:
        return _signed_out(op, renderer)
    if request.form_parameters().get("csrf") is None:
        return _question(leaving, op, renderer)  # a client's POST: it asks, as its GET does
    read_own_form(request, op, leaving.session.session_id)
    await sign_out(leaving, op)
    return _signed_out(op, renderer)


def _question(leaving: SignedIn, op: OpenIDProvider, renderer: Renderer) -> HttpResponse:
    return renderer.page(
        "sign_out.html",
        "Sign out",
        op.issuer,
        account_name=leaving.username,
        username=leaving.username,
        csrf=form_token(op, leaving.session.session_id),
        action=f"{op.issuer.base_path}/logout",
        stay_href=None,
    )


def _signed_out(op: OpenIDProvider, renderer: Renderer) -> HttpResponse:
    page = renderer.page("signed_out.html", "You have signed out", op.issuer)
    return page.with_headers(
        cookie_header(op.issuer, session_cookie_name(op.issuer), "", seconds=0)
    )
