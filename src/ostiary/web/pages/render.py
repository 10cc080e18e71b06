"""Rendering: one frame around every page, filled from the institution that it speaks for."""

from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Environment as IssuerEnvironment
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.provider.exchange import AuthorizationResponse
from ostiary.web.assets import Assets
from ostiary.web.request_facts import CURRENT
from ostiary.web.responses import HttpResponse, authorization_redirect, page_response, saying_when
from ostiary.web.theme import theme_href

NEUTRAL_NAME = "Ostiary"
NEUTRAL_COLOR = "#1f4e79"

_OF_LOGOUT = frozenset(
    {
        ReasonCode.LOGOUT_HINT_INVALID,
        ReasonCode.LOGOUT_HINT_OF_OTHER_CLIENT,
        ReasonCode.POST_LOGOUT_REDIRECT_URI_UNREGISTERED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page shows around its content."""

    title: str
    institution_name: str
    support: str | None
    sandbox: bool
    theme_href: str
    css_href: str
    script_href: str
    favicon_href: str
    mark_href: str


class Renderer:
    """Templates, parsed once."""

    def __init__(self, assets: Assets) -> None:
        self._assets: Final = assets
        self._templates: Final = Environment(
            loader=PackageLoader("ostiary.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def page(
        self,
        template: str,
        title: str,
        issuer: Issuer | None,
        institution: Institution | None = None,
        /,
        *,
        status: int = 200,
        **values: object,
    ) -> HttpResponse:
        frame = self._frame(title, issuer, institution)
        html = self._templates.get_template(template).render(page=frame, **values)
        return page_response(issuer, html, status)

    def refusal(self, refusal: Refusal, reference: str, issuer: Issuer | None) -> HttpResponse:
        """A page that says what to do, and names the reference under which the reason is found."""
        heading, text = _words(refusal)
        sandbox = issuer is not None and issuer.environment is IssuerEnvironment.SANDBOX
        page = self.page(
            "error.html",
            heading,
            issuer,
            status=refusal.reason.status,
            heading=heading,
            text=text,
            reference=reference,
            details=_details(refusal) if sandbox else [],
            sign_out_href=_sign_out_href(refusal, issuer),
        )
        return saying_when(page, refusal)

    def authorization_response(
        self,
        response: AuthorizationResponse,
        issuer: Issuer,
        institution: Institution | None = None,
    ) -> HttpResponse:
        """The redirect, or the form that brings the response to the client. Form Post §2."""
        redirected = authorization_redirect(response)
        if redirected is not None:
            return redirected
        return self.page(
            "form_post.html",
            "Going back to your app",
            issuer,
            institution,
            form_action=response.redirect_uri,
            fields=response.parameters,
            script_href_form_post=self._assets.href("form-post.js"),
        )

    def _frame(self, title: str, issuer: Issuer | None, institution: Institution | None) -> Frame:
        fallback = issuer.name if issuer else NEUTRAL_NAME
        return Frame(
            title=title,
            institution_name=institution.name if institution else fallback,
            support=institution.support if institution else None,
            sandbox=issuer is not None and issuer.environment is IssuerEnvironment.SANDBOX,
            theme_href=theme_href(institution.brand_color if institution else NEUTRAL_COLOR),
            css_href=self._assets.href("ostiary.css"),
            script_href=self._assets.href("page.js"),
            favicon_href=self._assets.href("favicon.svg"),
            mark_href=self._assets.href("mark.svg"),
        )


def _sign_out_href(refusal: Refusal, issuer: Issuer | None) -> str | None:
    """Who wanted to sign out can still do so, whatever the app has sent."""
    return issuer.endpoint("logout") if issuer and refusal.code in _OF_LOGOUT else None


def _words(refusal: Refusal) -> tuple[str, str]:
    """What a person can do, who has not made the request and cannot mend it."""
    status = refusal.reason.status
    if refusal.code is ReasonCode.INTERACTION_UNKNOWN:
        return (
            "This sign-in belongs to another browser",
            "It was begun in another browser, or cookies are switched off here. "
            "Go back to the app that you came from and start again, in one browser.",
        )
    if refusal.code in _OF_LOGOUT:
        return (
            "You were not signed out",
            "The app that you came from sent us a request that we cannot accept. "
            "You can sign out here, or tell its support team this reference.",
        )
    if status >= 500:
        return (
            "Something went wrong on our side",
            "Your details were not changed. Try again in a few minutes.",
        )
    if status == 429:
        return (
            "Too many requests",
            "More has come from your network than we can answer at once. Wait a minute, then try "
            "again.",
        )
    if status == 421:
        return (
            "No sign-in lives at this address",
            "Check the address. If you run this server: it answers at the host of each issuer's "
            "URL, and a proxy in front of it has to pass the Host header on.",
        )
    if status == 404:
        return (
            "There is no page at this address",
            "Go back to the app that you came from and start again.",
        )
    if status == 403:
        return (
            "This form did not come from our page",
            "Go back, open the page again, and make sure that cookies are switched on.",
        )
    return (
        "This link does not work",
        "The app that you came from sent us a request that we cannot accept. "
        "Go back to it and try again, or tell its support team this reference.",
    )


def _details(refusal: Refusal) -> list[tuple[str, str]]:
    """For the developer at a sandbox."""
    reason = refusal.reason
    shown = [
        ("Error", str(reason.error)),
        ("Reason", refusal.code.name.lower()),
        ("Meaning", reason.text),
        ("Expected", refusal.expected),
        ("Received", refusal.received),
        ("What to do", reason.advice),
        ("Rule", reason.section),
        ("Request", facts.request_id if (facts := CURRENT.get()) else None),
    ]
    return [(label, value) for label, value in shown if value]
