"""RFC 6749 §6: refreshing an access token."""

from dataclasses import replace

import pytest

from ostiary.domain.issuer import DAY
from ostiary.domain.profile import OIDC, PROFILES
from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, World, a_client
from tests.specs.wire import access_token_claims, basic, id_token_claims, post_token, refused

OFFLINE = "openid profile email offline_access"


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_token_gives_a_new_access_token_for_the_same_person(
    rp: RelyingParty,
) -> None:
    """A valid refresh token is answered with an access token as in §5.1."""
    tokens = await rp.tokens(scope=OFFLINE)
    response = await rp.refresh(tokens["refresh_token"])
    assert response.status_code == 200
    refreshed = response.json()
    assert refreshed["access_token"] != tokens["access_token"]
    before, after = await access_token_claims(rp, tokens), await access_token_claims(rp, refreshed)
    assert before["sub"] == after["sub"]
    assert (await rp.userinfo(refreshed["access_token"])).status_code == 200


@pytest.mark.spec("RFC 6749 §6")
async def test_request_without_refresh_token_is_refused(rp: RelyingParty) -> None:
    """refresh_token is required."""
    response = await post_token(rp, {"grant_type": "refresh_token"}, authorization=basic())
    await refused(rp, response, ReasonCode.REFRESH_TOKEN_MISSING)


@pytest.mark.spec("RFC 6749 §6")
async def test_scope_left_out_is_the_scope_that_was_granted(rp: RelyingParty) -> None:
    """Without `scope` the refreshed token has the originally granted one."""
    tokens = await rp.tokens(scope=OFFLINE)
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    assert refreshed["scope"] == tokens["scope"]


@pytest.mark.spec("RFC 6749 §6")
async def test_scope_can_be_narrowed_for_one_access_token(rp: RelyingParty) -> None:
    """A subset may be asked for; the refresh token itself keeps the whole scope."""
    tokens = await rp.tokens(scope=OFFLINE)
    narrow = (await rp.refresh(tokens["refresh_token"], scope="openid")).json()
    assert narrow["scope"] == "openid"
    assert "email" not in (await rp.userinfo(narrow["access_token"])).json()
    whole = (await rp.refresh(narrow["refresh_token"])).json()
    assert whole["scope"] == tokens["scope"]


@pytest.mark.spec("RFC 6749 §6")
@pytest.mark.parametrize("scope", ["openid address", "address", "banana"])
async def test_scope_wider_than_granted_is_refused_and_spends_nothing(
    rp: RelyingParty, scope: str
) -> None:
    """The requested scope must not include what was not originally granted."""
    tokens = await rp.tokens(scope="openid offline_access")
    response = await rp.refresh(tokens["refresh_token"], scope=scope)
    await refused(rp, response, ReasonCode.REFRESH_SCOPE_WIDER)
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 6749 §6")
async def test_malformed_scope_at_a_refresh_is_refused(rp: RelyingParty) -> None:
    """The grammar of §3.3 holds here too."""
    tokens = await rp.tokens(scope="openid offline_access")
    response = await rp.refresh(tokens["refresh_token"], scope='"')
    await refused(rp, response, ReasonCode.SCOPE_MALFORMED)


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_token_is_bound_to_its_client(rp: RelyingParty) -> None:
    """The server validates that the refresh token was issued to the client that authenticates."""
    tokens = await rp.tokens(scope=OFFLINE)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    response = await post_token(rp, form, authorization=basic("other"))
    await refused(rp, response, ReasonCode.REFRESH_TOKEN_UNKNOWN)
    assert (await post_token(rp, form, authorization=basic())).status_code == 200


@pytest.mark.spec("RFC 6749 §6")
async def test_confidential_client_has_to_authenticate_to_refresh(rp: RelyingParty) -> None:
    """Client authentication is required for every client that was issued credentials."""
    tokens = await rp.tokens(scope=OFFLINE)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for credentials in ({"client_id": "web"}, {"client_id": "web", "client_secret": "wrong"}):
        response = await post_token(rp, form | credentials)
        await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 6749 §6")
@pytest.mark.parametrize("token", ["x", "or_" + "A" * 56, "oc_" + "A" * 56])
async def test_refresh_token_that_was_never_issued_is_refused(rp: RelyingParty, token: str) -> None:
    """The server must validate the refresh token."""
    await refused(rp, await rp.refresh(token), ReasonCode.REFRESH_TOKEN_UNKNOWN)


