"""FAPI 2.0 Security Profile: what a client of profile fapi2_security may do, and nothing else."""

from dataclasses import replace

import pytest

from ostiary.domain.client import AuthMethod
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.profile import FAPI2_SECURITY
from ostiary.domain.refusals import ReasonCode
from ostiary.management.client_faults import client_faults
from ostiary.management.issuers import issuer_faults
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.client_key import ClientKey
from tests.kit.fapi_party import FapiParty, fapi_client
from tests.kit.relying_party import header, payload
from tests.kit.world import GARDEN, World, an_event
from tests.specs.wire import refused, sent_back

KEY = ClientKey.make("ES256")


@pytest.fixture
async def fapi(world: World, issuer: Issuer) -> FapiParty:
    return await FapiParty(world, issuer).register()


def faults_of(issuer: Issuer, **changes: object) -> set[str]:
    client = fapi_client(KEY, issuer, "fapi", **changes)
    return {fault.field for fault in client_faults(client, issuer, {GARDEN})}


# ---- §5.3.2.1: authorization servers in general ---------------------------------------------------


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_whole_flow(fapi: FapiParty) -> None:
    """PAR, PKCE, private_key_jwt and DPoP together: a bound token that userinfo takes."""
    tokens = await fapi.tokens()
    assert tokens["token_type"] == "DPoP"
    claims = payload(tokens["access_token"])
    assert claims["cnf"] == {"jkt": fapi.dpop_key.thumbprint}
    assert header(tokens["id_token"])["alg"] == "PS256"
    headers = fapi.proof("me", "GET", access_token=tokens["access_token"])
    headers["authorization"] = f"DPoP {tokens['access_token']}"
    async with fapi.world.http(fapi.issuer) as http:
        userinfo = await http.get(fapi.issuer.endpoint("me"), headers=headers)
    assert userinfo.status_code == 200, userinfo.text
    assert userinfo.json()["sub"] == claims["sub"]


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_only_sender_constrained_tokens_are_issued(fapi: FapiParty) -> None:
    """Without a proof there is no token, with a code, a refresh token or for the client itself."""
    flow, code = await fapi.authorize(scope="openid offline_access")
    await refused(fapi.rp, await fapi.redeem(flow, code, {}), ReasonCode.DPOP_PROOF_MISSING)
    tokens = (await fapi.redeem(flow, code)).json()
    for form in (
        {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        {"grant_type": "client_credentials"},
    ):
        answer = await fapi.post("token", {**form, **fapi.assertion()})
        await refused(fapi.rp, answer, ReasonCode.DPOP_PROOF_MISSING)
        answer = await fapi.post("token", {**form, **fapi.assertion()}, fapi.proof("token"))
        assert answer.json()["token_type"] == "DPoP"


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("method", [AuthMethod.NONE, AuthMethod.CLIENT_SECRET])
async def test_clients_are_confidential_and_prove_themselves_by_key(
    issuer: Issuer, method: AuthMethod
) -> None:
    """No public clients, no secrets: private_key_jwt (or mTLS, which is not built) alone."""
    assert "auth_method" in faults_of(issuer, auth_method=method, public_keys=())
    assert not faults_of(issuer)


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_client_that_was_registered_otherwise_is_refused(
    world: World, issuer: Issuer
) -> None:
    """The profile is looked at when it counts, not only at registration."""
    fapi = await FapiParty(world, issuer).register(
        auth_method=AuthMethod.CLIENT_SECRET, secrets=fapi_client_secrets(issuer), public_keys=()
    )
    rp = replace(fapi.rp, secret="ostiary_a-secret-of-the-tests")
    answer = await rp.token(grant_type="client_credentials")
    await refused(rp, answer, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_assertion_names_the_issuer_as_its_one_audience(fapi: FapiParty) -> None:
    """The issuer identifier as a string; no list, no other URL."""
    issuer = fapi.issuer
    form = {"grant_type": "client_credentials"}
    for audience in ([issuer.url], issuer.endpoint("token"), [issuer.url, "https://a.example"]):
        answer = await fapi.post(
            "token", {**form, **fapi.assertion(aud=audience)}, fapi.proof("token")
        )
        await refused(fapi.rp, answer, ReasonCode.CLIENT_ASSERTION_INVALID)
    answer = await fapi.post("token", {**form, **fapi.assertion()}, fapi.proof("token"))
    assert answer.status_code == 200


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_times_up_to_ten_seconds_ahead_are_accepted_and_beyond_sixty_refused(
    fapi: FapiParty,
) -> None:
    """iat and nbf of an assertion may be a little ahead of our clock."""
    now, form = fapi.world.clock.time, {"grant_type": "client_credentials"}
    near = fapi.assertion(iat=now + 10, nbf=now + 10)
    assert (await fapi.post("token", {**form, **near}, fapi.proof("token"))).status_code == 200
    for changes in ({"iat": now + 61}, {"nbf": now + 61}):
        far = fapi.assertion(**changes, exp=now + 120)
        answer = await fapi.post("token", {**form, **far}, fapi.proof("token"))
        await refused(fapi.rp, answer, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_refresh_tokens_do_not_rotate_and_live_on_by_use(fapi: FapiParty) -> None:
    """The same refresh token comes back, and use moves its end."""
    tokens, clock = await fapi.tokens(), fapi.world.clock
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for _ in range(3):
        clock.time += 20 * 86_400
        answer = await fapi.post("token", {**form, **fapi.assertion()}, fapi.proof("token"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["refresh_token"] == tokens["refresh_token"]


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_code_lives_for_sixty_seconds(fapi: FapiParty) -> None:
    """A code of 61 seconds is refused."""
    flow, code = await fapi.authorize()
    fapi.world.clock.time += 61
    await refused(fapi.rp, await fapi.redeem(flow, code), ReasonCode.CODE_EXPIRED)


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
async def test_code_is_bound_to_the_key_of_the_push(fapi: FapiParty) -> None:
    """Authorization code binding: by dpop_jkt, or by a proof at the push."""
    flow, code = await fapi.authorize(dpop_jkt=ClientKey.make().thumbprint)
    await refused(fapi.rp, await fapi.redeem(flow, code), ReasonCode.DPOP_KEY_OTHER)


# ---- §5.3.2.2: the authorization code flow --------------------------------------------------------


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
async def test_request_by_the_browser_is_refused(fapi: FapiParty) -> None:
    """Only pushed requests count."""
    answer = await fapi.rp.person().http.get(fapi.rp.begin().url)
    await sent_back(fapi.rp, answer, ReasonCode.PUSHED_REQUEST_REQUIRED)


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
async def test_push_has_to_be_authenticated(fapi: FapiParty) -> None:
    """A push without client authentication is refused."""
    answer = await fapi.post("request", fapi.rp.begin().sent)
    assert answer.status_code == 401


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_challenge": None}, ReasonCode.CODE_CHALLENGE_MISSING),
        ({"code_challenge_method": "plain"}, ReasonCode.CODE_CHALLENGE_MALFORMED),
        ({"redirect_uri": None}, ReasonCode.REDIRECT_URI_MISSING),
        ({"response_type": "code id_token"}, ReasonCode.RESPONSE_TYPE_UNSUPPORTED),
    ],
)
async def test_push_needs_pkce_redirect_uri_and_response_type_code(
    fapi: FapiParty, changes: dict[str, str | None], code: ReasonCode
) -> None:
    """PKCE with S256, redirect_uri in the push, and the code flow alone."""
    answer = await fapi.push(fapi.rp.begin(**changes))  # type: ignore[arg-type]
    await refused(fapi.rp, answer, code)


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
async def test_no_client_is_free_of_pkce(world: World, issuer: Issuer) -> None:
    """require_pkce = false has no effect under this profile."""
    fapi = await FapiParty(world, issuer).register(require_pkce=False)
    answer = await fapi.push(fapi.rp.begin(code_challenge=None, code_challenge_method=None))
    await refused(fapi.rp, answer, ReasonCode.CODE_CHALLENGE_MISSING)


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
async def test_lifetime_of_a_push_is_below_ten_minutes(fapi: FapiParty) -> None:
    """expires_in of less than 600 seconds."""
    assert (await fapi.push(fapi.rp.begin())).json()["expires_in"] < 600


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
async def test_redirect_uris_are_https(issuer: Issuer) -> None:
    """http is for the loopback of native apps; production knows no other."""
    production = replace(issuer, environment=Environment.PRODUCTION)
    assert "redirect_uris" in faults_of(production, redirect_uris=("http://localhost/cb",))
    assert not faults_of(production)


@pytest.mark.spec("FAPI 2.0 §5.3.2.2")
async def test_answers_to_the_browser_are_303_with_iss(fapi: FapiParty) -> None:
    """303, never 307, and the issuer in every response (RFC 9207)."""
    person = fapi.rp.person()
    await fapi.authorize(person)
    flow = fapi.rp.begin()
    request_uri = (await fapi.push(flow)).json()["request_uri"]
    answer = await person.http.get(fapi.rp.visit_of(request_uri))
    assert answer.status_code == 303
    assert "iss=" in answer.headers["location"]


# ---- §5.4.1: algorithms ---------------------------------------------------------------------------


@pytest.mark.spec("FAPI 2.0 §5.4.1")
async def test_algorithms_are_ps256_es256_and_eddsa(issuer: Issuer) -> None:
    """RS256 cannot be registered for anything."""
    for field in ("id_token_algorithm", "userinfo_algorithm", "assertion_algorithm"):
        assert field in faults_of(issuer, **{field: Algorithm.RS256})
    assert Algorithm.RS256 not in FAPI2_SECURITY.algorithms


@pytest.mark.spec("FAPI 2.0 §5.4.1")
@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
async def test_assertions_of_these_algorithms_are_accepted(
    world: World, issuer: Issuer, algorithm: str
) -> None:
    """All three that the profile names."""
    fapi = await FapiParty(world, issuer, key=ClientKey.make(algorithm)).register()
    form = {"grant_type": "client_credentials", **fapi.assertion()}
    assert (await fapi.post("token", form, fapi.proof("token"))).status_code == 200


@pytest.mark.spec("FAPI 2.0 §5.4.1")
async def test_rs256_assertion_is_refused(world: World, issuer: Issuer) -> None:
    """With a key that could sign PS256."""
    key = ClientKey.make("PS256")
    fapi = await FapiParty(world, issuer, key=key).register()
    weak = ClientKey("RS256", key.private).assertion("fapi", issuer.url, world.clock.time)
    form = {"grant_type": "client_credentials", **weak}
    answer = await fapi.post("token", form, fapi.proof("token"))
    await refused(fapi.rp, answer, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("FAPI 2.0 §5.3.2")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_metadata_of_an_issuer_under_the_profile(world: World, issuer: Issuer) -> None:
    """An issuer whose clients all have to follow it announces just that."""
    under = replace(issuer, profile_name="fapi2_security")
    await world.store.issuers.save(under, an_event())
    async with world.http(issuer) as http:
        metadata = (await http.get(f"{issuer.url}/.well-known/openid-configuration")).json()
    algorithms = ["PS256", "ES256", "EdDSA"]
    assert metadata["require_pushed_authorization_requests"] is True
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert metadata["token_endpoint_auth_signing_alg_values_supported"] == algorithms
    assert metadata["id_token_signing_alg_values_supported"] == algorithms


@pytest.mark.spec("FAPI 2.0 §5.4.1")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_what_was_registered_before_is_held_to_the_profile(
    world: World, issuer: Issuer
) -> None:
    """An RS256 client of an issuer that comes under the profile gets an allowed ID token, and a weaker
    profile of its own frees it of nothing."""
    fapi = await FapiParty(world, issuer).register(
        profile_name="oidc", id_token_algorithm=Algorithm.RS256
    )
    await world.store.issuers.save(replace(issuer, profile_name="fapi2_security"), an_event())
    tokens = await fapi.tokens()
    assert header(tokens["id_token"])["alg"] == "PS256"
    plain = await fapi.rp.person().http.get(fapi.rp.begin().url)
    await sent_back(fapi.rp, plain, ReasonCode.PUSHED_REQUEST_REQUIRED)


@pytest.mark.spec("FAPI 2.0 §5.4.1")
async def test_proof_of_another_algorithm_is_refused(world: World, issuer: Issuer) -> None:
    """DPoP proofs are JWTs too: PS256, ES256, EdDSA."""
    fapi = await FapiParty(world, issuer, dpop_key=ClientKey.make("ES384")).register()
    form = {"grant_type": "client_credentials", **fapi.assertion()}
    answer = await fapi.post("token", form, fapi.proof("token"))
    await refused(fapi.rp, answer, ReasonCode.DPOP_PROOF_INVALID)


@pytest.mark.spec("FAPI 2.0 §5.3.2")
def test_an_issuer_under_the_profile_is_checked_too(issuer: Issuer) -> None:
    """Codes of 60 seconds, pushes of less than ten minutes, and no RS256 access tokens."""
    lifetimes = replace(issuer.lifetimes, code=3600, pushed_request=600)
    wrong = replace(
        issuer,
        profile_name="fapi2_security",
        lifetimes=lifetimes,
        access_token_algorithm=Algorithm.RS256,
    )
    fields = {fault.field for fault in issuer_faults(wrong)}
    assert fields == {"lifetimes.code", "lifetimes.pushed_request", "access_token_algorithm"}


def fapi_client_secrets(issuer: Issuer) -> object:
    from tests.kit.world import a_client

    return a_client("x", issuer).secrets
