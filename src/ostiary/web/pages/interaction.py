"""An interaction's addresses: its page, its forms, and starting it again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.cookies import interaction_cookie_name, session_cookie_name
from ostiary.provider.exchange import AuthorizationResponse, EndpointRequest
from ostiary.provider.interaction.begin import interaction_cookie
from ostiary.provider.interaction.flow import AlreadyFinished, AskNext, Outcome, advance
from ostiary.provider.interaction.opened import open_interaction, restart
from ostiary.provider.op import OpenIDProvider
from ostiary.web.pages import consent, login, select_account, select_institution
from ostiary.web.pages.context import (
    PageContext,
    PageServices,
    interaction_redirect,
    parse_interaction_id,
)
from ostiary.web.pages.forms import read_own_form
from ostiary.web.responses import (
    Header,
    HttpResponse,
    cookie_header,
    redirect,
    reference_header,
)

# How long a finished interaction still tells who goes back to it that it is finished.
SECONDS_TO_GO_BACK = 600

Submit = Callable[[PageContext, Parameters], Awaitable[HttpResponse | Outcome]]


class StepPage(Protocol):
    STEP: str

    def show(self, context: PageContext, query: Parameters) -> HttpResponse: ...


_PAGES: tuple[StepPage, ...] = (login, select_account, select_institution, consent)
PAGES: Mapping[str, StepPage] = {page.STEP: page for page in _PAGES}

# The forms, by the last part of their address.
FORMS: Mapping[str, Submit] = {
    "identifier": login.submit_identifier,
    "login": login.submit,
    "select_account": select_account.submit,
    "select_institution": select_institution.submit,
    "consent": consent.submit,
}


async def show_interaction(
    request: EndpointRequest, name: str, op: OpenIDProvider, services: PageServices
) -> HttpResponse:
    """The page of the next step."""
    context = await _open(request, name, op, services)
    over = _over(context)
    if over is not None:
        return over
    query = request.query_parameters()
    if query.get(login.ANOTHER) is not None:
        return login.show(context, query)
    try:
        outcome = await advance(context.opened, op)
    except AlreadyFinished:
        return _finished(context)
    return await _answer(context, outcome, query)


async def submit_form(
    request: EndpointRequest, name: str, form_name: str, op: OpenIDProvider, services: PageServices
) -> HttpResponse:
    """What a form proves, and what comes next."""
    submit = FORMS.get(form_name)
    if submit is None:
        raise ReasonCode.PAGE_UNKNOWN.refusal(received=form_name)
    context = await _open(request, name, op, services)
    interaction = context.opened.interaction
    form = read_own_form(request, op, interaction.interaction_id, interaction.browser_id)
    over = _over(context)
    if over is not None:
        return over
    try:
        outcome = await submit(context, form)
    except AlreadyFinished:
        return _finished(context)
    if isinstance(outcome, HttpResponse):
        return outcome
    return await _answer(context, outcome, None)


async def start_again(
    request: EndpointRequest, name: str, op: OpenIDProvider, services: PageServices
) -> HttpResponse:
    """The same request in a new interaction."""
    context = await _open(request, name, op, services)
    if context.opened.finished:
        return _finished(context)
    return interaction_redirect(op, await restart(context.opened, op))


async def _open(
    request: EndpointRequest, name: str, op: OpenIDProvider, services: PageServices
) -> PageContext:
    opened = await open_interaction(request, parse_interaction_id(name), op)
    signed_in = opened.signed_in
    choosable = signed_in.institution_ids if signed_in else ()
    wanted = opened.interaction.wanted_institution_id
    chosen = signed_in.institution_id if signed_in else wanted
    return PageContext(
        op=op,
        services=services,
        opened=opened,
        institution=await op.institution(chosen or opened.client.institution_id),
        institutions=[await op.institution(each) for each in choosable],
    )


async def _answer(context: PageContext, outcome: Outcome, query: Parameters | None) -> HttpResponse:
    """The client's answer; or the next page: shown to who asked for it, and redirected to after a
    form, so that reloading and going back are safe."""
    op = context.op
    if isinstance(outcome, AskNext):
        if query is not None:
            return PAGES[outcome.step.STEP].show(context, query)
        response = redirect(context.path)
    else:
        response = _client_response(context, outcome.response)
    if outcome.cookie is None:
        return response
    cookie = cookie_header(op.issuer, session_cookie_name(op.issuer), outcome.cookie)
    return response.with_headers(cookie)


def _client_response(context: PageContext, answer: AuthorizationResponse) -> HttpResponse:
    """The person goes back to the client; a refusal that they take along is recorded."""
    op, services = context.op, context.services
    response = services.renderer.authorization_response(
        answer, op.issuer, context.institution
    ).with_headers(_soon_forgotten(context))
    if answer.refusal is None:
        return response
    client_id = context.opened.client.client_id
    reference = services.refusals.record(answer.refusal, "pages", client_id, op)
    return response.with_headers(reference_header(reference))


def _soon_forgotten(context: PageContext) -> Header:
    """The interaction is over: its cookie is kept for who goes back, and not for longer."""
    op, interaction = context.op, context.opened.interaction
    name = interaction_cookie_name(op.issuer, interaction.interaction_id)
    value = interaction_cookie(op, interaction)
    return cookie_header(op.issuer, name, value, seconds=SECONDS_TO_GO_BACK)


def _over(context: PageContext) -> HttpResponse | None:
    """The page for an interaction that is finished or expired."""
    if context.opened.finished:
        return _finished(context)
    if context.opened.expired:
        return context.page(
            "expired.html", "This page has expired", restart_href=f"{context.path}/restart"
        )
    return None


def _finished(context: PageContext) -> HttpResponse:
    return context.page("finished.html", "You have already finished signing in")
