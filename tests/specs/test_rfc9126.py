"""RFC 9126: pushed authorization requests."""

import asyncio
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from ostiary.domain.quirks import Quirk
from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import Flow, RelyingParty, callback, go_through
from tests.kit.world import a_client, an_event
from tests.specs.wire import basic, get, post, refused, sent_back, shown_as_page


async def visit(rp: RelyingParty, flow: Flow) -> httpx2.Response:
    return await rp.person().http.get(flow.url)


def request_uri_of(flow: Flow) -> str:
    return parse_qs(urlsplit(flow.url).query)["request_uri"][0]


# ---- §2: the push ---------------------------------------------------------------------------------


@pytest.mark.spec("RFC 9126 §2.2")
async def test_success_is_201_with_reference_and_lifetime(rp: RelyingParty) -> None:
    """201 in JSON: a request_uri of the registered URN, a positive expires_in, never cached."""
    answer = await rp.push(rp.begin())
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    members = answer.json()
    assert set(members) == {"request_uri", "expires_in"}
    assert members["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert members["expires_in"] == 60


@pytest.mark.spec("RFC 9126 §2.2")
async def test_references_differ_and_are_beyond_guessing(rp: RelyingParty) -> None:
    """A request_uri carries a MAC of 160 bits beside its id."""
    flow = rp.begin()
    first, second = [(await rp.push(flow)).json()["request_uri"] for _ in range(2)]
    assert first != second
    assert len(first) > 80


@pytest.mark.spec("RFC 9126 §2")
async def test_client_authenticates_as_at_the_token_endpoint(rp: RelyingParty) -> None:
    """By HTTP Basic, by secret in the form; a public client by its client_id alone."""
    flow = rp.begin()
    by_basic = await rp.push(flow, {"authorization": basic()}, client_secret=None, client_id=None)
    assert by_basic.status_code == 201, by_basic.text
    spa = replace(rp, client_id="spa", redirect_uri="https://spa.example/cb", secret=None)
    assert (await spa.push(spa.begin())).status_code == 201


@pytest.mark.spec("RFC 9126 §2")
async def test_push_without_or_with_wrong_authentication_is_refused(rp: RelyingParty) -> None:
    """The rules of client authentication are those of the token endpoint."""
    missing = await rp.push(rp.begin(), client_id=None, client_secret=None)
    await refused(rp, missing, ReasonCode.CLIENT_AUTHENTICATION_MISSING)
    wrong = await rp.push(rp.begin(), client_secret="wrong")
    await refused(rp, wrong, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 9126 §2.1")
async def test_request_uri_cannot_be_pushed(rp: RelyingParty) -> None:
    """A push that names a request_uri is an error."""
    answer = await rp.push(rp.begin(), request_uri="urn:ietf:params:oauth:request_uri:x")
    await refused(rp, answer, ReasonCode.PUSHED_REQUEST_NESTED)


@pytest.mark.spec("RFC 9126 §2.1")
async def test_client_id_of_another_client_is_refused(rp: RelyingParty) -> None:
    """The request is validated as sent by the client that authenticated."""
    headers = {"authorization": basic("other")}
    answer = await rp.push(rp.begin(), headers, client_secret=None)
    assert answer.status_code in {400, 401}
    assert "request_uri" not in answer.json()


@pytest.mark.spec("RFC 9126 §2.1")
async def test_client_id_of_the_form_may_not_differ(rp: RelyingParty) -> None:
    """With credentials that do not look at the form, client_id still has to agree."""
    flow = rp.begin()
    headers = {"authorization": basic()}
    answer = await rp.push(flow, headers, client_secret=None, client_id="web")
    assert answer.status_code == 201
    other = await rp.push(flow, headers, client_secret=None, client_id="nobody")
    assert other.status_code in {400, 401}


@pytest.mark.spec("RFC 9126 §2.3")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://rp.example/other"}, ReasonCode.REDIRECT_URI_UNREGISTERED),
        ({"redirect_uri": None}, ReasonCode.REDIRECT_URI_MISSING),
        ({"response_type": "token"}, ReasonCode.RESPONSE_TYPE_UNSUPPORTED),
        ({"scope": 'quote"'}, ReasonCode.SCOPE_MALFORMED),
        ({"code_challenge": None}, ReasonCode.CODE_CHALLENGE_MISSING),
        ({"prompt": "none login"}, ReasonCode.PROMPT_MALFORMED),
        ({"request": "e30.e30."}, ReasonCode.REQUEST_UNSUPPORTED),
    ],
)
async def test_faults_of_the_request_are_told_at_once_in_json(
    rp: RelyingParty, changes: dict[str, str | None], code: ReasonCode
) -> None:
    """Errors are those of the authorization endpoint, as JSON with status 400, never a redirect."""
    await refused(rp, await rp.push(rp.begin(**changes)), code)  # type: ignore[arg-type]


