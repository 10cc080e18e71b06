"""social-auth-core: what it does beyond the common suite."""

import pytest

from tests.interop.desk import Desk
from tests.interop.libraries import LIBRARIES
from tests.interop.table import Flow, Refused

pytestmark = LIBRARIES["social-auth-core"].marks
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@on_one_issuer
@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_prompt_none(desk: Desk) -> None:
    outcome = await desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["tokens"]["claims"]["iss"] == desk.issuer


@on_one_issuer
@pytest.mark.shows(Refused.WRONG_VERIFIER)
async def test_wrong_verifier(desk: Desk) -> None:
    """A refused code is another kind of error to it than a refused secret."""
    failure = (await desk.run("wrong_verifier")).failure
    assert (failure["kind"], failure["error"]) == ("AuthCredentialError", "invalid_grant")
