"""RFC 7662 §2, §4: token introspection, for clients that are allowed it."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import HARBOR, a_client, an_event
from tests.specs.wire import access_token_claims, basic, discovery, get, post, refused

OFFLINE = "openid offline_access"
INACTIVE = {"active": False}


@pytest.fixture
async def api(rp: RelyingParty) -> RelyingParty:
    """An API of the institution: a confidential client that may introspect."""
    client = a_client(
        "api",
        rp.issuer,
        may_introspect=True,
        grant_types=frozenset({"client_credentials", "refresh_token", "authorization_code"}),
    )
    return RelyingParty.of(rp.world, await rp.world.add_client(client, rp.issuer), rp.issuer)


def url(rp: RelyingParty) -> str:
    return rp.issuer.endpoint("token/introspection")


async def told(api: RelyingParty, token: str, **parameters: str) -> dict[str, Any]:
    answer = await api.introspect(token, **parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    members: dict[str, Any] = answer.json()
    return members


# ---- §2.1: the request ---------------------------------------------------------------------------


@pytest.mark.spec("RFC 7662 §2")
async def test_endpoint_is_announced(rp: RelyingParty) -> None:
    """Its address is told in the metadata, and that a client has to prove itself there."""
    document = await discovery(rp.world, rp.issuer)
    assert document["introspection_endpoint"] == url(rp)
    assert "none" not in document["introspection_endpoint_auth_methods_supported"]


@pytest.mark.spec("RFC 7662 §2.1")
async def test_token_is_required(api: RelyingParty) -> None:
    """token is required."""
    answer = await api.ask("token/introspection")
    await refused(api, answer, ReasonCode.TOKEN_PARAMETER_MISSING)


@pytest.mark.spec("RFC 7662 §2.1")
async def test_only_a_form_by_post_is_read(rp: RelyingParty, api: RelyingParty) -> None:
    """The token travels in the body, where no log keeps it."""
    token = (await rp.tokens())["access_token"]
    answer = await get(api.world, api.issuer, f"{url(api)}?token={token}")
    await refused(api, answer, ReasonCode.METHOD_NOT_ALLOWED)
    answer = await post(api.world, api.issuer, f"{url(api)}?x=y", f"token={token}")
    await refused(api, answer, ReasonCode.PARAMETERS_IN_QUERY)


@pytest.mark.spec("RFC 7662 §2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "banana"])
async def test_hint_is_a_hint(api: RelyingParty, kind: str, hint: str) -> None:
    """If the token is not found by the hint, the search extends to all types."""
    tokens = await api.tokens(scope=OFFLINE)
    assert (await told(api, tokens[kind], token_type_hint=hint))["active"] is True


@pytest.mark.spec("RFC 7662 §2.1")
async def test_caller_has_to_prove_itself(rp: RelyingParty, api: RelyingParty) -> None:
    """The endpoint requires authentication; 401 as in RFC 6749 §5.2 for one that fails."""
    body = f"token={(await rp.tokens())['access_token']}"
    bare = await post(api.world, api.issuer, url(api), body)
    await refused(api, bare, ReasonCode.CLIENT_AUTHENTICATION_MISSING)
    wrong = await post(api.world, api.issuer, url(api), body, authorization=basic("api", "x"))
    await refused(api, wrong, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    assert (
        await post(api.world, api.issuer, url(api), body, authorization=basic("api"))
    ).status_code == 200


@pytest.mark.spec("RFC 7662 §2.1")
async def test_public_client_is_no_caller(spa: RelyingParty) -> None:
    """It proves nothing, so that anybody could try tokens in its name."""
    token = (await spa.tokens())["access_token"]
    await refused(spa, await spa.introspect(token), ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 7662 §4")
async def test_client_that_may_not_introspect_is_refused(rp: RelyingParty) -> None:
    """Authentication alone is not enough: the server decides who may ask. Nothing is told."""
    answer = await rp.introspect((await rp.tokens())["access_token"])
    members = await refused(rp, answer, ReasonCode.INTROSPECTION_NOT_ALLOWED)
    assert answer.status_code == 403
    assert members["error"] == "unauthorized_client"


# ---- §2.2: the answer ----------------------------------------------------------------------------


@pytest.mark.spec("RFC 7662 §2.2")
async def test_access_token_of_a_person_is_told(rp: RelyingParty, api: RelyingParty) -> None:
    """active, and what the token says: scope, client, type, times, subject, audience, issuer, jti."""
    tokens = await rp.tokens()
    members = await told(api, tokens["access_token"])
    claims = await access_token_claims(rp, tokens)
    assert members == {"active": True, "token_type": "Bearer", **claims}
    assert members["scope"] == tokens["scope"]
    assert members["client_id"] == rp.client_id
    assert members["exp"] == rp.world.clock.time + 600
    assert members["sub"] == await rp.world.user_id("alice", rp.issuer)
    assert {"iat", "aud", "iss", "jti"} <= set(members)


@pytest.mark.spec("RFC 7662 §2.2")
async def test_access_token_of_a_client_is_told(rp: RelyingParty, api: RelyingParty) -> None:
    """Without a person the subject is the client."""
    answer = await rp.token(grant_type="client_credentials", scope="openid")
    members = await told(api, answer.json()["access_token"])
    assert members["active"] is True
    assert members["sub"] == members["client_id"] == rp.client_id


@pytest.mark.spec("RFC 9449 §6.2")
async def test_bound_token_is_told_with_its_key(bound: RelyingParty, api: RelyingParty) -> None:
    """cnf.jkt at the top level, and token_type DPoP; no proof is asked of the caller."""
    assert bound.key is not None
    members = await told(api, (await bound.tokens())["access_token"])
    assert members["cnf"] == {"jkt": bound.key.thumbprint}
    assert members["token_type"] == "DPoP"


@pytest.mark.spec("RFC 7662 §2.2")
async def test_refresh_token_is_told_to_its_own_client(api: RelyingParty) -> None:
    """Nobody else has a use for it."""
    tokens = await api.tokens(scope=OFFLINE)
    members = await told(api, tokens["refresh_token"])
    assert members == {
        "active": True,
        "iss": api.issuer.url,
        "client_id": "api",
        "sub": await api.world.user_id("alice", api.issuer),
        "scope": tokens["scope"],
        "exp": api.world.clock.time + api.issuer.lifetimes.refresh_token,
    }


@pytest.mark.spec("RFC 7662 §2.2")
async def test_refresh_token_of_another_client_is_not_told(
    rp: RelyingParty, api: RelyingParty
) -> None:
    """Not active, and not whose it is."""
    tokens = await rp.tokens(scope=OFFLINE)
    assert await told(api, tokens["refresh_token"]) == INACTIVE


@pytest.mark.spec("RFC 7662 §2.2")
async def test_refresh_token_that_was_rotated_away_is_not_active(api: RelyingParty) -> None:
    """Its predecessor is active inside the grace alone; asking about it ends nothing."""
    first = (await api.tokens(scope=OFFLINE))["refresh_token"]
    second = (await api.refresh(first)).json()["refresh_token"]
    assert (await told(api, first))["active"] is True
    api.world.clock.time += 30
    assert await told(api, first) == INACTIVE
    assert (await told(api, second))["active"] is True
    assert (await api.refresh(second)).status_code == 200


@pytest.mark.spec("RFC 7662 §2.2")
@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "or_" + "A" * 56, "oc_" + "A" * 56, "é", "or_", "x" * 20_000]
)
async def test_what_is_no_token_is_not_active(api: RelyingParty, token: str) -> None:
    """Unknown is no error, and told by nothing but active."""
    assert await told(api, token) == INACTIVE


@pytest.mark.spec("RFC 7662 §2.2")
async def test_other_things_of_ours_are_not_active(rp: RelyingParty, api: RelyingParty) -> None:
    """An ID token and a code are no tokens to be introspected."""
    flow, response = await rp.authorize(rp.person(), scope=OFFLINE)
    assert await told(api, response["code"]) == INACTIVE
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert await told(api, tokens["id_token"]) == INACTIVE


@pytest.mark.spec("RFC 7662 §2.2")
async def test_expired_token_is_not_active(rp: RelyingParty, api: RelyingParty) -> None:
    """To the second."""
    token = (await rp.tokens(scope=OFFLINE))["access_token"]
    rp.world.clock.time += 599
    assert (await told(api, token))["active"] is True
    rp.world.clock.time += 1
    assert await told(api, token) == INACTIVE


@pytest.mark.spec("RFC 7662 §2.2")
async def test_revoked_token_is_not_active(rp: RelyingParty, api: RelyingParty) -> None:
    """At once, whether it was revoked alone or with its authorization."""
    alone, whole = await rp.tokens(scope=OFFLINE), await rp.tokens(scope=OFFLINE)
    await rp.revoke(alone["access_token"])
    await rp.revoke(whole["refresh_token"])
    assert await told(api, alone["access_token"]) == INACTIVE
    assert await told(api, whole["access_token"]) == INACTIVE


@pytest.mark.spec("RFC 7662 §2.2")
async def test_token_of_somebody_switched_off_is_not_active(
    rp: RelyingParty, api: RelyingParty
) -> None:
    """Active means that the token may be used now, and the person's state decides that too."""
    token = (await rp.tokens())["access_token"]
    user_id = await rp.world.user_id("alice", rp.issuer)
    await rp.world.store.users.set_disabled(rp.issuer.issuer_id, user_id, 1, an_event())
    assert await told(api, token) == INACTIVE


