"""Catalogue section 1.4: pushed requests."""

import asyncio
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.attacks.aftermath import unharmed
from tests.attacks.expected import is_json, is_page, is_redirect
from tests.attacks.test_1_1_redirect_uri import UNREGISTERED
from tests.attacks.wire import ask, encode, path_of, post, returned, send
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import Flow, RelyingParty, callback, go_through, payload
from tests.kit.world import ENTERPRISE, World, a_client, an_event

URN = "urn:ietf:params:oauth:request_uri:"


def request_uri_of(flow: Flow) -> str:
    return parse_qs(urlsplit(flow.url).query)["request_uri"][0]


def visit(rp: RelyingParty, request_uri: str, **more: str) -> dict[str, str | None]:
    return {"client_id": rp.client_id, "request_uri": request_uri, **more}


async def test_pa_01_a_confidential_client_without_authentication(world: World) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        is_json(await rp.push(rp.begin(), client_secret=None), 401, "invalid_client")


@pytest.mark.parametrize("inner", [f"{URN}abc", "https://evil.test/x"])
async def test_pa_02_a_request_uri_inside_a_push(world: World, inner: str) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        is_json(await rp.push(rp.begin(), request_uri=inner), 400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_pa_03_other_methods(world: World, method: str) -> None:
    rp = RelyingParty(world)
    query = encode(rp.begin().sent)
    async with unharmed(world):
        answer = await send(world, method, path_of(ENTERPRISE, "request"), query)
        assert answer.status_code == 405
        assert answer.headers["allow"].startswith("POST")


async def test_pa_04_the_client_id_of_another(world: World) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        basic = {"authorization": "Basic d2ViOm9zdGlhcnlfYS1zZWNyZXQtb2YtdGhlLXRlc3Rz"}
        answer = await rp.push(rp.begin(), basic, client_secret=None, client_id="other")
        is_json(answer, answer.status_code, "invalid_request", "invalid_client")
        assert answer.status_code in {400, 401}


async def test_pa_05_the_request_uri_of_another_client(world: World) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed()
    async with unharmed(world):
        other = replace(rp, client_id="other")
        is_page(await ask(world, visit(other, request_uri_of(flow))))
    person = await rp.person().open(flow.url)
    await go_through(person)
    assert "code" in callback(person)


async def test_pa_06_used_again_after_a_completed_flow(world: World) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed()
    person = await rp.person().open(flow.url)
    await go_through(person)
    async with unharmed(world):
        is_page(await ask(world, visit(rp, request_uri_of(flow))))


async def test_pa_06_used_again_after_a_no(world: World) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed()
    person = await rp.person().open(flow.url)
    await person.sign_in("alice", "correct horse battery staple")
    await person.press("deny")
    assert callback(person)["error"] == "access_denied"
    async with unharmed(world):
        is_page(await ask(world, visit(rp, request_uri_of(flow))))


async def test_pa_07_opened_twice_before_completion(world: World) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed()
    first, second = await rp.person().open(flow.url), await rp.person().open(flow.url)
    await go_through(first)
    assert "code" in callback(first)
    await second.sign_in("alice", "correct horse battery staple")
    assert second.left_to is None, "only one code"


async def test_pa_08_two_browsers_at_once(world: World) -> None:
    rp = RelyingParty(world)
    people = [await rp.signed_in("alice"), await rp.signed_in("bob")]
    for _ in range(10):
        flow = await rp.begin_pushed()
        answers = await asyncio.gather(*(person.http.get(flow.url) for person in people))
        codes = ["code" in returned(each) for each in answers if "location" in each.headers]
        assert codes.count(True) == 1


@pytest.mark.parametrize("late", [0, 1])
async def test_pa_09_expired(world: World, late: int) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed()
    world.clock.time += 60 + late
    async with unharmed(world):
        is_page(await ask(world, visit(rp, request_uri_of(flow))))


async def test_pa_10_parameters_beside_the_request_uri(world: World) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed(prompt="none")
    more = {"scope": "openid address", "redirect_uri": "https://evil.test/", "state": "other"}
    async with unharmed(world):
        answer = await ask(world, visit(rp, request_uri_of(flow), **more))
        is_redirect(answer, flow, "login_required")


async def test_pa_10_what_was_pushed_rules_to_the_end(world: World) -> None:
    """Each parameter said once more in the address, and every other one that there is."""
    rp = RelyingParty(world)
    flow = await rp.begin_pushed("openid email")
    stolen = rp.begin("openid email phone offline_access", nonce="evil", state="evil")
    more = {
        **{name: value for name, value in stolen.sent.items() if name != "client_id"},
        "redirect_uri": "https://evil.test/",
        "response_mode": "fragment",
        "prompt": "none",
        "claims": '{"id_token":{"phone_number":null}}',
        "id_token_hint": "evil",
        "request": "evil",
    }
    person = await rp.person().open(rp.visit_of(request_uri_of(flow), **more))
    await go_through(person)
    assert (person.left_to or "").startswith(f"{rp.redirect_uri}?code=")
    answered = callback(person)
    assert answered["state"] == flow.state
    wrong = await rp.redeem(stolen, answered["code"])
    is_json(wrong, 400, "invalid_grant")
    flow = await rp.begin_pushed("openid email")
    await person.open(rp.visit_of(request_uri_of(flow), **more))
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    assert tokens["scope"] == "openid email"
    assert "refresh_token" not in tokens
    assert payload(tokens["id_token"])["nonce"] == flow.nonce
    assert "phone_number" not in payload(tokens["id_token"])


async def test_pa_11_a_client_that_has_to_push(world: World) -> None:
    client = await world.add_client(a_client("pusher", ENTERPRISE, require_par=True))
    rp = RelyingParty.of(world, client)
    flow = rp.begin()
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize(
    "request_uri",
    [
        URN,
        URN + "op_" + "A" * 56,
        URN + "A" * 10_000,
        URN + "oc_" + "A" * 56,
        URN + "../../etc/passwd",
        URN + "op_%00",
        "urn:example:other:" + "A" * 40,
        "https://evil.test/request.jwt",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ],
)
async def test_pa_12_guessed_and_malformed_references(world: World, request_uri: str) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        began = time.perf_counter()
        is_page(await ask(world, visit(rp, request_uri)))
        assert time.perf_counter() - began < 0.25
    assert world.elsewhere.asked == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://rp.example/cb/"}, "invalid_request"),
        ({"redirect_uri": "https://rp.example@evil.test/cb"}, "invalid_request"),
        ({"redirect_uri": "javascript:alert(1)"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": "openid admin\\"}, "invalid_scope"),
        ({"state": "s" * 65_000}, "invalid_request"),
        ({"response_mode": "web_message"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"id_token_hint": "e30.e30.AA"}, "invalid_request"),
    ],
)
async def test_pa_14_negatives_of_the_request_at_push_time(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        is_json(await rp.push(rp.begin(**changes)), 400, error)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "redirect_uri", [pytest.param(uri, id=name.lower()) for name, uri in UNREGISTERED]
)
async def test_pa_14_no_other_address_can_be_pushed(world: World, redirect_uri: str) -> None:
    """The list of section 1.1; and never invalid_redirect_uri, which is registration's."""
    rp = RelyingParty(world)
    async with unharmed(world):
        is_json(await rp.push(rp.begin(redirect_uri=redirect_uri)), 400, "invalid_request")


# Values that sections 1.2 and 1.3 have refused at the authorization endpoint.
REFUSED = {
    "response_type": (["token", "id_token", "code token", "none", "code code", "CODE", "x"],
                      "unsupported_response_type"),
    "scope": (['openid "', "openid \\", "openid \x01", "openid é", "a" * 10_000], "invalid_scope"),
    "nonce": (["n" * 1025], "invalid_request"),
    "response_mode": (["jwt", "query.jwt", "FRAGMENT", "x"], "invalid_request"),
    "prompt": (["none consent", "x", "NONE"], "invalid_request"),
    "max_age": (["1e3", "9" * 21, "+1", "1.0", "\u0661", "true"], "invalid_request"),
    "claims": (["no json", "[]", "5", '{"id_token":5}', '{"id_token":{"email":7}}', "[" * 5_000,
                '{"x":NaN}', '{"x":1e999999}', '{"\\ud800":null}', '{"id_token":{},"id_token":{}}',
                '{"x":' + "1" * 5_000 + "}"], "invalid_request"),
    "code_challenge": (["c" * 42, "c" * 44, "c" * 42 + "=", "c" * 41 + "+/"], "invalid_request"),
    "code_challenge_method": (["", "s256", "S512"], "invalid_request"),
    "request": (["eyJhbGciOiJub25lIn0.e30.", "x"], "request_not_supported"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_pa_14_whatever_is_refused_in_an_address_is_refused_in_a_push(
    world: World, name: str
) -> None:
    rp = RelyingParty(world)
    values, error = REFUSED[name]
    for value in values:
        flow = rp.begin(**{name: value})
        async with unharmed(world):
            is_json(await rp.push(flow), 400, error)
        asked = await ask(world, flow.sent)
        assert returned(asked)["error"] == error, value


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "redirect_uri", "prompt", "x"])
async def test_pa_14_nothing_is_pushed_twice(world: World, name: str) -> None:
    rp = RelyingParty(world)
    sent = {**rp.begin(prompt="login", x="y").sent, "client_secret": rp.secret}
    body = encode(sent, encode({name: sent[name]}))
    async with unharmed(world):
        is_json(await post(world, path_of(ENTERPRISE, "request"), body), 400, "invalid_request")


async def test_pa_15_the_successful_answer(world: World) -> None:
    rp = RelyingParty(world)
    answer = await rp.push(rp.begin())
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    assert type(answer.json()["expires_in"]) is int


async def test_pa_17_a_prompt_of_the_browser(world: World) -> None:
    rp = RelyingParty(world)
    flow = await rp.begin_pushed(prompt="none")
    async with unharmed(world):
        answer = await ask(world, visit(rp, request_uri_of(flow), prompt="login"))
        is_redirect(answer, flow, "login_required")


async def test_pa_18_a_client_switched_off_between_push_and_use(world: World) -> None:
    client = await world.add_client(a_client("leaving", ENTERPRISE))
    rp = RelyingParty.of(world, client)
    flow = await rp.begin_pushed()
    off = replace(client, disabled_at=world.clock.time)
    assert await world.store.clients.replace(ENTERPRISE.issuer_id, client, off, an_event())
    async with unharmed(world):
        is_page(await ask(world, visit(rp, request_uri_of(flow))))


async def test_pa_18_a_scope_taken_away_between_push_and_use(world: World) -> None:
    client = await world.add_client(a_client("narrowed", ENTERPRISE))
    rp = RelyingParty.of(world, client)
    flow = await rp.begin_pushed("openid email")
    less = replace(client, scopes=frozenset({"openid"}))
    assert await world.store.clients.replace(ENTERPRISE.issuer_id, client, less, an_event())
    async with unharmed(world):
        is_page(await ask(world, visit(rp, request_uri_of(flow))))


async def test_pa_01_a_reference_is_no_other_handle(world: World) -> None:
    """A pushed request's reference opens nothing but the authorization endpoint."""
    rp = RelyingParty(world)
    handle = request_uri_of(await rp.begin_pushed()).removeprefix(URN)
    async with unharmed(world):
        body = encode({"grant_type": "authorization_code", "code": handle, "client_id": "web",
                       "client_secret": rp.secret, "redirect_uri": rp.redirect_uri})  # fmt: skip
        is_json(await post(world, path_of(ENTERPRISE, "token"), body), 400, "invalid_grant")


async def test_pa_16_a_proof_of_another_key_than_dpop_jkt(world: World) -> None:
    rp = RelyingParty(world)
    flow = rp.begin(dpop_jkt=ClientKey.make().thumbprint)
    proof = ClientKey.make().proof("POST", ENTERPRISE.endpoint("request"), world.clock.time)
    async with unharmed(world, "spent_ids"):
        is_json(await rp.push(flow, proof), 400, "invalid_request", "invalid_dpop_proof")