@pytest.mark.spec("RFC 9126 §2.3")
async def test_parameter_in_the_query_or_twice_is_refused(rp: RelyingParty) -> None:
    """The parameters are a form in the body, each once."""
    url = rp.issuer.endpoint("request")
    query = await post(rp.world, rp.issuer, f"{url}?scope=openid", "client_id=web")
    await refused(rp, query, ReasonCode.PARAMETERS_IN_QUERY)
    twice = await post(rp.world, rp.issuer, url, "scope=openid&scope=openid")
    await refused(rp, twice, ReasonCode.PARAMETER_REPEATED)


@pytest.mark.spec("RFC 9126 §2.3")
async def test_another_method_is_405(rp: RelyingParty) -> None:
    """Only POST is answered."""
    answer = await get(rp.world, rp.issuer, rp.issuer.endpoint("request"))
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


# ---- §4: the visit --------------------------------------------------------------------------------


@pytest.mark.spec("RFC 9126 §4")
async def test_whole_flow_stands_on_the_push(rp: RelyingParty) -> None:
    """client_id and request_uri are all that the browser carries; state and nonce come back."""
    flow = await rp.begin_pushed()
    person = await rp.person().open(flow.url)
    await go_through(person)
    response = callback(person)
    assert response["state"] == flow.state
    assert (await rp.redeem(flow, response["code"])).status_code == 200


@pytest.mark.spec("RFC 9126 §4")
async def test_other_parameters_of_the_visit_count_for_nothing(rp: RelyingParty) -> None:
    """What was pushed rules, whatever the browser adds."""
    flow = await rp.begin_pushed(prompt="none")
    changed = {"redirect_uri": "https://evil.example/", "prompt": "login", "state": "evil"}
    answer = await rp.person().http.get(rp.visit_of(request_uri_of(flow), **changed))
    parameters = await sent_back(rp, answer, ReasonCode.LOGIN_REQUIRED)
    assert parameters["state"] == flow.state


@pytest.mark.spec("RFC 9126 §4")
async def test_visit_may_be_repeated_until_the_flow_is_complete(rp: RelyingParty) -> None:
    """The one use is counted when the flow is complete: a page may be loaded twice."""
    flow = await rp.begin_pushed()
    first, second = await rp.person().open(flow.url), await rp.person().open(flow.url)
    await go_through(first)
    assert "code" in callback(first)
    assert second.page.status == 200


@pytest.mark.spec("RFC 9126 §7.3")
@pytest.mark.spec("RFC 9126 §4")
async def test_completed_request_is_not_used_again(rp: RelyingParty) -> None:
    """One completed authorization, with a live session as well as through the pages."""
    flow = await rp.begin_pushed()
    person = await rp.person().open(flow.url)
    await go_through(person)
    await shown_as_page(rp, await visit(rp, flow), ReasonCode.PUSHED_REQUEST_USED)

    second = await rp.begin_pushed()
    await person.open(second.url)
    assert "code" in callback(person)
    await shown_as_page(rp, await person.http.get(second.url), ReasonCode.PUSHED_REQUEST_USED)


@pytest.mark.spec("RFC 9126 §7.3")
async def test_of_two_that_complete_at_once_one_gets_a_code(rp: RelyingParty) -> None:
    """The use is the condition of the statement that stores the code."""
    person = await rp.signed_in()
    flow = await rp.begin_pushed()
    answers = await asyncio.gather(*(person.http.get(flow.url) for _ in range(5)))
    locations = [answer.headers.get("location", "") for answer in answers]
    assert sum("code=" in location for location in locations) == 1


@pytest.mark.spec("RFC 9126 §7.3")
async def test_of_two_browsers_one_gets_a_code(rp: RelyingParty) -> None:
    """The second to finish is told that the sign-in is finished."""
    flow = await rp.begin_pushed()
    first, second = await rp.person().open(flow.url), await rp.person().open(flow.url)
    await go_through(first)
    assert "code" in callback(first)
    await second.sign_in("bob", "correct horse battery staple")
    await second.press("allow")
    assert second.left_to is None


