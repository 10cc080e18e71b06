"""OIDC Core §11 offline access, and §12 refresh tokens."""

from dataclasses import replace

import pytest

from ostiary.domain.client import RefreshTokens
from ostiary.domain.quirks import Quirk
from ostiary.domain.scopes import CONSUMER_OFFLINE_ACCESS
from ostiary.management.issuers import save_issuer
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, MASTER_KEY, PASSWORD, START, World, a_client
from tests.specs.wire import id_token_claims

OFFLINE = "openid profile email offline_access"


@pytest.mark.spec("OIDC Core §11")
async def test_offline_access_gives_a_refresh_token(rp: RelyingParty) -> None:
    """offline_access asks for a refresh token."""
    assert "refresh_token" in await rp.tokens(scope="openid offline_access")


@pytest.mark.spec("OIDC Core §11")
async def test_without_offline_access_there_is_no_refresh_token(rp: RelyingParty) -> None:
    """Who does not ask to act in the person's absence is not given the means."""
    assert "refresh_token" not in await rp.tokens(scope="openid")


@pytest.mark.spec("OIDC Core §11")
async def test_offline_scope_of_the_consumer_contract_gives_a_refresh_token(world: World) -> None:
    """The consumer contract has its own name for the same thing."""
    rp = RelyingParty(world=world, issuer=CONSUMER)
    tokens = await rp.tokens(scope=f"openid {CONSUMER_OFFLINE_ACCESS}")
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.spec("OIDC Core §11")
async def test_client_that_is_set_to_always_gets_a_refresh_token_without_asking(
    rp: RelyingParty,
) -> None:
    """Refresh tokens may be issued in other contexts too, which are the operator's to decide."""
    always = a_client("always", rp.issuer, refresh_tokens=RefreshTokens.ALWAYS)
    await rp.world.add_client(always, rp.issuer)
    rp.client_id = "always"
    assert "refresh_token" in await rp.tokens(scope="openid")


@pytest.mark.spec("OIDC Core §11")
async def test_issuer_with_the_quirk_gives_a_refresh_token_with_every_grant(
    world: World,
) -> None:
    """The contract's schema has one in every response: a deviation that is switched on."""
    quirky = replace(CONSUMER, quirks=frozenset({Quirk.REFRESH_TOKEN_ALWAYS}))
    await save_issuer(world.store, MASTER_KEY, quirky, START)
    rp = RelyingParty(world=world, issuer=quirky)
    tokens = await rp.tokens(scope="openid")
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200
    assert "refresh_token" in (await rp.token(grant_type="client_credentials")).json()


@pytest.mark.spec("OIDC Core §11")
async def test_person_is_told_that_access_will_last(rp: RelyingParty) -> None:
    """The server must have consent for offline access: the page says what it means."""
    short = await rp.person().open(rp.begin(scope="openid").url)
    await short.sign_in("alice", PASSWORD)
    lasting = await rp.person().open(rp.begin(scope="openid offline_access").url)
    await lasting.sign_in("alice", PASSWORD)
    assert len(lasting.page.text) > len(short.page.text)


@pytest.mark.spec("OIDC Core §11")
async def test_offline_access_is_ignored_for_a_client_that_may_not_have_it(
    rp: RelyingParty,
) -> None:
    """The request for it must be ignored where it is not allowed; the rest is granted."""
    scopes = rp.issuer.scopes - {"offline_access"}
    await rp.world.add_client(a_client("online", rp.issuer, scopes=scopes), rp.issuer)
    rp.client_id = "online"
    tokens = await rp.tokens(scope="openid offline_access")
    assert "refresh_token" not in tokens
    assert tokens["scope"] == "openid"


@pytest.mark.spec("OIDC Core §11")
async def test_offline_access_outlives_the_session_and_other_access_does_not(
    rp: RelyingParty,
) -> None:
    """Offline means that the person need not be there."""
    for scope, status in ((OFFLINE, 200), ("openid profile email", 401)):
        person = rp.person()
        flow, response = await rp.authorize(person, scope=scope)
        tokens = (await rp.redeem(flow, response["code"])).json()
        await person.open(rp.issuer.endpoint("logout"))
        await person.press("sign-out")
        assert (await rp.userinfo(tokens["access_token"])).status_code == status


@pytest.mark.spec("OIDC Core §12")
@pytest.mark.spec("OIDC Core §12.1")
async def test_refresh_is_asked_for_with_client_authentication(rp: RelyingParty) -> None:
    """The client must authenticate by its registered method."""
    token = (await rp.tokens(scope=OFFLINE))["refresh_token"]
    assert (await rp.refresh(token, client_secret=None)).status_code == 401
    assert (await rp.refresh(token)).status_code == 200


@pytest.mark.spec("OIDC Core §12.2")
async def test_id_token_of_a_refresh_is_about_the_same_sign_in(rp: RelyingParty) -> None:
    """iss, sub, aud and auth_time must be those of the first ID token; iat is now."""
    tokens = await rp.tokens(scope=OFFLINE)
    first = await id_token_claims(rp, tokens)
    rp.world.clock.time += 1000
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    later = await id_token_claims(rp, refreshed)
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid"):
        assert later[name] == first[name], name
    assert later["iat"] == first["iat"] + 1000
    assert "azp" not in later


@pytest.mark.spec("OIDC Core §12.2")
async def test_nonce_of_a_refreshed_id_token_is_never_another_one(rp: RelyingParty) -> None:
    """If a nonce is present, it must be that of the original authentication."""
    tokens = await rp.tokens(scope=OFFLINE)
    first = await id_token_claims(rp, tokens)
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    later = await id_token_claims(rp, refreshed)
    assert later.get("nonce", first["nonce"]) == first["nonce"]


@pytest.mark.spec("OIDC Core §12.2")
async def test_refreshed_id_token_has_no_nonce(rp: RelyingParty) -> None:
    """It should not have a nonce, even if the first ID token had one."""
    tokens = await rp.tokens(scope=OFFLINE)
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    assert "nonce" not in await id_token_claims(rp, refreshed)


@pytest.mark.spec("OIDC Core §12.3")
async def test_refresh_error_is_a_token_error(rp: RelyingParty) -> None:
    """An invalid refresh is answered as in §3.1.3.4."""
    response = await rp.refresh("or_x")
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"
