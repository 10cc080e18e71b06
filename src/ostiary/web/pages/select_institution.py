"""Select institution: one button for each; who is not signed in never sees any."""

import unicodedata

from ostiary.domain.institution import Institution
from ostiary.protocol.parameters import Parameters
from ostiary.provider.interaction import select_institution
from ostiary.provider.interaction.flow import Outcome, choose_institution
from ostiary.web.pages.context import PageContext
from ostiary.web.pages.login import ANOTHER
from ostiary.web.responses import HttpResponse, redirect

STEP = select_institution.STEP
# From so many institutions on, a search field helps more than it disturbs.
MANY = 8
SEARCH = "q"


def show(context: PageContext, query: Parameters) -> HttpResponse:
    signed_in, zero = context.opened.signed_in, context.op.issuer.zero_institution_id
    named = [each for each in context.institutions if each.institution_id != zero]
    searched = (query.get(SEARCH) or "").strip()
    username = signed_in.username if signed_in else ""
    return context.page(
        "select_institution.html",
        "Choose an institution",
        institutions=_found(named, searched),
        searchable=len(named) >= MANY,
        searched=searched,
        zero=zero if any(each.institution_id == zero for each in context.institutions) else None,
        account_name=username,
        username=username,
        csrf=context.csrf,
        account=context.account,
        path=context.path,
        action=f"{context.path}/select_institution",
        switch_href=f"{context.path}?{ANOTHER}=1",
    )


async def submit(context: PageContext, form: Parameters) -> HttpResponse | Outcome:
    if not context.speaks_of_account(form):
        return redirect(context.path)
    return await choose_institution(context.opened, form.get("institution") or "", context.op)


def _found(institutions: list[Institution], searched: str) -> list[Institution]:
    """Those whose name has every word that was searched for, in the order of their names."""
    words = _folded(searched).split()
    by_name = sorted(institutions, key=lambda each: _folded(each.name))
    return [each for each in by_name if all(word in _folded(each.name) for word in words)]


def _folded(text: str) -> str:
    """As people type it: "Åland" is found by "aland", and stands among the A."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
