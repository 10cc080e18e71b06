"""Consent: who asks, what for, and two buttons of the same size."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.domain.user import display_name
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.scope import OPENID
from ostiary.provider.interaction import consent
from ostiary.provider.interaction.flow import Outcome, allow, deny
from ostiary.web.pages.context import PageContext
from ostiary.web.pages.login import ANOTHER
from ostiary.web.responses import HttpResponse

STEP = consent.STEP

IDENTITY, SERVICES = "About you", "Services"

# What each scope means to a person. OIDC Core §5.4.
_TEXTS = {
    OPENID: (IDENTITY, "Who you are", "An identifier that stands for you at this institution."),
    "profile": (IDENTITY, "Your name and profile", "Your name, username and picture."),
    "email": (IDENTITY, "Your email address", "The address that your institution has for you."),
    "phone": (IDENTITY, "Your phone number", "The number that your institution has for you."),
    "address": (IDENTITY, "Your postal address", "Street, city, state and postal code."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    title: str
    text: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


def show(context: PageContext, _query: Parameters) -> HttpResponse:
    signed_in, request = context.opened.signed_in, context.opened.interaction.request
    username = signed_in.username if signed_in else ""
    return context.page(
        "consent.html",
        "Allow access",
        client_host=_host(request.redirect_uri),
        account_name=display_name(username, signed_in.claims or {} if signed_in else {}),
        username=username,
        groups=consent_groups(request.scope, signed_in.consented if signed_in else frozenset()),
        offline=not OFFLINE_SCOPES.isdisjoint(request.scope),
        csrf=context.csrf,
        action=f"{context.path}/consent",
        switch_href=f"{context.path}?{ANOTHER}=1",
    )


async def submit(context: PageContext, form: Parameters) -> HttpResponse | Outcome:
    """Only a plain yes is a yes."""
    answer = allow if form.get("decision") == "allow" else deny
    return await answer(context.opened, context.op)


def consent_groups(scope: frozenset[str], consented: frozenset[str]) -> tuple[Group, ...]:
    """What is asked, in groups, in words. Offline access is told apart, as it is a duration."""
    asked = sorted(scope - OFFLINE_SCOPES, key=_order)
    groups: dict[str, list[Entry]] = {IDENTITY: [], SERVICES: []}
    for name in asked:
        group, title, text = _TEXTS.get(name) or (SERVICES, _spoken(name), "")
        groups[group].append(Entry(title=title, text=text, is_new=name not in consented))
    return tuple(
        Group(title=title, entries=tuple(entries)) for title, entries in groups.items() if entries
    )


def _order(name: str) -> tuple[int, str]:
    known = list(_TEXTS)
    return (known.index(name) if name in known else len(known), name)


def _spoken(name: str) -> str:
    """A name like https://…/auth/accounts.readonly as "Accounts, to read"."""
    words = name.rpartition("/")[2].split(".")
    endings = {"readonly": ", to read", "readwrite": ", to read and change", "write": ", to change"}
    ending = endings.get(words[-1], "")
    subject = " ".join(words[:-1] if ending else words).replace("-", " ").replace("_", " ")
    return subject.capitalize() + ending


def _host(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    return parts.netloc or f"an app on this device ({parts.scheme})"
