"""Select account: go on as who is signed in, or as somebody else."""

from ostiary.domain.user import display_name
from ostiary.protocol.parameters import Parameters
from ostiary.provider.interaction import select_account
from ostiary.provider.interaction.flow import Outcome, choose_account
from ostiary.web.pages.context import PageContext
from ostiary.web.responses import HttpResponse, redirect

STEP = select_account.STEP


def show(context: PageContext, _query: Parameters) -> HttpResponse:
    signed_in = context.opened.signed_in
    username = signed_in.username if signed_in else ""
    return context.page(
        "select_account.html",
        "You are already signed in",
        account_name=display_name(username, signed_in.claims or {} if signed_in else {}),
        username=username,
        csrf=context.csrf,
        account=context.account,
        action=f"{context.path}/select_account",
    )


async def submit(context: PageContext, form: Parameters) -> HttpResponse | Outcome:
    if not context.speaks_of_account(form):
        return redirect(context.path)
    another = form.get("choice") == "another"
    return await choose_account(context.opened, context.op, another=another)