@pytest.mark.spec("RFC 6749 §6")
async def test_code_and_access_token_are_no_refresh_tokens(rp: RelyingParty) -> None:
    """A secret is good for its own purpose only."""
    _, response = await rp.authorize(rp.person(), scope=OFFLINE)
    await refused(rp, await rp.refresh(response["code"]), ReasonCode.REFRESH_TOKEN_UNKNOWN)
    tokens = await rp.tokens(scope=OFFLINE)
    await refused(rp, await rp.refresh(tokens["access_token"]), ReasonCode.REFRESH_TOKEN_UNKNOWN)


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_token_unused_for_its_lifetime_is_dead(rp: RelyingParty) -> None:
    """An expired refresh token is no valid one; each use gives it its lifetime again."""
    tokens = await rp.tokens(scope=OFFLINE)
    rp.world.clock.time += 29 * DAY
    alive = await rp.refresh(tokens["refresh_token"])
    assert alive.status_code == 200
    rp.world.clock.time += 29 * DAY
    still = await rp.refresh(alive.json()["refresh_token"])
    assert still.status_code == 200
    rp.world.clock.time += 30 * DAY
    dead = await rp.refresh(still.json()["refresh_token"])
    await refused(rp, dead, ReasonCode.REFRESH_TOKEN_EXPIRED)


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_is_refused_to_a_client_whose_grant_was_taken_away(
    rp: RelyingParty,
) -> None:
    """A client without the grant does not refresh, whatever it holds."""
    grants = frozenset({"authorization_code"})
    client = a_client("short", rp.issuer, grant_types=grants)
    await rp.world.add_client(client, rp.issuer)
    short = RelyingParty.of(rp.world, client, rp.issuer)
    tokens = await short.tokens(scope=OFFLINE)
    assert "refresh_token" not in tokens
    response = await short.refresh("or_" + "A" * 56)
    await refused(short, response, ReasonCode.GRANT_NOT_REGISTERED)


@pytest.mark.spec("RFC 6749 §6")
async def test_id_token_of_a_narrowed_refresh_tells_no_more_than_the_narrowed_scope(
    world: World,
) -> None:
    """What is asked for without a scope is answered without its claims, in every token."""
    rp = RelyingParty(world=world, issuer=ENTERPRISE)
    tokens = await rp.tokens(scope=OFFLINE)
    narrow = (await rp.refresh(tokens["refresh_token"], scope="openid")).json()
    assert "email" not in await id_token_claims(rp, narrow)


# ---- without rotation -------------------------------------------------------------------------------


@pytest.fixture
def steady(rp: RelyingParty, monkeypatch: pytest.MonkeyPatch) -> RelyingParty:
    """Under a profile like that of the issuer, but without rotation."""
    monkeypatch.setitem(PROFILES, "oidc", replace(OIDC, rotates_refresh_tokens=False))
    return rp


@pytest.mark.spec("RFC 6749 §6")
@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_refresh_token_stays_the_same_where_the_profile_does_not_rotate(
    steady: RelyingParty,
) -> None:
    """The server may issue a new refresh token; FAPI says that it does not."""
    token = (await steady.tokens(scope=OFFLINE))["refresh_token"]
    for _ in range(3):
        steady.world.clock.time += 60
        answer = await steady.refresh(token)
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] == token


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_token_that_stays_lives_longer_with_each_use(steady: RelyingParty) -> None:
    """Used within its lifetime each time, it lives on; unused for as long, it is dead."""
    token = (await steady.tokens(scope=OFFLINE))["refresh_token"]
    for _ in range(3):
        steady.world.clock.time += 29 * DAY
        assert (await steady.refresh(token)).status_code == 200
    steady.world.clock.time += 30 * DAY
    await refused(steady, await steady.refresh(token), ReasonCode.REFRESH_TOKEN_EXPIRED)


@pytest.mark.spec("RFC 6749 §6")
async def test_client_that_comes_under_a_profile_without_rotation_keeps_its_newest_token(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry of the refresh before still gets its one successor, never the old token again."""
    first = (await rp.tokens(scope=OFFLINE))["refresh_token"]
    second = (await rp.refresh(first)).json()["refresh_token"]
    monkeypatch.setitem(PROFILES, "oidc", replace(OIDC, rotates_refresh_tokens=False))
    for token in (first, second, second):
        assert (await rp.refresh(token)).json()["refresh_token"] == second
    rp.world.clock.time += 60
    assert (await rp.refresh(second)).status_code == 200
