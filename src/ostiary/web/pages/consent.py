"""Consent: who asks, what for, and two buttons of the same size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ostiary.domain.consent import Consent
from ostiary.domain.face import Face
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.domain.user import display_name
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.scope import OPENID
from ostiary.provider.interaction import consent
from ostiary.provider.interaction.flow import Outcome, allow, deny
from ostiary.web.pages.consent_words import IDENTIFIER, TITLES, TOPICS, WORDS, duration
from ostiary.web.pages.context import PageContext
from ostiary.web.pages.login import ANOTHER
from ostiary.web.responses import HttpResponse, redirect

STEP = consent.STEP

INSTITUTION = "institution_id"
IDENTITY, SERVICES = "About you", "Services"


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
    state = context.opened.state
    signed_in, request = state.signed_in, state.request
    username = signed_in.username if signed_in else ""
    before = consent.find_given(state)
    lifetimes = state.issuer.lifetimes
    return context.page(
        "consent.html",
        "Allow access",
        client_host=_host(request.redirect_uri),
        account_name=display_name(username, signed_in.claims or {} if signed_in else {}),
        username=username,
        groups=consent_groups(_told(context), request.scope, consent.asked_data(state), before),
        client_has_changed=before is None
        and signed_in is not None
        and signed_in.consent is not None,
        offline=not OFFLINE_SCOPES.isdisjoint(request.scope),
        unused_for=duration(min(lifetimes.refresh_token, lifetimes.authorization)),
        at_most=duration(lifetimes.authorization),
        csrf=context.csrf,
        account=context.account,
        action=f"{context.path}/consent",
        switch_href=f"{context.path}?{ANOTHER}=1",
    )


async def submit(context: PageContext, form: Parameters) -> HttpResponse | Outcome:
    """Only a plain yes is a yes, and only of the person whom the page named."""
    if not context.speaks_of_account(form):
        return redirect(context.path)
    answer = allow if form.get("decision") == "allow" else deny
    return await answer(context.opened, context.op)


def consent_groups(
    face: Face, scope: frozenset[str], data: frozenset[str], before: Consent | None
) -> tuple[Group, ...]:
    """What is asked, in groups, in words: everything that the scopes release on this face, and what is
    asked for beside them.

    Offline access is told apart, as it is a duration.
    """
    asked = scope - OFFLINE_SCOPES
    agreed = before.scope if before else frozenset()
    known = before.data if before else frozenset()
    by_scope = (
        Entry(title=title, text=_released(face, name), is_new=name not in agreed)
        for name, title in TITLES.items()
        if name in asked
    )
    beside = (
        Entry(title=title, text=_beneath(title, each), is_new=not known.issuperset(each))
        for title, each in _topics(face, data)
    )
    services = (
        Entry(title=_spoken(name), text="", is_new=name not in agreed)
        for name in sorted(asked - TITLES.keys())
    )
    groups = (
        Group(title=IDENTITY, entries=(*by_scope, *beside)),
        Group(title=SERVICES, entries=tuple(services)),
    )
    return tuple(group for group in groups if group.entries)


def _told(context: PageContext) -> Face:
    """The issuer's face; of institution zero, to which everybody belongs, there is nothing to tell."""
    issuer = context.op.issuer
    face = issuer.face
    if context.institution.institution_id != issuer.zero_institution_id:
        return face
    claims = {
        scope: tuple(name for name in names if face.data[name] != INSTITUTION)
        for scope, names in face.claims.items()
    }
    return replace(face, claims=claims)


def _topics(face: Face, data: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """The data under their titles; what a scope could release stands under the scope's own."""
    of_scopes = {title: _data_of(face, name) for name, title in TITLES.items()}
    for title, members in {**of_scopes, **TOPICS}.items():
        found = [datum for datum in members if datum in data]
        if found:
            yield title, found


def _beneath(title: str, data: Iterable[str]) -> str:
    """What is told under the title, unless the title tells it."""
    sentence = _sentence(data)
    return "" if sentence == f"{title}." else sentence


def _released(face: Face, scope: str) -> str:
    """A sentence that names what the scope releases."""
    return _sentence(_data_of(face, scope), *([IDENTIFIER] if scope == OPENID else []))


def _data_of(face: Face, scope: str) -> tuple[str, ...]:
    return tuple(face.data[claim] for claim in face.claims.get(scope, ()))


def _sentence(data: Iterable[str], *first: str) -> str:
    things = dict.fromkeys([*first, *(WORDS[datum] for datum in data)])
    *most, last = things
    sentence = f"{', '.join(most)} and {last}" if most else last
    return f"{sentence[0].upper()}{sentence[1:]}."


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
