"""OIDC Discovery §3 and §4, RFC 8414 §2 and §3: the metadata, and where it is."""

from typing import Any

import pytest

from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, World
from tests.specs.wire import ask, basic, discovery, get, id_token_claims, post_token, returned

BASE = "/a/oidc-provider/api/v0"
OIDC, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"


@pytest.fixture
async def document(rp: RelyingParty) -> dict[str, Any]:
    return await discovery(rp.world, rp.issuer)


@pytest.mark.spec("OIDC Discovery §3")
@pytest.mark.parametrize(
    "name",
    [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ],
)
def test_required_member_is_there(document: dict[str, Any], name: str) -> None:
    """These members are required of every provider that has the code flow."""
    assert document[name]


@pytest.mark.spec("OIDC Discovery §3")
def test_issuer_is_the_url_of_the_issuer_without_query_and_fragment(
    rp: RelyingParty, document: dict[str, Any]
) -> None:
    """issuer is a URL with scheme, host and maybe port and path, and nothing more."""
    assert document["issuer"] == rp.issuer.url
    assert not {"?", "#"} & set(document["issuer"])


@pytest.mark.spec("OIDC Discovery §3")
def test_rs256_is_among_the_algorithms(document: dict[str, Any]) -> None:
    """RS256 must be included, none must not be where the code flow does not need it."""
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]


@pytest.mark.spec("OIDC Discovery §3")
def test_openid_is_among_the_scopes(document: dict[str, Any]) -> None:
    """The server must support the scope openid."""
    assert "openid" in document["scopes_supported"]


@pytest.mark.spec("OIDC Discovery §3")
def test_what_is_not_supported_is_said_where_the_default_says_otherwise(
    document: dict[str, Any],
) -> None:
    """request_uri_parameter_supported is true when it is left out, so it is not left out."""
    assert document["request_uri_parameter_supported"] is False
    assert document["request_parameter_supported"] is False


@pytest.mark.spec("OIDC Discovery §3")
def test_every_listed_value_is_there_once_and_no_list_is_empty(document: dict[str, Any]) -> None:
    """Claims with zero elements are omitted."""
    for name, value in document.items():
        if isinstance(value, list):
            assert value, name
            assert len(value) == len(set(value)), name


@pytest.mark.spec("OIDC Discovery §3")
async def test_every_announced_endpoint_answers(rp: RelyingParty, document: dict[str, Any]) -> None:
    """What is listed works: no announced address is empty."""
    for name, url in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert (await get(rp.world, rp.issuer, url)).status_code != 404, name


@pytest.mark.spec("OIDC Discovery §3")
async def test_every_announced_scope_can_be_granted(
    rp: RelyingParty, document: dict[str, Any]
) -> None:
    """What is listed works: a client that may have them all gets them all."""
    tokens = await rp.tokens(scope=" ".join(document["scopes_supported"]))
    assert set(tokens["scope"].split()) == set(document["scopes_supported"])


@pytest.mark.spec("OIDC Discovery §3")
async def test_every_announced_response_mode_is_accepted(
    rp: RelyingParty, document: dict[str, Any]
) -> None:
    """What is listed works: no mode is refused."""
    person = await rp.signed_in()
    for mode in document["response_modes_supported"]:
        response = await ask(rp, person, response_mode=mode)
        assert "error" not in response.headers.get("location", "")


@pytest.mark.spec("OIDC Discovery §3")
async def test_every_announced_grant_type_is_known_and_no_other(
    rp: RelyingParty, document: dict[str, Any]
) -> None:
    """What is listed works, what works is listed."""
    candidates = {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    }
    known = set()
    for grant_type in candidates:
        response = await rp.token(grant_type=grant_type)
        if response.json().get("error") != "unsupported_grant_type":
            known.add(grant_type)
    assert known == set(document["grant_types_supported"])


@pytest.mark.spec("OIDC Discovery §3")
async def test_every_claim_that_is_told_is_announced(
    rp: RelyingParty, document: dict[str, Any]
) -> None:
    """claims_supported lists what the provider may be able to supply."""
    tokens = await rp.tokens(scope="openid profile email phone address")
    told = (await rp.userinfo(tokens["access_token"])).json()
    claims = await id_token_claims(rp, tokens)
    assert set(told) | set(claims) <= {*document["claims_supported"], "at_hash"}


@pytest.mark.spec("OIDC Discovery §4")
@pytest.mark.spec("OIDC Discovery §4.1")
async def test_metadata_is_found_by_appending_to_the_issuer(rp: RelyingParty) -> None:
    """The path /.well-known/openid-configuration is appended to the issuer, path and all."""
    response = await get(rp.world, rp.issuer, rp.issuer.url + OIDC)
    assert response.status_code == 200


