"""RFC 7009 §2: token revocation."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from ostiary.domain.client import AuthMethod
from ostiary.domain.refusals import ReasonCode
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client
from tests.specs.wire import basic, discovery, get, post, refused

OFFLINE = "openid offline_access"


def url(rp: RelyingParty) -> str:
    return rp.issuer.endpoint("token/revocation")


async def is_dead(rp: RelyingParty, tokens: dict[str, str]) -> None:
    """Neither the access token nor the refresh token does anything."""
    answer = await rp.userinfo(tokens["access_token"])
    await refused(rp, answer, ReasonCode.TOKEN_REVOKED)
    answer = await rp.refresh(tokens["refresh_token"])
    await refused(rp, answer, ReasonCode.AUTHORIZATION_ENDED)


async def events(rp: RelyingParty) -> list[tuple[str, str, str | None]]:
    found = await rp.world.store.audit.latest(rp.issuer.issuer_id)
    return [(each.type, each.actor, each.reason) for each in found if "revoked" in each.type]


def done(answer: httpx2.Response) -> None:
    """200, and nothing in it."""
    assert answer.status_code == 200
    assert answer.content == b""
    assert "no-store" in answer.headers["cache-control"]


# ---- §2.1: the request ---------------------------------------------------------------------------


@pytest.mark.spec("RFC 7009 §2")
async def test_endpoint_is_announced(rp: RelyingParty) -> None:
    """Its address is told in the metadata, with the ways in which clients prove themselves."""
    document = await discovery(rp.world, rp.issuer)
    assert document["revocation_endpoint"] == url(rp)
    methods = document["revocation_endpoint_auth_methods_supported"]
    assert methods == document["token_endpoint_auth_methods_supported"]


@pytest.mark.spec("RFC 7009 §2.1")
async def test_refresh_token_ends_its_authorization(rp: RelyingParty) -> None:
    """The server must invalidate it, and should invalidate the access tokens of the same grant."""
    tokens = await rp.tokens(scope=OFFLINE)
    done(await rp.revoke(tokens["refresh_token"]))
    await is_dead(rp, tokens)
    assert await events(rp) == [("authorization.revoked", rp.client_id, "client_request")]


@pytest.mark.spec("RFC 7009 §2.1")
async def test_refresh_token_of_an_earlier_generation_ends_it_too(rp: RelyingParty) -> None:
    """A client that gives back what it was given first wants none of what followed."""
    first = await rp.tokens(scope=OFFLINE)
    second = (await rp.refresh(first["refresh_token"])).json()
    third = (await rp.refresh(second["refresh_token"])).json()
    done(await rp.revoke(first["refresh_token"]))
    await is_dead(rp, third)


@pytest.mark.spec("RFC 7009 §2.1")
async def test_one_authorization_ends_and_no_other(rp: RelyingParty) -> None:
    """What the person allowed in another sign-in goes on."""
    ended, other = await rp.tokens(scope=OFFLINE), await rp.tokens(scope=OFFLINE)
    done(await rp.revoke(ended["refresh_token"]))
    assert (await rp.userinfo(other["access_token"])).status_code == 200
    assert (await rp.refresh(other["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 7009 §2.1")
async def test_access_token_ends_alone(rp: RelyingParty) -> None:
    """The server may leave the refresh token alive, and does: it gives another access token."""
    tokens = await rp.tokens(scope=OFFLINE)
    second = (await rp.refresh(tokens["refresh_token"])).json()
    done(await rp.revoke(tokens["access_token"]))
    await refused(rp, await rp.userinfo(tokens["access_token"]), ReasonCode.TOKEN_REVOKED)
    assert (await rp.userinfo(second["access_token"])).status_code == 200
    assert (await rp.refresh(second["refresh_token"])).status_code == 200
    assert await events(rp) == [("access_token.revoked", rp.client_id, "client_request")]


@pytest.mark.spec("RFC 7009 §2.1")
async def test_access_token_stays_dead_until_it_expires(rp: RelyingParty) -> None:
    """It never comes back to life."""
    tokens = await rp.tokens(scope=OFFLINE)
    done(await rp.revoke(tokens["access_token"]))
    rp.world.clock.time += 599
    await refused(rp, await rp.userinfo(tokens["access_token"]), ReasonCode.TOKEN_REVOKED)
    rp.world.clock.time += 1
    await refused(rp, await rp.userinfo(tokens["access_token"]), ReasonCode.TOKEN_EXPIRED)


@pytest.mark.spec("RFC 7009 §2.1")
async def test_access_token_of_a_client_itself_is_revoked(rp: RelyingParty) -> None:
    """One without a person as well: introspection tells."""
    caller = await introspecting(rp)
    token = (await rp.token(grant_type="client_credentials")).json()["access_token"]
    assert (await caller.introspect(token)).json()["active"] is True
    done(await rp.revoke(token))
    assert (await caller.introspect(token)).json() == {"active": False}


async def introspecting(rp: RelyingParty) -> RelyingParty:
    seen = await rp.world.store.clients.find(rp.issuer.issuer_id, "other")
    assert seen is not None
    await rp.world.replace_client(seen, replace(seen, may_introspect=True), rp.issuer)
    return replace(rp, client_id="other")


@pytest.mark.spec("RFC 7009 §2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_public_client_gives_back_its_own_tokens(spa: RelyingParty, kind: str) -> None:
    """A public client is identified by its client_id."""
    tokens = await spa.tokens(scope=OFFLINE)
    done(await spa.revoke(tokens[kind]))
    await refused(spa, await spa.userinfo(tokens["access_token"]), ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 7009 §2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_bound_tokens_are_given_back_without_a_proof(
    bound_spa: RelyingParty, kind: str
) -> None:
    """The key is needed to use a token, not to end it."""
    tokens = await bound_spa.tokens(scope=OFFLINE)
    done(await bound_spa.revoke(tokens[kind]))
    answer = await bound_spa.userinfo(tokens["access_token"])
    await refused(bound_spa, answer, ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 7009 §2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_token_of_another_client_is_refused_and_lives_on(rp: RelyingParty, kind: str) -> None:
    """The server verifies whether the token was issued to the client; if not, it refuses."""
    tokens = await rp.tokens(scope=OFFLINE)
    other = replace(rp, client_id="other")
    answer = await other.revoke(tokens[kind])
    members = await refused(rp, answer, ReasonCode.TOKEN_OF_ANOTHER_CLIENT)
    assert members["error"] == "unauthorized_client"
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 7009 §2.1")
async def test_token_is_required(rp: RelyingParty) -> None:
    """token is required."""
    answer = await rp.ask("token/revocation")
    await refused(rp, answer, ReasonCode.TOKEN_PARAMETER_MISSING)


@pytest.mark.spec("RFC 7009 §2.1")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "banana", "id_token"])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_hint_is_a_hint(rp: RelyingParty, kind: str, hint: str) -> None:
    """If the token is not found by the hint, the search extends to all types; it may be ignored."""
    tokens = await rp.tokens(scope=OFFLINE)
    done(await rp.revoke(tokens[kind], token_type_hint=hint))
    await refused(rp, await rp.userinfo(tokens["access_token"]), ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 7009 §2.1")
async def test_client_proves_itself_as_at_the_token_endpoint(rp: RelyingParty) -> None:
    """Basic and post alike; without or with a wrong secret the token lives on."""
    tokens = await rp.tokens(scope=OFFLINE)
    body = f"token={tokens['refresh_token']}"
    bare = await post(rp.world, rp.issuer, url(rp), body)
    await refused(rp, bare, ReasonCode.CLIENT_AUTHENTICATION_MISSING)
    wrong = await post(rp.world, rp.issuer, url(rp), body, authorization=basic(secret="x"))
    await refused(rp, wrong, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    named = await post(rp.world, rp.issuer, url(rp), f"{body}&client_id=web")
    await refused(rp, named, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200
    done(await post(rp.world, rp.issuer, url(rp), body, authorization=basic()))
    await is_dead(rp, tokens)


@pytest.mark.spec("RFC 7009 §2.1")
async def test_client_proves_itself_by_an_assertion(rp: RelyingParty) -> None:
    """Every method that a client is registered for."""
    key = ClientKey.make()
    service = await registered_with_key(rp, key)
    first, second = (
        key.assertion("signer", rp.issuer.endpoint("token"), rp.world.clock.time) for _ in "12"
    )
    parameters: dict[str, Any] = {"grant_type": "client_credentials", **first}
    token = (await service.token(**parameters)).json()["access_token"]
    done(await service.revoke(token, **second))
    caller = await introspecting(rp)
    assert (await caller.introspect(token)).json() == {"active": False}


async def registered_with_key(rp: RelyingParty, key: ClientKey) -> RelyingParty:
    client = a_client(
        "signer",
        rp.issuer,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        secrets=(),
        public_keys=(key.public_jwk,),
    )
    await rp.world.add_client(client, rp.issuer)
    return replace(rp, client_id="signer", secret=None)


# ---- §2.2: the answer ----------------------------------------------------------------------------


@pytest.mark.spec("RFC 7009 §2.2")
@pytest.mark.parametrize(
    "token", ["x", "or_" + "A" * 56, "oc_" + "A" * 56, "a.b.c", "é", "or_", "x" * 20_000]
)
async def test_unknown_token_is_no_error(rp: RelyingParty, token: str) -> None:
    """200 for an invalid token: what the client wants is so already."""
    done(await rp.revoke(token))
    assert await events(rp) == []


@pytest.mark.spec("RFC 7009 §2.2")
async def test_what_is_revoked_twice_is_no_error_and_no_second_event(rp: RelyingParty) -> None:
    """The second request finds an invalid token."""
    tokens = await rp.tokens(scope=OFFLINE)
    for _ in range(2):
        done(await rp.revoke(tokens["access_token"]))
        done(await rp.revoke(tokens["refresh_token"]))
    assert len(await events(rp)) == 2


@pytest.mark.spec("RFC 7009 §2.2")
async def test_expired_access_token_is_no_error(rp: RelyingParty) -> None:
    """It is invalid already; nothing is written."""
    tokens = await rp.tokens(scope=OFFLINE)
    rp.world.clock.time += 600
    done(await rp.revoke(tokens["access_token"]))
    assert await events(rp) == []


@pytest.mark.spec("RFC 7009 §2.2")
async def test_id_token_and_code_are_not_revoked(rp: RelyingParty) -> None:
    """Neither is a token that this endpoint knows: 200, and nothing happens."""
    flow, response = await rp.authorize(rp.person(), scope=OFFLINE)
    done(await rp.revoke(response["code"]))
    tokens = (await rp.redeem(flow, response["code"])).json()
    done(await rp.revoke(tokens["id_token"]))
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200


@pytest.mark.spec("RFC 7009 §2.1")
async def test_only_a_form_by_post_is_read(rp: RelyingParty) -> None:
    """The request is a form in the body of a POST; nothing of it stands in the URL."""
    tokens = await rp.tokens(scope=OFFLINE)
    query = f"{url(rp)}?token={tokens['refresh_token']}&client_id=web&client_secret={rp.secret}"
    answer = await get(rp.world, rp.issuer, query)
    await refused(rp, answer, ReasonCode.METHOD_NOT_ALLOWED)
    assert answer.headers["allow"] == "POST"
    answer = await post(rp.world, rp.issuer, query, "")
    await refused(rp, answer, ReasonCode.PARAMETERS_IN_QUERY)
    body = f"token={tokens['refresh_token']}"
    twice = await post(rp.world, rp.issuer, url(rp), f"{body}&{body}", authorization=basic())
    await refused(rp, twice, ReasonCode.PARAMETER_REPEATED)
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200


@pytest.mark.spec("RFC 7009 §2.1")
async def test_authorization_that_has_not_begun_to_refresh_has_no_refresh_token(
    rp: RelyingParty,
) -> None:
    """A code is not a refresh token, even with its prefix changed: the purpose is in the MAC."""
    flow, response = await rp.authorize(rp.person(), scope=OFFLINE)
    done(await rp.revoke("or_" + response["code"].removeprefix("oc_")))
    assert (await rp.redeem(flow, response["code"])).status_code == 200
