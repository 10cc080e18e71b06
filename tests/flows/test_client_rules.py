"""What the client libraries in the field demand of a provider, rule by rule.

The numbers are those of the project's list of client rules.
"""

import base64
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from ostiary.domain.client import ApplicationType, AuthMethod, RefreshTokens
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.scopes import CONSUMER_OFFLINE_ACCESS
from ostiary.domain.user import Membership, User
from ostiary.management.clients import new_client_id, new_secret
from ostiary.management.issuers import production_faults
from ostiary.management.keys import rotate
from ostiary.protocol.jose.algorithms import Algorithm
from tests.flows.application import WELL_KNOWN, form_to_client, half_hash
from tests.kit.client_key import ClientKey
from tests.kit.leaving import is_signed_in, logout_url, signed_in_with_tokens
from tests.kit.relying_party import RelyingParty, callback, go_through, header, payload
from tests.kit.world import (
    CONSUMER,
    ENTERPRISE,
    GARDEN,
    ISSUERS,
    MASTER_KEY,
    SECRET,
    START,
    World,
    a_client,
    an_event,
)

pytestmark = pytest.mark.both_engines

OAUTH = "/.well-known/oauth-authorization-server"
OFFLINE = "openid offline_access"
URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")


@pytest.fixture(params=list(ISSUERS.values()), ids=list(ISSUERS))
def issuer(request: pytest.FixtureRequest) -> Issuer:
    found: Issuer = request.param
    return found


@pytest.fixture
def party(world: World, issuer: Issuer) -> RelyingParty:
    return RelyingParty(world, issuer)


async def metadata(world: World, issuer: Issuer) -> dict[str, Any]:
    async with world.http(issuer) as http:
        found: dict[str, Any] = (await http.get(issuer.url + WELL_KNOWN)).json()
        return found


def basic(client_id: str, secret: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"authorization": f"Basic {encoded}"}


async def test_r1_the_issuer_is_the_url_that_was_typed(world: World, issuer: Issuer) -> None:
    async with world.http(issuer) as http:
        at_issuer = await http.get(issuer.url + WELL_KNOWN)
        below_base = await http.get(issuer.origin + issuer.base_path + WELL_KNOWN)
    assert at_issuer.json()["issuer"] == issuer.url
    assert below_base.content == at_issuer.content


async def test_r2_oauth_metadata_has_the_same_content(world: World, issuer: Issuer) -> None:
    inserted = f"{issuer.origin}{OAUTH}{issuer.path}"
    async with world.http(issuer) as http:
        expected = (await http.get(issuer.url + WELL_KNOWN)).content
        for url in (issuer.url + OAUTH, inserted):
            assert (await http.get(url)).content == expected


async def test_r3_json_is_called_json(world: World, party: RelyingParty, issuer: Issuer) -> None:
    tokens = await party.tokens()
    async with world.http(issuer) as http:
        answers = {
            "discovery": await http.get(issuer.url + WELL_KNOWN),
            "keys": await http.get(issuer.endpoint("jwks")),
            "token": await party.token(grant_type="client_credentials"),
            "token refused": await party.token(grant_type="nonsense"),
            "userinfo": await party.userinfo(tokens["access_token"]),
            "userinfo refused": await party.userinfo("nonsense"),
        }
    for name, answer in answers.items():
        assert answer.headers["content-type"].split(";")[0] == "application/json", name
        assert isinstance(answer.json(), dict), name


async def test_r3_signed_userinfo_is_for_clients_registered_for_it(
    world: World, issuer: Issuer
) -> None:
    """go-oidc takes the media type for a promise that the content is signed."""
    client = a_client("signed", issuer, userinfo_algorithm=Algorithm.ES256)
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    answer = await party.userinfo((await party.tokens())["access_token"])
    assert answer.headers["content-type"].split(";")[0] == "application/jwt"
    assert header(answer.text)["alg"] == "ES256"
    assert payload(answer.text)["email"] == "alice@example.com"


async def test_r4_numbers_are_numbers(party: RelyingParty) -> None:
    tokens: dict[str, Any] = dict(await party.tokens())
    id_token, access_token = payload(tokens["id_token"]), payload(tokens["access_token"])
    values = [
        tokens["expires_in"],
        *(id_token[name] for name in ("exp", "iat", "auth_time")),
        *(access_token[name] for name in ("exp", "iat", "auth_time")),
    ]
    assert [type(value) for value in values] == [int] * len(values)