@pytest.mark.spec("OIDC Discovery §4.2")
async def test_metadata_is_a_json_object_with_status_200(rp: RelyingParty) -> None:
    """The response is 200, application/json, one object."""
    response = await get(rp.world, rp.issuer, rp.issuer.url + OIDC)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert isinstance(response.json(), dict)


@pytest.mark.spec("OIDC Discovery §4.3")
async def test_issuer_is_exactly_what_was_asked_and_what_id_tokens_say(rp: RelyingParty) -> None:
    """issuer must be identical to the URL it was found at, and to iss of the ID tokens."""
    found = (await get(rp.world, rp.issuer, rp.issuer.url + OIDC)).json()
    assert found["issuer"] == rp.issuer.url
    assert (await id_token_claims(rp, await rp.tokens()))["iss"] == found["issuer"]


@pytest.mark.spec("OIDC Discovery §4")
async def test_metadata_is_the_same_in_every_place(rp: RelyingParty) -> None:
    """The contracts have it at the host's root and below the base path: always the same bytes."""
    places = {f"{prefix}{name}" for prefix in ("", BASE) for name in (OIDC, OAUTH)}
    bodies = {(await get(rp.world, rp.issuer, place)).content for place in places}
    assert len(bodies) == 1
    assert rp.issuer.url.encode() in bodies.pop()


@pytest.mark.spec("OIDC Discovery §4")
async def test_metadata_can_be_read_by_scripts_and_be_kept_for_a_while(rp: RelyingParty) -> None:
    """Public documents: for every origin, and cacheable."""
    for url in (rp.issuer.url + OIDC, rp.issuer.endpoint("jwks")):
        response = await get(rp.world, rp.issuer, url)
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["cache-control"].startswith("public, max-age=")


@pytest.mark.spec("OIDC Discovery §4")
async def test_metadata_of_the_two_issuers_are_not_mixed_up(world: World) -> None:
    """The issuer is chosen by its host, as in production."""
    for issuer in (ENTERPRISE, CONSUMER):
        assert (await get(world, issuer, BASE + OIDC)).json()["issuer"] == issuer.url


# ---- RFC 8414 ---------------------------------------------------------------------------------


@pytest.mark.spec("RFC 8414 §2")
def test_metadata_says_what_rfc8414_requires(document: dict[str, Any]) -> None:
    """issuer and response_types_supported are required; so are the endpoints that are used."""
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "grant_types_supported"):
        assert document[name]


@pytest.mark.spec("RFC 8414 §3")
@pytest.mark.spec("RFC 8414 §3.1")
@pytest.mark.parametrize("name", [OIDC, OAUTH])
async def test_metadata_is_found_by_inserting_before_the_path_of_the_issuer(
    rp: RelyingParty, name: str
) -> None:
    """The well-known string goes between the host and the path of the issuer."""
    url = f"{rp.issuer.origin}{name}{rp.issuer.path}"
    response = await get(rp.world, rp.issuer, url)
    assert response.status_code == 200
    assert response.json()["issuer"] == rp.issuer.url


@pytest.mark.spec("RFC 8414 §3.2")
async def test_oauth_metadata_is_json_with_status_200(rp: RelyingParty) -> None:
    """The response is 200, application/json, and claims with zero elements are omitted."""
    response = await get(rp.world, rp.issuer, OAUTH)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert all(response.json().values()) or "claims_parameter_supported" in response.json()


@pytest.mark.spec("RFC 8414 §3.3")
async def test_issuer_of_the_oauth_metadata_is_the_issuer(rp: RelyingParty) -> None:
    """issuer must be identical to the identifier from which the URL was made."""
    response = await get(rp.world, rp.issuer, f"{rp.issuer.origin}{OAUTH}{rp.issuer.path}")
    assert response.json()["issuer"] == rp.issuer.url


@pytest.mark.spec("RFC 8414 §2")
async def test_announced_endpoints_are_those_that_flows_use(
    rp: RelyingParty, document: dict[str, Any]
) -> None:
    """A client that knows nothing but the metadata comes to its tokens."""
    person = await rp.signed_in()
    flow = rp.begin()
    response = await person.http.get(document["authorization_endpoint"], params=flow.sent)
    code = returned(rp, response)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    assert document["token_endpoint"] == rp.issuer.endpoint("token")
    assert (await post_token(rp, form, authorization=basic())).status_code == 200
