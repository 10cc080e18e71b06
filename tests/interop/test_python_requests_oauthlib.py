"""requests-oauthlib: what it does beyond the common suite."""

import pytest

from tests.interop.desk import Desk, check_sign_in
from tests.interop.libraries import LIBRARIES
from tests.interop.table import Flow

pytestmark = LIBRARIES["requests-oauthlib"].marks
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@pytest.mark.shows(Flow.REFRESH)
async def test_refresh(desk: Desk) -> None:
    """check_sign_in looks at two of them; the library repeats its scope with each."""
    check_sign_in(desk, await desk.run("sign_in"))


@on_one_issuer
async def test_a_token_that_has_expired_is_renewed_on_the_way(desk: Desk) -> None:
    seen = (await desk.run("refresh_by_itself")).seen
    assert seen["renewed"] == 1
    assert seen["sub"]


@on_one_issuer
async def test_a_scope_that_was_dropped_is_an_error_to_it(desk: Desk) -> None:
    """What client rule R11 is about: the answer's scope is never wider, and told when narrower."""
    outcome = await desk.run("sign_in", scope="openid profile email nobody:knows")
    failure = outcome.failure
    assert failure["kind"] == "Warning"
    assert failure["message"].startswith("Scope has changed from")
    assert "nobody:knows" not in failure["message"].partition(" to ")[2]
