"""coreos/go-oidc with golang.org/x/oauth2: what they do beyond the common suite."""

import pytest

from tests.interop.desk import Desk, check_sign_in
from tests.interop.libraries import LIBRARIES
from tests.interop.table import Flow

pytestmark = LIBRARIES["go-oidc"].marks
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@pytest.mark.parametrize("client_id", ["demo-web", "demo-spa"])
async def test_guessing_how_to_authenticate(desk: Desk, client_id: str) -> None:
    """Client rule R9: the header first, and whatever the error, the same code again in the form.

    Basic with no secret is refused to a public client, and the code has to survive that.
    """
    demo = desk.server.client(client_id)
    outcome = await desk.run(
        "sign_in",
        client_id=client_id,
        client_secret=demo.get("client_secret", ""),
        redirect_uri=demo["redirect_uris"][0],
        auth_method="guess",
    )
    check_sign_in(desk, outcome)


@on_one_issuer
@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_prompt_none(desk: Desk) -> None:
    outcome = await desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["issuer"] == desk.issuer


@on_one_issuer
async def test_a_token_that_userinfo_refuses(desk: Desk) -> None:
    failure = (await desk.run("userinfo_challenge")).failure
    assert failure["message"].startswith("401")
