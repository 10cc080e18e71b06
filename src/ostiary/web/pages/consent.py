"""Consent: who asks, what for, and two buttons of the same size."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ostiary.domain.face import Face
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.domain.user import display_name
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.scope import OPENID
from ostiary.provider.interaction import consent
from ostiary.provider.interaction.flow import Outcome, allow, deny
from ostiary.web.pages.context import PageContext
from ostiary.web.pages.login import ANOTHER
from ostiary.web.responses import HttpResponse, redirect

STEP = consent.STEP

IDENTITY, SERVICES = "About you", "Services"

# What each scope is called. OIDC Core §5.4.
_TITLES = {
    OPENID: "Who you are",
    "profile": "Your name and profile",
    "email": "Your email address",
    "phone": "Your phone number",
    "address": "Your postal address",
}
# What each claim is called; claims of one name are one thing to a person.
_CLAIMS = {
    "institution_id": "which institution you belong to",
    "netteller_id": "your NetTeller ID",
    "cash_management_user_id": "your cash management user",
    "cash_management_user": "your cash management user",
    "theme_data": "the colors of your institution",
    "name": "your name",
    "family_name": "your name",
    "given_name": "your name",
    "middle_name": "your name",
    "preferred_username": "your username",
    "picture": "your picture",
    "birthdate": "your date of birth",
    "department": "your department",
    "title": "your job title",
    "email": "your email address",
    "email_verified": "whether it has been confirmed",
    "phone_number": "your phone number",
    "address": "street, city, state and postal code",
}
_IDENTIFIER = "an identifier that stands for you"


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
        groups=consent_groups(
            context.op.issuer.face,
            request.scope,
            signed_in.consented if signed_in else frozenset(),
        ),
        offline=not OFFLINE_SCOPES.isdisjoint(request.scope),
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
    face: Face, scope: frozenset[str], consented: frozenset[str]
) -> tuple[Group, ...]:
    """What is asked, in groups, in words: everything that the scopes release on this face.

    Offline access is told apart, as it is a duration.
    """
    asked = scope - OFFLINE_SCOPES
    groups = (
        Group(
            title=IDENTITY,
            entries=tuple(
                Entry(title=title, text=_released(face, name), is_new=name not in consented)
                for name, title in _TITLES.items()
                if name in asked
            ),
        ),
        Group(
            title=SERVICES,
            entries=tuple(
                Entry(title=_spoken(name), text="", is_new=name not in consented)
                for name in sorted(asked - _TITLES.keys())
            ),
        ),
    )
    return tuple(group for group in groups if group.entries)


def _released(face: Face, scope_name: str) -> str:
    """A sentence that names what the scope releases."""
    claims = [_CLAIMS[claim] for claim in face.claims.get(scope_name, ())]
    things = dict.fromkeys([_IDENTIFIER, *claims] if scope_name == OPENID else claims)
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
