"""Basic OP and Form Post OP: each module in both response modes, on both faces."""

import asyncio

import pytest

from ostiary.domain.client import Client
from tests.certification.client import CertifiedClient
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import World

PROFILE = {"name", "given_name", "family_name", "middle_name", "preferred_username"}


async def test_oidcc_server(client: CertifiedClient) -> None:
    """A sign-in from end to end; userinfo and ID token name the same person."""
    _, members, claims = await client.sign_in()
    assert members["token_type"].lower() == "bearer"
    assert (await client.userinfo(members["access_token"]))["sub"] == claims["sub"]
    assert len(claims["sub"]) <= 255


async def test_oidcc_response_type_missing(client: CertifiedClient) -> None:
    person = client.rp.person()
    await client.visit(person, client.begin(response_type=None))
    assert client.answer(person)["error"] == "invalid_request"


async def test_oidcc_userinfo_get(client: CertifiedClient) -> None:
    _, members, _ = await client.sign_in()
    assert "sub" in await client.userinfo(members["access_token"])


async def test_oidcc_userinfo_post_header(client: CertifiedClient) -> None:
    _, members, _ = await client.sign_in()
    headers = {"authorization": f"Bearer {members['access_token']}"}
    async with client.rp.world.http(client.rp.issuer) as http:
        answer = await http.post(client.rp.issuer.endpoint("me"), headers=headers)
    assert "sub" in answer.json()


async def test_oidcc_userinfo_post_body(client: CertifiedClient) -> None:
    _, members, _ = await client.sign_in()
    form = {"access_token": members["access_token"]}
    async with client.rp.world.http(client.rp.issuer) as http:
        answer = await http.post(client.rp.issuer.endpoint("me"), data=form)
    assert "sub" in answer.json()


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(
    client: CertifiedClient,
) -> None:
    _, _, claims = await client.sign_in(nonce=None)
    assert "nonce" not in claims


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param("profile", PROFILE, id="oidcc-scope-profile"),
        pytest.param("email", {"email", "email_verified"}, id="oidcc-scope-email"),
        pytest.param("address", {"address"}, id="oidcc-scope-address"),
        pytest.param("phone", {"phone_number"}, id="oidcc-scope-phone"),
        pytest.param(
            "profile email address phone",
            PROFILE | {"email", "address", "phone_number"},
            id="oidcc-scope-all",
        ),
    ],
)
async def test_oidcc_scope(client: CertifiedClient, scope: str, expected: set[str]) -> None:
    _, members, _ = await client.sign_in(scope=f"openid {scope}")
    assert set(await client.userinfo(members["access_token"])) >= expected


async def test_oidcc_ensure_other_scope_order_succeeds(client: CertifiedClient) -> None:
    _, members, _ = await client.sign_in(scope="email openid")
    assert "email" in await client.userinfo(members["access_token"])


@pytest.mark.parametrize("display", ["page", "popup"])
async def test_oidcc_display(client: CertifiedClient, display: str) -> None:
    await client.sign_in(display=display)


async def test_oidcc_prompt_login(client: CertifiedClient) -> None:
    """The second request asks again, and auth_time moves on."""
    person = client.rp.person()
    _, _, first = await client.sign_in(person)
    client.rp.world.clock.time += 10
    flow = client.begin(prompt="login")
    await person.open(flow.url)
    assert "sign-in" in {button for form in person.page.forms for button in form.buttons}
    await client.visit(person, flow)
    answer = await client.exchange(flow, client.answer(person))
    assert payload(answer.json()["id_token"])["auth_time"] > first["auth_time"]


async def test_oidcc_prompt_none_not_logged_in(client: CertifiedClient) -> None:
    _, response = await client.authorize(prompt="none")
    assert response["error"] in {"login_required", "interaction_required"}


async def test_oidcc_prompt_none_logged_in(client: CertifiedClient) -> None:
    person = client.rp.person()
    _, _, first = await client.sign_in(person)
    _, _, second = await client.sign_in(person, prompt="none")
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


async def test_oidcc_max_age_1(client: CertifiedClient) -> None:
    """After more than a second the person signs in again."""
    person = client.rp.person()
    _, _, first = await client.sign_in(person)
    client.rp.world.clock.time += 2
    _, _, second = await client.sign_in(person, max_age="1")
    assert second["auth_time"] > first["auth_time"]


async def test_oidcc_max_age_10000(client: CertifiedClient) -> None:
    person = client.rp.person()
    _, _, first = await client.sign_in(person)
    client.rp.world.clock.time += 2
    _, _, second = await client.sign_in(person, max_age="10000")
    assert second["auth_time"] == first["auth_time"]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(
    client: CertifiedClient,
) -> None:
    await client.sign_in(extra="foobar")


