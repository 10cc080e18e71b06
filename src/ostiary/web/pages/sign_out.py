"""Sign out: at once where the client speaks for the person, and else behind a question.

RP-Initiated Logout §2, §3.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from ostiary.domain.session import SignedIn
from ostiary.domain.user import display_name
from ostiary.provider.cookies import session_cookie_name
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.logout_request import LogoutRequest, check_logout_request
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.sign_out import find_leaving, find_told, is_named, sign_out
from ostiary.web.pages.forms import form_token, read_own_form
from ostiary.web.pages.render import Renderer
from ostiary.web.responses import HttpResponse, cookie_header, explained_redirect

# The name of both buttons, and the value of the one with which a person stays.
CHOICE, STAY = "choice", "stay"
# Longer addresses are cut or refused on their way.
LONGEST_HINT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody at the logout endpoint, and what a client asks for them, checked."""

    request: EndpointRequest
    asked: LogoutRequest
    op: OpenIDProvider
    renderer: Renderer

    async def page(self, template: str, title: str, **values: object) -> HttpResponse:
        """In the colours of the client's institution, if a client asks."""
        op, client = self.op, self.asked.client
        return self.renderer.page(
            template,
            title,
            op.issuer,
            await op.institution(client.institution_id) if client else None,
            status=200,
            client_name=client.name if client else None,
            **values,
        )


async def show_sign_out(
    request: EndpointRequest, op: OpenIDProvider, renderer: Renderer
) -> HttpResponse:
    """What a client asks, or a person who has followed a link."""
    asked = await check_logout_request(request.query_parameters(), op)
    return await _answer(Visit(request=request, asked=asked, op=op, renderer=renderer))


async def submit_sign_out(
    request: EndpointRequest, op: OpenIDProvider, renderer: Renderer
) -> HttpResponse:
    """The person's answer to our question, or what a client asks in a form."""
    form = request.form_parameters()
    asked = await check_logout_request(form, op)
    visit = Visit(request=request, asked=asked, op=op, renderer=renderer)
    if request.cookie(session_cookie_name(op.issuer)) is None:
        return _ask_again(visit, form.get("id_token_hint"))
    if form.get("csrf") is None and form.get(CHOICE) is None:
        return await _answer(visit)
    leaving = await find_leaving(request, asked.client, op)
    if leaving is None:
        return await _signed_out(visit)
    read_own_form(request, op, leaving.session.session_id)
    if form.get(CHOICE) == STAY:
        return await _stayed(visit)
    await sign_out(leaving.session, op)
    return await _signed_out(visit)


def _ask_again(visit: Visit, hint: str | None) -> HttpResponse:
    """The same as a GET: another site's form comes without our cookies, and a GET brings them."""
    hints = [("id_token_hint", hint)] if hint and len(hint) <= LONGEST_HINT else []
    query = urlencode([*visit.asked.parameters, *hints])
    address = f"{visit.op.issuer.endpoint('logout')}?{query}"
    return explained_redirect(address.removesuffix("?"))


async def _answer(visit: Visit) -> HttpResponse:
    leaving = await find_leaving(visit.request, visit.asked.client, visit.op)
    if leaving is None:
        return await _signed_out(visit)
    if not is_named(leaving.session, visit.asked, visit.op):
        return await _question(visit, leaving)
    await sign_out(leaving.session, visit.op)
    return await _signed_out(visit)


async def _question(visit: Visit, leaving: SignedIn) -> HttpResponse:
    told = await find_told(leaving.session, visit.op)
    return await visit.page(
        "sign_out.html",
        "Sign out",
        account_name=display_name(leaving.username, leaving.claims or {}),
        username=leaving.username,
        told=sorted({client.name for client in told}),
        csrf=form_token(visit.op, leaving.session.session_id),
        action=f"{visit.op.issuer.base_path}/logout",
        asked=visit.asked.parameters,
    )


async def _signed_out(visit: Visit) -> HttpResponse:
    """Back to the client, or the plain answer.

    The cookie goes only if it came: a form of another site must not take it away.
    """
    issuer = visit.op.issuer
    name = session_cookie_name(issuer)
    came = visit.request.cookie(name) is not None
    forget = (cookie_header(issuer, name, "", seconds=0),) if came else ()
    if visit.asked.return_address is not None:
        return explained_redirect(visit.asked.return_address, *forget)
    page = await visit.page("signed_out.html", "You have signed out")
    return page.with_headers(*forget)


async def _stayed(visit: Visit) -> HttpResponse:
    if visit.asked.return_address is not None:
        return explained_redirect(visit.asked.return_address)
    return await visit.page("stayed.html", "You are still signed in")
