"""mozilla-django-oidc: what it does beyond the common suite."""

from pathlib import Path

import pytest

from tests.flows.newcomers import add_newcomer
from tests.interop.desk import Desk, check_sign_in
from tests.interop.libraries import LIBRARIES
from tests.interop.pages import free_port, serving, sign_in_at
from tests.interop.table import Flow
from tests.interop.test_pages import write_page

pytestmark = LIBRARIES["mozilla-django-oidc"].marks


@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_its_middleware_renews_the_sign_in_unseen(desk: Desk) -> None:
    outcome = await desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["renewed"] is True
    check_sign_in(desk, outcome)


@pytest.mark.parametrize("issuer_name", ["enterprise"])
async def test_the_logout_of_the_page(desk: Desk, tmp_path: Path) -> None:
    """Its site signs out at the provider too, with no question: the hint is this session's."""
    username = await add_newcomer(desk.server, desk.issuer_name)
    port = free_port()
    await write_page(desk, tmp_path, port)
    async with serving(desk.library.start, tmp_path, port) as site:
        await sign_in_at(site, desk.person, username)
        answer = await site.post("/auth/logout")
    await desk.person.open(answer.headers["location"])
    assert desk.person.page.heading == "You have signed out"
