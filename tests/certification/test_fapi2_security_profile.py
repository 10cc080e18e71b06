"""FAPI 2.0 Security Profile, with private_key_jwt, DPoP and plain responses."""

from base64 import urlsafe_b64decode
from dataclasses import replace

import httpx2
import pytest

from ostiary.domain.issuer import Issuer
from tests.kit.client_key import ClientKey
from tests.kit.fapi_party import FapiParty, fapi_client
from tests.kit.relying_party import callback, header, payload
from tests.kit.world import PASSWORD, World


@pytest.fixture
async def fapi(world: World, issuer: Issuer) -> FapiParty:
    return await FapiParty(world, issuer).register()


def refused(answer: httpx2.Response, *errors: str) -> bool:
    return answer.status_code in {400, 401} and answer.json()["error"] in errors


async def service(fapi: FapiParty, **assertion: object) -> httpx2.Response:
    form = {"grant_type": "client_credentials", **fapi.assertion(**assertion)}
    return await fapi.post("token", form, fapi.proof("token"))


async def me(fapi: FapiParty, access_token: str, scheme: str = "DPoP", /, **proof: object) -> int:
    headers = fapi.proof("me", "GET", **({"access_token": access_token} | proof))
    headers["authorization"] = f"{scheme} {access_token}"
    async with fapi.world.http(fapi.issuer) as http:
        return (await http.get(fapi.issuer.endpoint("me"), headers=headers)).status_code


async def test_discovery_end_point_verification(fapi: FapiParty) -> None:
    async with fapi.world.http(fapi.issuer) as http:
        url = f"{fapi.issuer.url}/.well-known/openid-configuration"
        metadata = (await http.get(url)).json()
    assert metadata["issuer"] == fapi.issuer.url
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert "S256" in metadata["code_challenge_methods_supported"]
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert {"PS256", "ES256"} & set(metadata["dpop_signing_alg_values_supported"])
    assert metadata["pushed_authorization_request_endpoint"]


async def test_happy_flow(fapi: FapiParty) -> None:
    tokens = await fapi.tokens()
    assert header(tokens["id_token"])["alg"] in {"PS256", "ES256", "EdDSA"}
    assert len(urlsafe_b64decode(tokens["access_token"].split(".")[2] + "==")) >= 16
    assert await me(fapi, tokens["access_token"]) == 200


async def test_user_rejects_authentication(fapi: FapiParty) -> None:
    flow = fapi.rp.begin()
    request_uri = (await fapi.push(flow)).json()["request_uri"]
    person = await fapi.rp.person().open(fapi.rp.visit_of(request_uri))
    await person.sign_in("alice", PASSWORD)
    await person.press("deny")
    response = callback(person)
    assert response["error"] == "access_denied"
    assert (response["state"], response["iss"]) == (flow.state, fapi.issuer.url)


