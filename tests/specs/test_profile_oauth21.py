"""The profile oauth21: what it requires of clients, at the endpoints. RFC 9700 §2.1.1."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client, an_event
from tests.specs.wire import ask, refused, sent_back

WITHOUT_PKCE: dict[str, Any] = {"code_challenge": None, "code_challenge_method": None}
OFFLINE = "openid offline_access"


@pytest.fixture
async def strict(rp: RelyingParty) -> RelyingParty:
    """Registered to go without PKCE, which its profile does not allow."""
    client = a_client("strict", rp.issuer, require_pkce=False, profile_name="oauth21")
    return RelyingParty.of(rp.world, await rp.world.add_client(client, rp.issuer), rp.issuer)


@pytest.mark.spec("RFC 9700 §2.1.1")
async def test_pkce_is_needed_whatever_the_registration_says(strict: RelyingParty) -> None:
    """OAuth 2.1 makes PKCE mandatory for every client that uses codes."""
    response = await ask(strict, **WITHOUT_PKCE)
    await sent_back(strict, response, ReasonCode.CODE_CHALLENGE_MISSING)


@pytest.mark.spec("RFC 9700 §2.1.1")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_pkce_is_needed_of_every_client_of_an_issuer_under_it(relaxed: RelyingParty) -> None:
    """The issuer's profile rules those that have none of their own."""
    assert "error" not in (await ask(relaxed, **WITHOUT_PKCE)).headers["location"]
    issuer = replace(relaxed.issuer, profile_name="oauth21")
    await relaxed.world.store.issuers.save(issuer, an_event())
    response = await ask(relaxed, **WITHOUT_PKCE)
    await sent_back(relaxed, response, ReasonCode.CODE_CHALLENGE_MISSING)


@pytest.mark.spec("RFC 9700 §2.1.1")
async def test_client_that_does_as_it_should_is_let_through(strict: RelyingParty) -> None:
    """With PKCE the flow is the usual one; refresh tokens rotate."""
    tokens = await strict.tokens(scope=OFFLINE)
    assert tokens["token_type"] == "Bearer"
    refreshed = await strict.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert refreshed.json()["refresh_token"] != tokens["refresh_token"]


@pytest.mark.spec("RFC 9700 §2.1.1")
async def test_code_of_such_a_client_needs_its_verifier(strict: RelyingParty) -> None:
    """The challenge is held against the verifier at the token endpoint."""
    flow, response = await strict.authorize(strict.person())
    answer = await strict.redeem(flow, response["code"], code_verifier=None)
    await refused(strict, answer, ReasonCode.CODE_VERIFIER_MISSING)
