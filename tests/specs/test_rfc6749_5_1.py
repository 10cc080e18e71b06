"""RFC 6749 §5.1: the successful token response; and what is special about it in each grant."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx2
import pytest

from ostiary.domain.quirks import Quirk
from ostiary.management.issuers import save_issuer
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, World
from tests.specs.wire import basic, code_of, post_token

Ask = Callable[[RelyingParty], Awaitable[httpx2.Response]]


async def _by_code(rp: RelyingParty) -> httpx2.Response:
    return await post_token(rp, await code_of(rp), authorization=basic())


async def _by_refresh(rp: RelyingParty) -> httpx2.Response:
    return await rp.refresh((await rp.tokens(scope="openid offline_access"))["refresh_token"])


async def _by_credentials(rp: RelyingParty) -> httpx2.Response:
    return await rp.token(grant_type="client_credentials", scope="openid")


GRANTS = [_by_code, _by_refresh, _by_credentials]


@pytest.mark.spec("RFC 6749 §5.1")
@pytest.mark.parametrize("grant", GRANTS)
async def test_token_response_has_what_is_required(rp: RelyingParty, grant: Ask) -> None:
    """access_token and token_type are required, expires_in is recommended: a number of seconds."""
    response = await grant(rp)
    members = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert isinstance(members["access_token"], str)
    assert members["token_type"].lower() == "bearer"
    assert members["expires_in"] == 600
    assert isinstance(members["expires_in"], int)


@pytest.mark.spec("RFC 6749 §5.1")
@pytest.mark.parametrize("grant", GRANTS)
async def test_token_response_must_not_be_stored(rp: RelyingParty, grant: Ask) -> None:
    """Cache-Control: no-store and Pragma: no-cache are required where tokens are."""
    response = await grant(rp)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"


@pytest.mark.spec("RFC 6749 §5.1")
async def test_refusal_at_the_token_endpoint_is_not_stored_either(rp: RelyingParty) -> None:
    """What answers one request answers no other."""
    response = await rp.token(grant_type="banana")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.spec("RFC 6749 §5.1")
async def test_members_of_the_token_response_are_at_the_top_level(rp: RelyingParty) -> None:
    """Parameters are members of one JSON object: strings are strings and numbers numbers."""
    members = await rp.tokens(scope="openid offline_access")
    assert set(members) == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "id_token",
        "refresh_token",
    }


@pytest.mark.spec("RFC 6749 §5.1")
async def test_expires_in_is_a_string_only_where_the_quirk_is_switched_on(world: World) -> None:
    """The contract's own type is a deviation that an issuer has to ask for."""
    quirky = replace(ENTERPRISE, quirks=frozenset({Quirk.EXPIRES_IN_STRING}))
    await save_issuer(world.store, MASTER_KEY, quirky, START)
    response = await _by_credentials(RelyingParty(world=world, issuer=quirky))
    assert response.json()["expires_in"] == "600"