async def test_r5_a_pushed_request_is_answered_with_201(party: RelyingParty) -> None:
    """openid-client 5 and oauth4webapi throw at 200, and the former at an expires_in of text."""
    answer = await party.push(party.begin())
    assert answer.status_code == 201
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    assert set(answer.json()) == {"request_uri", "expires_in"}
    assert type(answer.json()["expires_in"]) is int


async def test_r6_discovery_lists_what_clients_decide_by(world: World, issuer: Issuer) -> None:
    listed = await metadata(world, issuer)
    assert listed["code_challenge_methods_supported"] == ["S256"]
    methods = {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
    assert methods <= set(listed["token_endpoint_auth_methods_supported"])
    assert {"RS256", "ES256", "PS256"} <= set(listed["id_token_signing_alg_values_supported"])
    assert listed["authorization_response_iss_parameter_supported"] is True
    assert listed["claims_parameter_supported"] is True
    assert set(listed["scopes_supported"]) == issuer.scopes
    assert {"authorization_code", "refresh_token", "client_credentials"} <= set(
        listed["grant_types_supported"]
    )
    assert listed["end_session_endpoint"] == issuer.endpoint("logout")
    assert listed["pushed_authorization_request_endpoint"] == issuer.endpoint("request")
    assert listed["revocation_endpoint"] == issuer.endpoint("token/revocation")


@pytest.mark.parametrize("response_mode", [None, "query", "fragment"])
async def test_r6_every_response_has_iss_as_the_metadata_promises(
    party: RelyingParty, issuer: Issuer, response_mode: str | None
) -> None:
    person = party.person()
    _, response = await party.authorize(person, response_mode=response_mode)
    assert response["iss"] == issuer.url
    await person.open(party.begin(response_mode=response_mode, prompt="nonsense").url)
    refused = callback(person)
    assert (refused["error"], refused["iss"]) == ("invalid_request", issuer.url)


@pytest.mark.parametrize("algorithm", [None, *Algorithm])
async def test_r7_the_id_token_is_signed_as_the_client_registered(
    world: World, issuer: Issuer, algorithm: Algorithm | None
) -> None:
    wanted = {} if algorithm is None else {"id_token_algorithm": algorithm}
    client = await world.add_client(a_client("signed", issuer, **wanted), issuer)
    tokens = await RelyingParty.of(world, client, issuer).tokens()
    used = header(tokens["id_token"])
    assert used["alg"] == (algorithm or "RS256")
    async with world.http(issuer) as http:
        keys = (await http.get(issuer.endpoint("jwks"))).json()["keys"]
    assert [key["alg"] for key in keys if key["kid"] == used["kid"]] == [used["alg"]]


async def test_r7_old_keys_stay_published(
    world: World, party: RelyingParty, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)
    before = header((await party.tokens())["id_token"])["kid"]
    [successor] = await rotate(
        world.store, MASTER_KEY, issuer, [Algorithm.RS256], world.clock.now(), lead=60
    )
    async with world.http(issuer) as http:
        published = (await http.get(issuer.endpoint("jwks"))).json()["keys"]
        assert successor.kid in {key["kid"] for key in published}, "published before first use"
        world.clock.time += 61
        after = header((await party.tokens())["id_token"])["kid"]
        assert after == successor.kid != before
        published = (await http.get(issuer.endpoint("jwks"))).json()["keys"]
    assert {before, after} <= {key["kid"] for key in published}


async def test_r8_a_secret_is_accepted_by_either_method(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    form: dict[str, Any] = {"grant_type": "client_credentials"}
    in_form = await party.token(**form)
    async with world.http(issuer) as http:
        url = issuer.endpoint("token")
        in_header = await http.post(url, data=form, headers=basic("web", SECRET))
        encoded = await http.post(url, data=form, headers=basic("web", quote(SECRET, safe="")))
        named_too = await http.post(
            url, data={**form, "client_id": "web"}, headers=basic("web", SECRET)
        )
    answers = [in_form, in_header, encoded, named_too]
    assert [answer.status_code for answer in answers] == [200] * 4


async def test_r8_what_clients_carry_needs_no_encoding(party: RelyingParty) -> None:
    flow, response = await party.authorize(party.person(), scope=OFFLINE)
    tokens = (await party.redeem(flow, response["code"])).json()
    carried = [new_secret(), new_client_id(), response["code"], tokens["refresh_token"]]
    assert [value for value in carried if not URL_SAFE.fullmatch(value)] == []


async def test_r9_a_code_survives_failed_client_authentication(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    flow, response = await party.authorize(party.person())
    form = {
        "grant_type": "authorization_code",
        "code": response["code"],
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    async with world.http(issuer) as http:
        failed = await http.post(
            issuer.endpoint("token"), data=form, headers=basic("web", "not the secret")
        )
    assert (failed.status_code, failed.json()["error"]) == (401, "invalid_client")
    assert (await party.redeem(flow, response["code"])).status_code == 200


async def test_r9_a_public_client_may_guess_basic_first(world: World, issuer: Issuer) -> None:
    """golang.org/x/oauth2 sends its empty secret as HTTP Basic, then the same in the form."""
    party = RelyingParty(world, issuer, "spa", "https://spa.example/cb", None)
    flow, response = await party.authorize(party.person())
    form = {
        "grant_type": "authorization_code",
        "code": response["code"],
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    async with world.http(issuer) as http:
        guessed = await http.post(issuer.endpoint("token"), data=form, headers=basic("spa", ""))
    assert guessed.status_code == 401
    assert (await party.redeem(flow, response["code"])).status_code == 200


@pytest.mark.parametrize(
    "mistake", [{"redirect_uri": "https://rp.example/other"}, {"code_verifier": None}]
)
async def test_r9_a_code_survives_an_incomplete_request(
    party: RelyingParty, mistake: dict[str, Any]
) -> None:
    flow, response = await party.authorize(party.person())
    failed = await party.redeem(flow, response["code"], **mistake)
    assert (failed.status_code, failed.json()["error"]) == (400, "invalid_grant")
    assert (await party.redeem(flow, response["code"])).status_code == 200


async def test_r10_unknown_parameters_are_ignored(party: RelyingParty) -> None:
    flow = party.begin(
        display="page",
        hd="example.com",
        ui_locales="de en",
        acr_values="whatever",
        audience="https://api.example.com",
        access_type="offline",
        claims='{"userinfo":{"email":null}}',
        foo="bar",
    )
    person = party.person()
    await person.open(f"{flow.url}&resource=https://a.example&resource=https://b.example")
    await go_through(person)
    answer = await party.redeem(
        flow,
        callback(person)["code"],
        scope="openid something:else",
        resource="https://a.example",
        audience="https://api.example.com",
        foo="bar",
    )
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["scope"].split()) == {"openid", "profile", "email"}


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("openid", {"openid"}),
        ("email openid profile", {"openid", "email", "profile"}),
        ("openid unknown:scope", {"openid"}),
    ],
)
async def test_r11_the_token_answer_names_exactly_what_was_granted(
    party: RelyingParty, asked: str, granted: set[str]
) -> None:
    tokens = await party.tokens(scope=asked)
    assert set(tokens["scope"].split()) == granted
    assert granted <= set(asked.split())


async def test_r11_a_narrowed_refresh_says_so(party: RelyingParty) -> None:
    tokens = await party.tokens(scope="openid email offline_access")
    narrowed = await party.refresh(tokens["refresh_token"], scope="openid")
    assert narrowed.json()["scope"] == "openid"


async def test_r12_nonce_comes_back_whenever_it_was_sent(party: RelyingParty) -> None:
    person = party.person()
    for nonce in ("n-0S6_WzA2Mj", "with spaces & signs/=+", None):
        flow, response = await party.authorize(person, nonce=nonce)
        id_token = (await party.redeem(flow, response["code"])).json()["id_token"]
        assert payload(id_token).get("nonce") == nonce


async def test_r12_nonce_comes_back_after_a_pushed_request(party: RelyingParty) -> None:
    flow = await party.begin_pushed()
    person = await party.person().open(flow.url)
    await go_through(person)
    tokens = (await party.redeem(flow, callback(person)["code"])).json()
    assert payload(tokens["id_token"])["nonce"] == flow.nonce


async def test_r13_sub_is_the_same_everywhere(party: RelyingParty) -> None:
    tokens = await party.tokens()
    subjects = {
        payload(tokens["id_token"])["sub"],
        payload(tokens["access_token"])["sub"],
        (await party.userinfo(tokens["access_token"])).json()["sub"],
    }
    assert len(subjects) == 1


@pytest.mark.parametrize("known", [True, False, None])
async def test_r14_email_verified_is_a_boolean_or_absent(
    world: World, party: RelyingParty, issuer: Issuer, known: bool | None
) -> None:
    alice = await world.store.users.find_by_username(issuer.issuer_id, "alice")
    assert alice is not None
    claims = {"email": "dora@example.com"} | ({} if known is None else {"email_verified": known})
    await world.store.users.add(
        issuer.issuer_id,
        User(user_id="dora-id", username="dora", password_hash=alice.password_hash),
        [Membership(institution_id=GARDEN, claims=claims)],
        an_event(),
    )
    tokens = await party.tokens("dora")
    told = (await party.userinfo(tokens["access_token"])).json()
    assert told["email"] == "dora@example.com"
    assert told.get("email_verified") is known


async def test_r15_email_where_its_scope_puts_it(party: RelyingParty, issuer: Issuer) -> None:
    tokens = await party.tokens(scope="openid email")
    told = (await party.userinfo(tokens["access_token"])).json()
    assert told["email"] == "alice@example.com"
    in_id_token = payload(tokens["id_token"]).get("email")
    assert in_id_token == (told["email"] if issuer is ENTERPRISE else None)


async def test_r15_email_in_the_id_token_of_a_client_that_asks_for_it(
    party: RelyingParty,
) -> None:
    """Kubernetes reads the ID token alone."""
    asked = '{"id_token":{"email":{"essential":true},"email_verified":null}}'
    flow, response = await party.authorize(party.person(), scope="openid", claims=asked)
    told = payload((await party.redeem(flow, response["code"])).json()["id_token"])
    assert (told["email"], told["email_verified"]) == ("alice@example.com", True)


async def test_r16_a_refresh_brings_a_fresh_id_token(world: World, party: RelyingParty) -> None:
    flow, response = await party.authorize(party.person(), scope=OFFLINE)
    tokens = (await party.redeem(flow, response["code"])).json()
    first = payload(tokens["id_token"])
    world.clock.time += 300
    refreshed = (await party.refresh(tokens["refresh_token"])).json()
    second = payload(refreshed["id_token"])
    # OIDC Core §12.2
    for name in ("iss", "sub", "aud", "auth_time"):
        assert second[name] == first[name], name
    assert second["iat"] == world.clock.now()
    assert second.get("nonce") in (None, flow.nonce)
    assert second["at_hash"] == half_hash(refreshed["access_token"])


async def test_r16_no_id_token_without_openid(party: RelyingParty) -> None:
    tokens = await party.tokens(scope="email offline_access")
    assert "id_token" not in tokens
    assert "id_token" not in (await party.refresh(tokens["refresh_token"])).json()


async def test_r17_a_refresh_may_be_repeated_for_a_short_while(
    world: World, party: RelyingParty
) -> None:
    tokens = await party.tokens(scope=OFFLINE)
    first = (await party.refresh(tokens["refresh_token"])).json()
    world.clock.time += 29
    again = (await party.refresh(tokens["refresh_token"])).json()
    assert again["refresh_token"] == first["refresh_token"]
    for each in (first, again):
        assert (await party.userinfo(each["access_token"])).status_code == 200
    assert (await party.refresh(first["refresh_token"])).status_code == 200


async def test_r17_but_not_for_long(world: World, party: RelyingParty) -> None:
    tokens = await party.tokens(scope=OFFLINE)
    first = (await party.refresh(tokens["refresh_token"])).json()
    world.clock.time += 31
    late = await party.refresh(tokens["refresh_token"])
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")
    assert (await party.refresh(first["refresh_token"])).status_code == 400


LOOPBACKS = ("http://127.0.0.1/cb", "http://[::1]/cb", "http://[::1]:7000/cb")


@pytest.mark.parametrize("registered", LOOPBACKS)
async def test_r18_a_native_client_comes_back_to_any_port(
    world: World, issuer: Issuer, registered: str
) -> None:
    client = a_client(
        "desktop",
        issuer,
        auth_method=AuthMethod.NONE,
        secrets=(),
        application_type=ApplicationType.NATIVE,
        redirect_uris=(registered,),
    )
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    party.redirect_uri = re.sub(r"(\]|127\.0\.0\.1)(:\d+)?/", r"\1:58123/", registered)
    assert party.redirect_uri != registered
    flow, response = await party.authorize(party.person())
    assert (await party.redeem(flow, response["code"])).status_code == 200


@pytest.mark.parametrize("registered", ["http://127.0.0.1:8000/cb", "http://localhost:8000/cb"])
@pytest.mark.parametrize("public", [True, False])
async def test_r18_a_web_client_comes_back_to_its_own_port_alone(
    world: World, issuer: Issuer, registered: str, public: bool
) -> None:
    changes = {"auth_method": AuthMethod.NONE, "secrets": ()} if public else {}
    client = a_client("local", issuer, redirect_uris=(registered,), **changes)
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    person = await party.person().open(party.begin().url)
    assert person.page.status == 200
    other = party.begin(redirect_uri=registered.replace("8000", "8001"))
    await person.open(other.url)
    assert person.left_to is None
    assert person.page.status == 400


async def test_r18_path_and_host_are_exact_even_for_native_clients(
    world: World, issuer: Issuer
) -> None:
    party = RelyingParty(world, issuer, "native", "http://127.0.0.1/cb", None)
    for uri in (
        "http://127.0.0.1:58123/other",
        "http://127.0.0.1:58123/cb?more=1",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:58123@evil.example/cb",
        "https://127.0.0.1/cb",
        "http://127.0.0.2/cb",
    ):
        person = await party.person().open(party.begin(redirect_uri=uri).url)
        assert person.left_to is None, uri
        assert person.page.status == 400, uri


async def test_r19_an_app_comes_back_by_its_own_scheme(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer, "native", "com.example.app:/cb", None)
    person = party.person()
    flow, response = await party.authorize(person)
    assert (person.left_to or "").startswith("com.example.app:/cb?")
    assert (await party.redeem(flow, response["code"])).status_code == 200


async def test_r20_scripts_may_read_the_metadata_and_never_the_pages(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    origin = {"origin": "https://spa.example"}
    async with world.http(issuer) as http:
        for url in (issuer.url + WELL_KNOWN, issuer.endpoint("jwks")):
            answer = await http.get(url, headers=origin)
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
        answer = await http.get(party.begin().url, headers=origin)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


READ_BY_SCRIPTS = ("token", "token/revocation", "me", "request")


@pytest.mark.parametrize("endpoint", READ_BY_SCRIPTS)
async def test_r20_registered_origins_alone_may_read_what_clients_ask(
    world: World, issuer: Issuer, endpoint: str
) -> None:
    """A public client's redirect URIs are where its pages are; credentials are never allowed."""
    async with world.http(issuer) as http:
        for origin, expected in (("https://spa.example", True), ("https://evil.example", False)):
            said = {"origin": origin, "access-control-request-method": "POST"}
            preflight = await http.request("OPTIONS", issuer.endpoint(endpoint), headers=said)
            asked = await http.post(issuer.endpoint(endpoint), headers={"origin": origin})
            for answer in (preflight, asked):
                allowed = answer.headers.get("access-control-allow-origin")
                assert allowed == (origin if expected else None)
                assert "access-control-allow-credentials" not in answer.headers


async def test_r20_a_single_page_application_signs_in(world: World, issuer: Issuer) -> None:
    """oidc-client-ts reads the tokens, then userinfo with a header that needs a preflight."""
    party = RelyingParty(world, issuer, "spa", "https://spa.example/cb", None)
    tokens = await party.tokens(scope=OFFLINE)
    origin = {"origin": "https://spa.example"}
    async with world.http(issuer) as http:
        refreshed = await http.post(
            issuer.endpoint("token"),
            data={
                "grant_type": "refresh_token",
                "client_id": "spa",
                "refresh_token": tokens["refresh_token"],
            },
            headers=origin,
        )
        bearer = {"authorization": f"Bearer {refreshed.json()['access_token']}"}
        userinfo = await http.get(issuer.endpoint("me"), headers=origin | bearer)
    for answer in (refreshed, userinfo):
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://spa.example"
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({}, "login_required"),
        ({"max_age": "0"}, "login_required"),
        ({"login_hint": "alice"}, "login_required"),
        ({"id_token_hint": "nonsense"}, "invalid_request"),
        ({"scope": "openid bad\\scope"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_r21_prompt_none_never_shows_a_page(
    party: RelyingParty, request_: dict[str, str], error: str
) -> None:
    person = party.person()
    await person.open(party.begin(**({"prompt": "none"} | request_)).url)
    assert callback(person)["error"] == error


async def test_r21_prompt_none_for_somebody_who_is_there(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    person = await party.signed_in(scope="openid")
    for changes, error in (
        ({}, None),
        ({"scope": "openid email"}, "consent_required"),
        ({"max_age": "0"}, "login_required"),
    ):
        await person.open(party.begin(**({"scope": "openid", "prompt": "none"} | changes)).url)
        assert callback(person).get("error") == error

    # alice is nobody at Harbor, so the client of that institution has to ask who is there.
    harbor = RelyingParty(world, issuer, "harbor")
    await person.open(harbor.begin(prompt="none").url)
    assert callback(person)["error"] == "login_required"


async def test_r22_another_response_type_is_explained(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    """express-openid-connect's default."""
    async with world.http(issuer) as http:
        flow = party.begin(response_type="id_token", response_mode="form_post")
        answer = await http.get(flow.url)
    person = party.person()
    await person.open(flow.url)
    form = form_to_client(person.page)
    assert form is not None
    assert form.action == party.redirect_uri
    assert form.values["error"] == "unsupported_response_type"
    assert form.values["state"] == flow.state

    await world.ostiary.beside.drain()
    reference = answer.headers["ostiary-reference"]
    record = await world.store.refusals.find([issuer.issuer_id], reference)
    assert record is not None
    assert (record.expected, record.received) == ("code", "id_token")
    assert "default" in ReasonCode[record.code.upper()].value.advice


@pytest.mark.parametrize("scope", ["offline_access", CONSUMER_OFFLINE_ACCESS])
async def test_r23_an_offline_scope_gives_a_refresh_token(
    party: RelyingParty, issuer: Issuer, scope: str
) -> None:
    tokens = await party.tokens(scope=f"openid {scope}")
    known = scope in issuer.scopes
    assert known == (issuer is CONSUMER or scope == "offline_access")
    assert ("refresh_token" in tokens) == known


async def test_r23_offline_access_with_prompt_consent(party: RelyingParty) -> None:
    """MCP clients add both."""
    flow, response = await party.authorize(party.person(), scope=OFFLINE, prompt="consent")
    assert "refresh_token" in (await party.redeem(flow, response["code"])).json()


@pytest.mark.parametrize("when", RefreshTokens)
async def test_r23_a_client_may_be_set_to_always(
    world: World, issuer: Issuer, when: RefreshTokens
) -> None:
    client = await world.add_client(a_client("set", issuer, refresh_tokens=when), issuer)
    tokens = await RelyingParty.of(world, client, issuer).tokens(scope="openid")
    assert ("refresh_token" in tokens) == (when is RefreshTokens.ALWAYS)


async def test_r24_userinfo_by_every_method(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    token = (await party.tokens())["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    url = issuer.endpoint("me")
    async with world.http(issuer) as http:
        answers = [
            await http.get(url, headers=bearer),
            await http.post(url, headers=bearer),
            await http.post(url, data={"access_token": token}),
            await http.get(url, headers={"authorization": f"bearer {token}"}),
        ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1


async def test_r24_userinfo_challenges(world: World, party: RelyingParty, issuer: Issuer) -> None:
    token = (await party.tokens())["access_token"]
    async with world.http(issuer) as http:
        without = await http.get(issuer.endpoint("me"))
    nonsense = await party.userinfo("nonsense")
    world.clock.time += 601
    expired = await party.userinfo(token)
    assert [answer.status_code for answer in (without, nonsense, expired)] == [401] * 3
    assert without.headers["www-authenticate"].startswith("Bearer ")
    assert "error=" not in without.headers["www-authenticate"]
    for answer in (nonsense, expired):
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_r25_dpop_is_told_its_nonce_and_bound_to_its_key(
    world: World, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """oauth4webapi repeats a request that was refused with use_dpop_nonce, once."""
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)
    await world.store.issuers.save(replace(issuer, require_dpop_nonce=True), an_event())
    party = RelyingParty(world, issuer, key=ClientKey.make())
    flow, response = await party.authorize(party.person(), scope=OFFLINE)

    first = await party.redeem(flow, response["code"])
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    nonce = first.headers["dpop-nonce"]
    again = await party.redeem(flow, response["code"], proof=party.proof(nonce=nonce))
    assert again.status_code == 200, "the code survives"
    tokens = again.json()
    assert tokens["token_type"] == "DPoP"

    challenged = await party.userinfo(tokens["access_token"])
    assert challenged.status_code == 401
    assert challenged.headers["www-authenticate"].startswith("DPoP ")
    assert 'error="use_dpop_nonce"' in challenged.headers["www-authenticate"]
    nonce = challenged.headers["dpop-nonce"]
    proof = party.proof("me", "GET", access_token=tokens["access_token"], nonce=nonce)
    assert (await party.userinfo(tokens["access_token"], proof=proof)).status_code == 200

    as_bearer = await replace(party, key=None).userinfo(tokens["access_token"])
    assert as_bearer.status_code == 401


@pytest.mark.parametrize("token", ["nonsense", "or_AAEAawTJ", "a.b.c", "é"])
async def test_r26_revoking_what_nobody_knows_is_no_error(party: RelyingParty, token: str) -> None:
    answer = await party.revoke(token)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "whatever"])
async def test_r26_revoking_ends_a_sign_in_whatever_the_hint(
    party: RelyingParty, hint: str | None
) -> None:
    tokens = await party.tokens(scope=OFFLINE)
    answer = await party.revoke(tokens["refresh_token"], token_type_hint=hint)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await party.refresh(tokens["refresh_token"])).status_code == 400
    assert (await party.userinfo(tokens["access_token"])).status_code == 401


async def test_r26_every_client_can_revoke_as_it_authenticates(
    world: World, issuer: Issuer
) -> None:
    """The contract's schema demands a secret, which private_key_jwt and public clients have not."""
    key = ClientKey.make("PS256")
    signing = {"auth_method": AuthMethod.PRIVATE_KEY_JWT, "secrets": ()}
    client = a_client("signer", issuer, **signing, public_keys=(key.public_jwk,))
    await world.add_client(client, issuer)
    url = issuer.endpoint("token/revocation")
    proofs: list[dict[str, Any]] = [
        {"headers": basic("web", SECRET)},
        {"data": {"client_id": "web", "client_secret": SECRET}},
        {"data": key.assertion("signer", issuer.endpoint("token"), world.clock.now())},
        {"data": {"client_id": "spa"}},
    ]
    async with world.http(issuer) as http:
        for proof in proofs:
            form = {"token": "nonsense", **proof.pop("data", {})}
            assert (await http.post(url, data=form, **proof)).status_code == 200, proof


async def test_r27_an_expired_hint_is_as_good(world: World, party: RelyingParty) -> None:
    """With parameters that nobody knows, as oidc-client-ts lets applications add them."""
    person, tokens = await signed_in_with_tokens(party)
    for _ in range(3):
        world.clock.time += party.issuer.lifetimes.session_idle - 60
        assert await is_signed_in(party, person)
    assert world.clock.now() > int(str(payload(tokens["id_token"])["exp"]))
    hint = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": party.redirect_uri}
    await person.open(logout_url(party, **hint, state="s t", ui_locales="de", foo="bar"))
    assert person.left_to == f"{party.redirect_uri}?state=s%20t"
    assert not await is_signed_in(party, person)


async def test_r27_client_id_alone_names_where_to_go(party: RelyingParty) -> None:
    """Spring and omniauth do without the hint; then the person is asked."""
    person, _ = await signed_in_with_tokens(party)
    where = {"client_id": party.client_id, "post_logout_redirect_uri": party.redirect_uri}
    await person.open(logout_url(party, **where))
    assert person.page.heading.startswith("Do you want to sign out")
    await person.press("sign-out")
    assert person.left_to == party.redirect_uri
    assert not await is_signed_in(party, person)


async def test_r27_nothing_at_all_is_a_question(party: RelyingParty) -> None:
    person, _ = await signed_in_with_tokens(party)
    await person.open(logout_url(party))
    await person.press("sign-out")
    assert person.left_to is None
    assert not await is_signed_in(party, person)


async def test_r28_clocks_may_differ_by_a_minute(world: World, party: RelyingParty) -> None:
    """What one host gives counts at another whose clock is behind."""
    person = party.person()
    flow, response = await party.authorize(person, scope=OFFLINE)
    world.clock.time -= 55
    tokens = (await party.redeem(flow, response["code"])).json()
    world.clock.time = START
    tokens = (await party.refresh(tokens["refresh_token"])).json()
    world.clock.time -= 55
    assert (await party.userinfo(tokens["access_token"])).status_code == 200
    assert (await party.refresh(tokens["refresh_token"])).status_code == 200
    await person.open(party.begin(scope=OFFLINE, prompt="none").url)
    assert "code" in callback(person)


async def test_r28_no_token_is_from_the_future(world: World, party: RelyingParty) -> None:
    tokens = await party.tokens()
    for token in (tokens["id_token"], tokens["access_token"]):
        assert payload(token)["iat"] == world.clock.now()
        assert payload(token)["exp"] > world.clock.now()  # type: ignore[operator]
    assert payload(tokens["id_token"]).get("nbf", 0) <= world.clock.now()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://id.example.com", True),
        ("http://localhost:9400", True),
        ("http://127.0.0.1:9400", True),
        ("http://[::1]:9400", True),
        ("http://id.example.com", False),
        ("http://10.0.0.7:9400", False),
        ("http://localhost.example.com", False),
    ],
)
def test_r29_plain_http_is_for_loopback_alone(url: str, good: bool) -> None:
    issuer = replace(ENTERPRISE, url=url, environment=Environment.PRODUCTION)
    assert (not production_faults([issuer])) == good


async def test_r30_scopes_that_nobody_knows_are_dropped(
    world: World, party: RelyingParty, issuer: Issuer
) -> None:
    tokens = await party.tokens(scope="openid user_impersonation https://graph.example/.default")
    assert tokens["scope"] == "openid"
    some = await party.token(grant_type="client_credentials", scope="email nobody:knows")
    assert (some.status_code, some.json()["scope"]) == (200, "email")


@pytest.mark.parametrize("scope", ["nobody:knows", "offline_access", "nobody:knows offline_access"])
async def test_r30_a_scope_of_which_nothing_is_left_is_refused(
    world: World, issuer: Issuer, scope: str
) -> None:
    """RFC 6749 §3.3: an empty scope cannot be told to the application."""
    client = a_client("online", issuer, scopes=frozenset({"openid", "email"}))
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    async with world.http(issuer) as http:
        asked = await http.get(party.begin(scope=scope).url)
    response = dict(parse_qsl(urlsplit(asked.headers["location"]).query))
    assert response["error"] == "invalid_scope"
    for_itself = await party.token(grant_type="client_credentials", scope=scope)
    assert (for_itself.status_code, for_itself.json()["error"]) == (400, "invalid_scope")
    await world.ostiary.beside.drain()
    for answer in (asked, for_itself):
        reference = answer.headers["ostiary-reference"]
        record = await world.store.refusals.find([issuer.issuer_id], reference)
        assert record is not None
        assert (record.code, record.received) == ("scope_not_allowed", scope)


async def test_r30_offline_access_is_dropped_where_it_is_not_allowed(
    world: World, issuer: Issuer
) -> None:
    client = a_client("online", issuer, scopes=frozenset({"openid", "email"}))
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    tokens = await party.tokens(scope="openid email offline_access")
    assert set(tokens["scope"].split()) == {"openid", "email"}
    assert "refresh_token" not in tokens


async def test_r30_a_scope_that_the_application_may_not_have_is_refused_with_a_reason(
    world: World, issuer: Issuer
) -> None:
    client = a_client("small", issuer, scopes=frozenset({"openid"}))
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    flow = party.begin(scope="openid phone")
    async with world.http(issuer) as http:
        answer = await http.get(flow.url)
    response = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert response["error"] == "invalid_scope"
    assert response["error_description"]
    await world.ostiary.beside.drain()
    record = await world.store.refusals.find(
        [issuer.issuer_id], answer.headers["ostiary-reference"]
    )
    assert record is not None
    assert (record.code, record.received) == ("scope_not_allowed", "openid phone")


async def test_r30_a_refresh_may_repeat_the_scope_that_was_asked_for(
    world: World, issuer: Issuer
) -> None:
    """Authlib sends its configured scope with every refresh, also what /auth has dropped of it."""
    client = a_client(
        "repeating",
        issuer,
        scopes=frozenset({"openid", "email"}),
        refresh_tokens=RefreshTokens.ALWAYS,
    )
    party = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    asked = "openid email offline_access nobody:knows"
    tokens = await party.tokens(scope=asked)
    refreshed = await party.refresh(tokens["refresh_token"], scope=asked)
    assert refreshed.status_code == 200, refreshed.text
    assert set(refreshed.json()["scope"].split()) == {"openid", "email"}


def test_every_rule_has_a_test() -> None:
    named = (re.match(r"test_r(\d+)_", name) for name in globals())
    assert {int(each[1]) for each in named if each} == set(range(1, 31))