async def test_state_and_nonce_of_any_length_are_returned(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize(state="s" * 1000, nonce="n" * 64)
    tokens = (await fapi.redeem(flow, code)).json()
    assert payload(tokens["id_token"])["nonce"] == "n" * 64


async def test_ensure_request_without_state_and_nonce_succeeds(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize(state=None, nonce=None)
    assert "nonce" not in payload((await fapi.redeem(flow, code)).json()["id_token"])


async def test_ensure_redirect_uri_in_authorization_request(fapi: FapiParty) -> None:
    assert refused(await fapi.push(fapi.rp.begin(redirect_uri=None)), "invalid_request")


async def test_ensure_registered_redirect_uri(fapi: FapiParty) -> None:
    flow = fapi.rp.begin(redirect_uri="https://rp.example/other")
    assert refused(await fapi.push(flow), "invalid_request", "invalid_redirect_uri")


async def test_ensure_response_type_code_idtoken_fails(fapi: FapiParty) -> None:
    flow = fapi.rp.begin(response_type="code id_token")
    assert refused(await fapi.push(flow), "unsupported_response_type", "invalid_request")


async def test_par_ensure_pkce_required_and_plain_fails(fapi: FapiParty) -> None:
    for flow in (
        fapi.rp.begin(code_challenge=None),
        fapi.rp.begin(code_challenge_method="plain"),
    ):
        assert refused(await fapi.push(flow), "invalid_request")


async def test_incorrect_pkce_code_verifier_fails(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize()
    flow.verifier = "v" * 43
    assert refused(await fapi.redeem(flow, code), "invalid_grant")


async def test_ensure_unpushed_request_fails(fapi: FapiParty) -> None:
    person = await fapi.rp.person().open(fapi.rp.begin().url)
    assert callback(person)["error"] == "invalid_request"


async def test_par_attempt_reuse_request_uri(fapi: FapiParty) -> None:
    flow = fapi.rp.begin()
    url = fapi.rp.visit_of((await fapi.push(flow)).json()["request_uri"])
    person = await fapi.rp.person().open(url)
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    assert "code" in callback(person)
    assert (await person.open(url)).page.status == 400


async def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    fapi: FapiParty,
) -> None:
    url = fapi.rp.visit_of((await fapi.push(fapi.rp.begin())).json()["request_uri"])
    await fapi.rp.person().open(url)
    person = await fapi.rp.person().open(url)
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    assert "code" in callback(person)


async def test_par_attempt_to_use_expired_request_uri(fapi: FapiParty) -> None:
    pushed = (await fapi.push(fapi.rp.begin())).json()
    fapi.world.clock.time += pushed["expires_in"] + 1
    person = await fapi.rp.person().open(fapi.rp.visit_of(pushed["request_uri"]))
    assert person.page.status == 400


async def test_par_attempt_to_use_request_uri_for_different_client(fapi: FapiParty) -> None:
    pushed = (await fapi.push(fapi.rp.begin())).json()
    url = replace(fapi.rp, client_id="web").visit_of(pushed["request_uri"])
    assert (await fapi.rp.person().open(url)).page.status == 400


async def test_par_attempt_invalid_http_method(fapi: FapiParty) -> None:
    async with fapi.world.http(fapi.issuer) as http:
        assert (await http.put(fapi.issuer.endpoint("request"))).status_code == 405


async def test_par_authorization_request_containing_request_uri(fapi: FapiParty) -> None:
    flow = fapi.rp.begin(request_uri="urn:ietf:params:oauth:request_uri:x")
    assert refused(await fapi.push(flow), "invalid_request")


async def test_par_without_duplicate_parameters(fapi: FapiParty) -> None:
    pushed = (await fapi.push(fapi.rp.begin())).json()
    url = fapi.rp.visit_of(pushed["request_uri"], scope="openid address", state="other")
    person = await fapi.rp.person().open(url)
    await person.sign_in("alice", PASSWORD)
    assert "Address" not in person.page.text


async def test_ensure_authorization_code_is_bound_to_client(fapi: FapiParty) -> None:
    other = ClientKey.make("PS256")
    await fapi.world.add_client(fapi_client(other, fapi.issuer, "second"), fapi.issuer)
    flow, code = await fapi.authorize()
    foreign = other.assertion("second", fapi.issuer.url, fapi.world.clock.time)
    assert refused(await fapi.redeem(flow, code, None, **foreign), "invalid_grant")


async def test_attempt_reuse_authorization_code_after_one_second(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize()
    tokens = (await fapi.redeem(flow, code)).json()
    fapi.world.clock.time += 1
    assert refused(await fapi.redeem(flow, code), "invalid_grant")
    assert await me(fapi, tokens["access_token"]) == 401


async def test_code_of_62_seconds_is_refused(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize()
    fapi.world.clock.time += 62
    assert refused(await fapi.redeem(flow, code), "invalid_grant")


async def test_ensure_holder_of_key_required(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize()
    answer = await fapi.redeem(flow, code, headers={})
    assert refused(answer, "invalid_dpop_proof", "invalid_request")


@pytest.mark.parametrize("right", [True, False], ids=["success", "failure"])
@pytest.mark.parametrize("by", ["dpop_jkt", "proof"])
async def test_ensure_dpop_auth_code_binding(fapi: FapiParty, by: str, right: bool) -> None:
    bound = fapi.dpop_key if right else ClientKey.make()
    flow = fapi.rp.begin(dpop_jkt=bound.thumbprint if by == "dpop_jkt" else None)
    url = fapi.issuer.endpoint("request")
    headers = bound.proof("POST", url, fapi.world.clock.time) if by == "proof" else None
    pushed = await fapi.post("request", {**flow.sent, **fapi.assertion()}, headers)
    person = await fapi.rp.person().open(fapi.rp.visit_of(pushed.json()["request_uri"]))
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    answer = await fapi.redeem(flow, callback(person)["code"])
    assert (answer.status_code == 200) == right
    assert right or refused(answer, "invalid_grant", "invalid_dpop_proof")


@pytest.mark.parametrize(
    "fault",
    ["htm", "htu", "iat in the past", "iat in the future", "no jti", "ath", "no ath", "reused"],
)
async def test_dpop_negative_tests(fapi: FapiParty, fault: str) -> None:
    token, now = (await fapi.tokens())["access_token"], fapi.world.clock.time
    changes: dict[str, object] = {
        "htm": {"htm": "POST"},
        "htu": {"htu": fapi.issuer.endpoint("token")},
        "iat in the past": {"iat": now - 3600},
        "iat in the future": {"iat": now + 3600},
        "no jti": {"jti": None},
        "ath": {"ath": "A" * 43},
        "reused": {"jti": "same"},
        "no ath": {"ath": None},
    }[fault]  # type: ignore[assignment]
    if fault == "reused":
        assert await me(fapi, token, **changes) == 200
    assert await me(fapi, token, **changes) == 401


async def test_dpop_iat_a_little_off_and_query_in_htu_are_accepted(fapi: FapiParty) -> None:
    token, now = (await fapi.tokens())["access_token"], fapi.world.clock.time
    for changes in (
        {"iat": now - 10},
        {"iat": now + 10},
        {"htu": fapi.issuer.endpoint("me") + "?a=b#c"},
    ):
        assert await me(fapi, token, **changes) == 200


async def test_access_token_type_header_case_sensitivity(fapi: FapiParty) -> None:
    token = (await fapi.tokens())["access_token"]
    for scheme in ("dpop", "DPOP", "dPoP"):
        assert await me(fapi, token, scheme) == 200
    assert await me(fapi, token, "Bearer") == 401


async def test_refresh_token(fapi: FapiParty) -> None:
    tokens = await fapi.tokens()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = await fapi.post("token", {**form, **fapi.assertion()}, fapi.proof("token"))
    assert answer.json()["refresh_token"] == tokens["refresh_token"]
    assert await me(fapi, answer.json()["access_token"]) == 200
    assert refused(await fapi.post("token", form, fapi.proof("token")), "invalid_request")


async def test_refresh_token_is_bound_to_its_client(fapi: FapiParty) -> None:
    other = ClientKey.make("ES256")
    await fapi.world.add_client(fapi_client(other, fapi.issuer, "second"), fapi.issuer)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": (await fapi.tokens())["refresh_token"],
        **other.assertion("second", fapi.issuer.url, fapi.world.clock.time),
    }
    assert refused(await fapi.post("token", form, fapi.proof("token")), "invalid_grant")


async def test_claims_parameter_idtoken_identity_claims(fapi: FapiParty) -> None:
    flow, code = await fapi.authorize(claims='{"id_token":{"name":{"essential":true}}}')
    assert "name" in payload((await fapi.redeem(flow, code)).json()["id_token"])


# ---- client assertions ----------------------------------------------------------------------------


async def test_ensure_signed_client_assertion_with_rs256_fails(fapi: FapiParty) -> None:
    key = ClientKey("RS256", fapi.key.private)
    form = {
        "grant_type": "client_credentials",
        **key.assertion("fapi", fapi.issuer.url, fapi.world.clock.time),
    }
    assert refused(await fapi.post("token", form, fapi.proof("token")), "invalid_client")


@pytest.mark.parametrize(
    ("claim", "offset"),
    [("exp", -300), ("exp", None), ("sub", None), ("iss", None), ("jti", None), ("aud", None)],
)
async def test_ensure_client_assertion_with_a_claim_wrong_or_missing_fails(
    fapi: FapiParty, claim: str, offset: int | None
) -> None:
    """`…-with-exp-is-5-minutes-in-past-fails`, `…-with-no-sub-fails` and their like."""
    value = None if offset is None else fapi.world.clock.time + offset
    assert refused(await service(fapi, **{claim: value}), "invalid_client")


async def test_ensure_client_assertion_with_iss_aud_succeeds(fapi: FapiParty) -> None:
    """The issuer as a string, and nothing else."""
    assert (await service(fapi, aud=fapi.issuer.url)).status_code == 200
    for audience in ([fapi.issuer.url], fapi.issuer.endpoint("token"), "https://other.example"):
        assert refused(await service(fapi, aud=audience), "invalid_client")


@pytest.mark.parametrize(("ahead", "fine"), [(8, True), (10, True), (61, False)])
async def test_ensure_client_assertion_nbf_and_iat_ahead(
    fapi: FapiParty, ahead: int, fine: bool
) -> None:
    now = fapi.world.clock.time
    for claim in ("nbf", "iat"):
        answer = await service(fapi, **{claim: now + ahead, "exp": now + 120})
        assert (answer.status_code == 200) is fine


async def test_client_assertion_is_used_once(fapi: FapiParty) -> None:
    assertion = fapi.assertion()
    form = {"grant_type": "client_credentials", **assertion}
    assert (await fapi.post("token", form, fapi.proof("token"))).status_code == 200
    assert refused(await fapi.post("token", form, fapi.proof("token")), "invalid_client")
