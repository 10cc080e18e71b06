"""openid-client 6: what it does beyond the common suite."""

import pytest

from ostiary.protocol.jose.algorithms import Algorithm
from tests.interop.desk import Desk, check_sign_in
from tests.interop.libraries import LIBRARIES
from tests.interop.table import Flow

pytestmark = LIBRARIES["openid-client"].marks
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


async def test_discovery_by_the_oauth_metadata(desk: Desk) -> None:
    """RFC 8414 §3: for an issuer with a path, the well-known part stands before that path."""
    outcome = await desk.run("sign_in_by_oauth_metadata")
    check_sign_in(desk, outcome)
    assert outcome.seen["supports_pkce"] is True


@on_one_issuer
@pytest.mark.parametrize("algorithm", [Algorithm.PS256, Algorithm.EDDSA])
async def test_signature_algorithms_that_few_libraries_know(
    desk: Desk, algorithm: Algorithm
) -> None:
    changes = await desk.add_client(id_token_algorithm=algorithm)
    check_sign_in(desk, await desk.run("sign_in", **changes))


@on_one_issuer
@pytest.mark.parametrize("scenario", ["iss_removed", "iss_of_another"])
async def test_the_library_holds_us_to_iss(desk: Desk, scenario: str) -> None:
    assert '"iss"' in (await desk.run(scenario)).failure["message"]


@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_prompt_none_gives_tokens_to_whoever_is_signed_in(desk: Desk) -> None:
    outcome = await desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["tokens"]["claims"]["iss"] == desk.issuer


@on_one_issuer
async def test_prompt_none_is_refused_to_nobody_in_particular(desk: Desk) -> None:
    outcome = await desk.run("prompt_none_alone")
    assert outcome.asked == [[]]
    failure = outcome.failure
    assert (failure["kind"], failure["error"]) == ("AuthorizationResponseError", "login_required")


@on_one_issuer
async def test_a_wrong_secret_in_the_header_is_told_as_a_challenge(desk: Desk) -> None:
    outcome = await desk.run(
        "wrong_secret", client_secret="wrong", auth_method="client_secret_basic"
    )
    failure = outcome.failure
    assert (failure["kind"], failure["status"]) == ("WWWAuthenticateChallengeError", 401)


@on_one_issuer
async def test_a_token_that_userinfo_refuses_is_told_as_a_challenge(desk: Desk) -> None:
    failure = (await desk.run("userinfo_challenge")).failure
    assert (failure["kind"], failure["status"]) == ("WWWAuthenticateChallengeError", 401)