async def test_oidcc_id_token_hint(client: CertifiedClient) -> None:
    person = client.rp.person()
    _, members, first = await client.sign_in(person)
    _, _, second = await client.sign_in(person, prompt="none", id_token_hint=members["id_token"])
    assert second["sub"] == first["sub"]


async def test_oidcc_login_hint(client: CertifiedClient) -> None:
    person = await client.rp.person().open(client.begin(login_hint="bob@example.com").url)
    assert "bob@example.com" in person.page.html


@pytest.mark.parametrize("name", ["ui_locales", "claims_locales"])
async def test_oidcc_ui_locales_and_claims_locales(client: CertifiedClient, name: str) -> None:
    person = client.rp.person()
    await client.visit(person, client.begin(**{name: "se"}))
    assert "code" in client.answer(person)


async def test_oidcc_ensure_request_with_acr_values_succeeds(client: CertifiedClient) -> None:
    """A voluntary acr: one comes, of our own when none of the wished ones was reached."""
    _, _, claims = await client.sign_in(acr_values="1 2")
    assert claims["acr"] == client.rp.issuer.security_level("standard")


async def test_oidcc_codereuse(client: CertifiedClient) -> None:
    flow, response = await client.authorize()
    assert (await client.exchange(flow, response)).status_code == 200
    answer = await client.exchange(flow, response)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_oidcc_codereuse_30seconds(client: CertifiedClient) -> None:
    """Half a minute later, and what the first use gave is dead from then on."""
    flow, response = await client.authorize()
    members = (await client.exchange(flow, response)).json()
    client.rp.world.clock.time += 30
    assert (await client.exchange(flow, response)).json()["error"] == "invalid_grant"
    assert (await client.rp.userinfo(members["access_token"])).status_code == 401


async def test_oidcc_ensure_registered_redirect_uri(client: CertifiedClient) -> None:
    person = client.rp.person()
    await person.open(client.begin(redirect_uri="https://rp.example/unregistered").url)
    assert person.page.status == 400


async def test_oidcc_ensure_post_request_succeeds(client: CertifiedClient) -> None:
    flow = client.begin()
    person = await client.rp.person().open(client.begin().url)
    await person.post(client.rp.issuer.endpoint("auth"), flow.sent)
    if not client.has_answer(person):
        await client.visit(person, flow)
    assert "code" in client.answer(person)


async def test_oidcc_server_client_secret_post(client: CertifiedClient) -> None:
    """The client of this suite sends its secret in the form; Basic is in the tests of RFC 6749."""
    flow, response = await client.authorize()
    assert (await client.exchange(flow, response)).status_code == 200


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    client: CertifiedClient,
) -> None:
    person = client.rp.person()
    await client.visit(person, client.begin(request="eyJhbGciOiJub25lIn0.e30."))
    assert client.answer(person)["error"] == "request_not_supported"


async def test_oidcc_claims_essential(client: CertifiedClient) -> None:
    """An essential claim of userinfo, asked for by the claims parameter alone."""
    _, members, _ = await client.sign_in(claims='{"userinfo":{"name":{"essential":true}}}')
    assert "name" in await client.userinfo(members["access_token"])


async def test_oidcc_refresh_token(client: CertifiedClient) -> None:
    """A refresh gives new tokens for the same person, and is refused to another client."""
    _, members, claims = await client.sign_in(scope="openid offline_access")
    refreshed = (await client.rp.refresh(members["refresh_token"])).json()
    again = payload(refreshed["id_token"])
    for name in ("iss", "sub", "aud", "auth_time"):
        assert again[name] == claims[name]
    assert again["iat"] >= claims["iat"]
    other = RelyingParty(client.rp.world, client.rp.issuer, client_id="other")
    answer = await other.refresh(refreshed["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(client: CertifiedClient) -> None:
    """A client that need not send a challenge may."""
    with_pkce = client.rp.begin("openid").sent
    flow, response = await client.authorize(
        code_challenge=with_pkce["code_challenge"],
        code_challenge_method=with_pkce["code_challenge_method"],
    )
    answer = await client.exchange(flow, response)
    assert answer.json()["error"] == "invalid_grant", "a challenge needs its verifier"


async def test_oidcc_two_clients_at_once(client: CertifiedClient) -> None:
    """Plans run in parallel: two people in two browsers do not meet."""
    (_, _, one), (_, _, two) = await asyncio.gather(client.sign_in(), client.sign_in())
    assert one["sub"] == two["sub"]
    assert one["sid"] != two["sid"]


async def test_confidential_client_may_be_registered_without_pkce(world: World) -> None:
    """What the plans for OpenID Connect need of an operator."""
    client: Client | None = await world.store.clients.find("enterprise", "relaxed")
    assert client is not None
    assert client.require_pkce is False