@pytest.mark.spec("RFC 9126 §2.2")
async def test_request_expires(rp: RelyingParty) -> None:
    """Good in its last second, and not when expires_in has passed; what began may go on."""
    flow = await rp.begin_pushed()
    rp.world.clock.time += 59
    person = await rp.person().open(flow.url)
    rp.world.clock.time += 1
    await shown_as_page(rp, await visit(rp, flow), ReasonCode.PUSHED_REQUEST_EXPIRED)
    await go_through(person)
    assert "code" in callback(person)


@pytest.mark.spec("RFC 9126 §4")
@pytest.mark.spec("RFC 9126 §7.3")
async def test_reference_belongs_to_its_client(rp: RelyingParty) -> None:
    """Another client's visit is refused, and the reference stays good for its owner."""
    flow = await rp.begin_pushed()
    foreign = replace(rp, client_id="other").visit_of(request_uri_of(flow))
    answer = await rp.person().http.get(foreign)
    await shown_as_page(rp, answer, ReasonCode.PUSHED_REQUEST_UNKNOWN)
    assert (await visit(rp, flow)).status_code == 303


@pytest.mark.spec("RFC 9126 §4")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_client_is_checked_again_at_the_visit(rp: RelyingParty) -> None:
    """Registered data may have changed since the push."""
    client = await rp.world.add_client(a_client("changing", rp.issuer), rp.issuer)
    party = RelyingParty.of(rp.world, client, rp.issuer)
    flow = await party.begin_pushed()
    store = rp.world.store.clients
    moved = replace(client, redirect_uris=("https://rp.example/new",))
    assert await store.replace(rp.issuer.issuer_id, client, moved, an_event())
    await shown_as_page(rp, await visit(rp, flow), ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 9126 §5")
async def test_metadata_names_the_endpoint(rp: RelyingParty) -> None:
    """pushed_authorization_request_endpoint, and whether pushing is required of everybody."""
    url = f"{rp.issuer.url}/.well-known/openid-configuration"
    metadata = (await get(rp.world, rp.issuer, url)).json()
    assert metadata["pushed_authorization_request_endpoint"] == rp.issuer.endpoint("request")
    assert metadata["require_pushed_authorization_requests"] is False


@pytest.mark.spec("RFC 9126 §6")
@pytest.mark.spec("RFC 9126 §5")
async def test_client_that_has_to_push_is_refused_otherwise(rp: RelyingParty) -> None:
    """require_pushed_authorization_requests of a client."""
    client = await rp.world.add_client(a_client("pusher", rp.issuer, require_par=True), rp.issuer)
    party = RelyingParty.of(rp.world, client, rp.issuer)
    answer = await party.person().http.get(party.begin().url)
    await sent_back(party, answer, ReasonCode.PUSHED_REQUEST_REQUIRED)
    flow = await party.begin_pushed()
    assert (await visit(party, flow)).status_code == 303


# ---- quirks of the contract -----------------------------------------------------------------------


@pytest.mark.spec("RFC 9126 §2.2")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_quirk_success_is_200(rp: RelyingParty) -> None:
    """The enterprise contract documents 200, and no 201."""
    await with_quirks(rp, Quirk.PAR_STATUS_200)
    assert (await rp.push(rp.begin())).status_code == 200


@pytest.mark.spec("RFC 9126 §2.3")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_quirk_refusal_is_a_page_for_who_accepts_one(rp: RelyingParty) -> None:
    """The enterprise contract documents text/html for 400; a library that asks for JSON gets it."""
    await with_quirks(rp, Quirk.PAR_HTML_ERRORS)
    flow = rp.begin(response_type="token")
    page = await rp.push(flow, {"accept": "text/html,*/*;q=0.8"})
    await shown_as_page(rp, page, ReasonCode.RESPONSE_TYPE_UNSUPPORTED)
    for accept in ("application/json", "*/*"):
        answer = await rp.push(flow, {"accept": accept})
        await refused(rp, answer, ReasonCode.RESPONSE_TYPE_UNSUPPORTED)


async def with_quirks(rp: RelyingParty, *quirks: Quirk) -> None:
    issuer = replace(rp.issuer, quirks=frozenset(quirks))
    await rp.world.store.issuers.save(issuer, an_event())
