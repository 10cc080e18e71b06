"""What requests leave behind in the metrics: the facts of the provider, at its edge."""

from tests.attacks.wire import path_of, send
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, GARDEN, PASSWORD, World
from tests.telemetry.counted import counted_in

OFFLINE = "openid profile email offline_access"
REQUESTS = "http_server_request_duration_seconds_count"
AUTHORIZATIONS = "ostiary_authorization_requests_total"
TOKEN_REQUESTS = "ostiary_token_requests_total"


async def test_a_whole_flow_is_counted_once_at_each_of_its_places(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open((flow := rp.begin(scope=OFFLINE)).url)
    await person.sign_in("alice", "not the password")
    await person.press("sign-in", username="alice", password=PASSWORD)
    await person.press("allow")
    assert person.left_to is not None
    code = person.left_to.split("code=")[1].split("&")[0]
    tokens = (await rp.redeem(flow, code)).json()
    await rp.refresh(tokens["refresh_token"])
    await rp.authorize(person)
    found = counted_in(world)
    of_garden = f"institution={GARDEN}"
    assert found[f"{AUTHORIZATIONS}{{{of_garden},outcome=asked}}"] == 1
    assert found[f"{AUTHORIZATIONS}{{{of_garden},outcome=ok}}"] == 1
    login = f"ostiary_logins_total{{{of_garden},method=pwd"
    assert found[f"{login},outcome=refused,reason=not_proved}}"] == 1
    assert found[f"{login},outcome=ok}}"] == 1
    assert found["ostiary_password_hash_seconds_count"] == 2
    assert found["ostiary_consents_total{outcome=given}"] == 1
    assert found[f"{TOKEN_REQUESTS}{{grant_type=authorization_code,outcome=ok}}"] == 1
    assert found[f"{TOKEN_REQUESTS}{{grant_type=refresh_token,outcome=ok}}"] == 1
    for kind in ("access_token", "id_token", "refresh_token"):
        assert found[f"ostiary_tokens_issued_total{{type={kind}}}"] == 2
    token = "http_request_method=POST,http_response_status_code=200,http_route=token"
    assert found[f"{REQUESTS}{{{token}}}"] == 2


async def test_consent_that_is_denied_is_counted(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin().url)
    await person.sign_in("alice", PASSWORD)
    await person.press("deny")
    assert counted_in(world)["ostiary_consents_total{outcome=denied}"] == 1


async def test_what_comes_twice_is_counted_by_its_kind(world: World) -> None:
    rp = RelyingParty(world, key=ClientKey.make())
    tokens = await rp.tokens(scope=OFFLINE)
    proof = rp.proof()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await rp.token(proof=proof, **form)).status_code == 200
    assert (await rp.token(proof=proof, **form)).status_code == 400
    await rp.refresh((await rp.refresh(tokens["refresh_token"])).json()["refresh_token"])
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 400
    found = counted_in(world)
    assert found["ostiary_refresh_reuse_total"] == 1
    assert found["ostiary_single_use_conflicts_total{kind=dpop_proof}"] == 1
    assert found["ostiary_single_use_conflicts_total{kind=refresh_token}"] == 1
    refused = f"{TOKEN_REQUESTS}{{grant_type=refresh_token,outcome=refused,reason="
    assert found[f"{refused}refresh_token_reused}}"] == 1
    assert found[f"{refused}dpop_proof_replayed}}"] == 1


async def test_a_client_that_does_not_prove_itself_is_counted_by_how_it_tried(
    world: World,
) -> None:
    rp = RelyingParty(world, secret="wrong")
    await rp.token(grant_type="client_credentials")
    await rp.token(grant_type="made-up")
    found = counted_in(world)
    reason = "reason=client_authentication_failed"
    assert found[f"ostiary_client_auth_failures_total{{method=client_secret_post,{reason}}}"] == 2
    refused = f"{TOKEN_REQUESTS}{{grant_type={{}},outcome=refused,{reason}}}"
    assert found[refused.replace("{}", "client_credentials")] == 1
    assert found[refused.replace("{}", "other")] == 1


async def test_a_store_that_is_away_is_not_the_requests_fault(world: World) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    world.store.close()
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 503
    unavailable = "grant_type=refresh_token,outcome=unavailable,reason=busy"
    assert counted_in(world)[f"{TOKEN_REQUESTS}{{{unavailable}}}"] == 1


async def test_pages_have_the_pattern_of_their_path_as_route(world: World) -> None:
    rp = RelyingParty(world)
    await rp.person().open(rp.begin().url)
    await send(world, "GET", path_of(ENTERPRISE, "nothing/of/the/kind"))
    routes = {
        dict(each.split("=") for each in name[:-1].partition("{")[2].split(","))["http_route"]
        for name in counted_in(world)
        if name.startswith(REQUESTS)
    }
    assert routes == {"auth", "/interaction/{name}", "other"}


async def test_nobody_is_being_answered_when_all_have_been(world: World) -> None:
    rp = RelyingParty(world)
    await rp.token(grant_type="client_credentials")
    assert "http_server_active_requests" not in counted_in(world)