@pytest.mark.spec("RFC 7662 §2.2")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_token_of_a_client_switched_off_is_not_active(
    rp: RelyingParty, api: RelyingParty
) -> None:
    """Nor that of a client that is refused everywhere."""
    own = (await rp.token(grant_type="client_credentials")).json()["access_token"]
    token = (await rp.tokens())["access_token"]
    seen = await rp.world.store.clients.find(rp.issuer.issuer_id, rp.client_id)
    assert seen is not None
    await rp.world.replace_client(seen, replace(seen, disabled_at=1), rp.issuer)
    assert await told(api, token) == INACTIVE
    assert await told(api, own) == INACTIVE


# ---- §4: what a caller may know --------------------------------------------------------------------


@pytest.mark.spec("RFC 7662 §4")
async def test_token_of_another_institution_is_not_told(
    rp: RelyingParty, api: RelyingParty
) -> None:
    """A token that the caller may not know about is as an unknown one."""
    harbor = replace(rp, client_id="harbor")
    persons = (await harbor.tokens("harry"))["access_token"]
    own = (await harbor.token(grant_type="client_credentials")).json()["access_token"]
    assert (await harbor.userinfo(persons)).status_code == 200
    assert await told(api, persons) == INACTIVE
    assert await told(api, own) == INACTIVE


@pytest.mark.spec("RFC 7662 §4")
async def test_caller_of_several_institutions_is_told_of_each(rp: RelyingParty) -> None:
    """An API that serves both is registered with both."""
    client = a_client("hub", rp.issuer, may_introspect=True, further_institution_ids=(HARBOR,))
    hub = RelyingParty.of(rp.world, await rp.world.add_client(client, rp.issuer), rp.issuer)
    harbor = replace(rp, client_id="harbor")
    for tokens in (await rp.tokens(), await harbor.tokens("harry")):
        assert (await told(hub, tokens["access_token"]))["active"] is True
