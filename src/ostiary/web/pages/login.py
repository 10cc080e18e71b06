"""Sign in: the username first, then the password; or both on one page, as the institution likes."""

from dataclasses import dataclass

from ostiary.accounts.factors import password
from ostiary.accounts.throttle import TooManyTries
from ostiary.domain.institution import SignInLayout
from ostiary.domain.user import MAX_USERNAME_LENGTH, canonical_username
from ostiary.protocol.parameters import Parameters
from ostiary.provider.interaction import login
from ostiary.provider.interaction.flow import Outcome, SignInFailed, identify, sign_in
from ostiary.web.pages.context import PageContext
from ostiary.web.responses import HttpResponse, redirect, retry_after

STEP = login.STEP
# Asks for another username; the link of "Not you?".
ANOTHER = "another"
# The page of the password has an address of its own, so that going back leads to the username.
PASSWORD_PAGE = "password"  # noqa: S105  a name

WRONG_PAIR = "That username or password is not right. Check both and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    field: str
    text: str


def show(context: PageContext, query: Parameters) -> HttpResponse:
    interaction = context.opened.interaction
    if query.get(ANOTHER) is not None:
        return _page(context, _first_fields(context), "")
    if query.get(PASSWORD_PAGE) is not None and interaction.identifier is not None:
        return _page(context, "password", interaction.identifier)
    username = interaction.identifier or interaction.request.login_hint or ""
    return _page(context, _first_fields(context), username)


async def submit_identifier(context: PageContext, form: Parameters) -> HttpResponse | Outcome:
    """A username; with a password too, if a password manager has filled in both."""
    username = _username(form)
    if not username:
        error = FieldError(field="username", text=f"Enter your {_label(context).lower()}")
        return _page(context, "identifier", "", error)
    if form.get("password"):
        return await submit(context, form)
    await identify(context.opened, username, context.op)
    return redirect(f"{context.path}?{PASSWORD_PAGE}=1")


async def submit(context: PageContext, form: Parameters) -> HttpResponse | Outcome:
    """A username and a password."""
    username, presented = _username(form), form.get("password") or ""
    fields = _submitted_fields(context, username)
    errors = []
    if not username:
        errors.append(FieldError(field="username", text=f"Enter your {_label(context).lower()}"))
    if not presented:
        errors.append(FieldError(field="password", text="Enter your password"))
    if errors:
        return _page(context, fields, username, *errors)
    try:
        return await sign_in(context.opened, password.AMR, username, presented, context.op)
    except TooManyTries as early:
        return _too_many_tries(context, early.seconds)
    except SignInFailed:
        return _page(context, fields, username, FieldError(field="password", text=WRONG_PAIR))


def _too_many_tries(context: PageContext, seconds: int) -> HttpResponse:
    """How long to wait, and what helps meanwhile; the same for names that nobody has."""
    page = context.page(
        "too_many_tries.html",
        "Too many tries",
        status=429,
        wait=in_words(seconds),
        restart_href=context.path,
    )
    return page.with_headers(retry_after(seconds))


def in_words(seconds: int) -> str:
    """A wait as a person counts it, never shorter than it is."""
    if seconds <= 60:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    return f"{-(-seconds // 60)} minutes"


def _first_fields(context: PageContext) -> str:
    one_page = context.institution.sign_in_layout is SignInLayout.ONE_PAGE
    return "both" if one_page else "identifier"


def _submitted_fields(context: PageContext, username: str) -> str:
    """The fields of the page that this form was on."""
    identifier = context.opened.interaction.identifier
    if identifier and canonical_username(identifier) == canonical_username(username):
        return "password"
    return "both"


def _username(form: Parameters) -> str:
    return (form.get("username") or "").strip()[: MAX_USERNAME_LENGTH + 1]


def _label(context: PageContext) -> str:
    return context.institution.identifier_label


def _page(context: PageContext, fields: str, username: str, *errors: FieldError) -> HttpResponse:
    return context.page(
        "sign_in.html",
        "Enter your password" if fields == "password" else "Sign in",
        status=400 if errors else 200,
        fields=fields,
        username=username,
        identifier_label=_label(context),
        errors=errors,
        csrf=context.csrf,
        action=f"{context.path}/{'identifier' if fields == 'identifier' else 'login'}",
        restart_href=f"{context.path}?{ANOTHER}=1",
    )
