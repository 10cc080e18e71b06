"""OpenID Connect RP-Initiated Logout 1.0."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from ostiary.domain.client import Client, SubjectType
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.signing_keys import RETIREMENT, ROTATION_PERIOD
from ostiary.management.client_faults import client_faults
from ostiary.management.keys import rotate
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.leaving import GOODBYE, cookies_of, is_signed_in, logout_url, signed_in_with_tokens
from tests.kit.person import Page, Person
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import GARDEN, ISSUERS, MASTER_KEY, World, a_client
from tests.specs.forging import Forger
from tests.specs.wire import discovery, get, shown_as_page


@pytest.fixture
async def rp(world: World, issuer: Issuer) -> RelyingParty:
    """A client with a list of its own of where to go after signing out."""
    client = a_client("leaver", issuer, post_logout_redirect_uris=(GOODBYE,))
    await world.add_client(client, issuer)
    return RelyingParty.of(world, client, issuer)


async def change(rp: RelyingParty, **changes: object) -> Client:
    found = await rp.world.store.clients.find(rp.issuer.issuer_id, rp.client_id)
    assert found is not None
    changed = replace(found, **changes)  # type: ignore[arg-type]
    await rp.world.replace_client(found, changed, rp.issuer)
    return changed


async def visit(rp: RelyingParty, person: Person, **parameters: str) -> httpx2.Response:
    return await person.http.get(logout_url(rp, **parameters))


async def post(rp: RelyingParty, person: Person, **parameters: str) -> httpx2.Response:
    return await person.http.post(rp.issuer.endpoint("logout"), data=parameters)


def goes_to(answer: httpx2.Response, location: str) -> None:
    assert answer.status_code == 303, answer.text[:500]
    assert answer.headers["location"] == location
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


def asks(answer: httpx2.Response) -> Page:
    assert answer.status_code == 200
    page = Page(answer)
    assert page.heading.startswith("Do you want to sign out of")
    return page


# ---- §2: the request ----------------------------------------------------------------------------


@pytest.mark.spec("RP-Initiated Logout §2.1")
async def test_logout_endpoint_is_announced(rp: RelyingParty) -> None:
    """end_session_endpoint: where the browser is sent."""
    document = await discovery(rp.world, rp.issuer)
    assert document["end_session_endpoint"] == rp.issuer.endpoint("logout")


@pytest.mark.spec("RP-Initiated Logout §2")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_hint_of_the_current_session_signs_out_at_once(rp: RelyingParty, method: str) -> None:
    """GET and POST must be supported; the hint says who it is, so nothing has to be asked."""
    person, tokens = await signed_in_with_tokens(rp)
    send = visit if method == "GET" else post
    parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE}
    goes_to(
        await send(rp, person, **parameters, state="af0 &é"), f"{GOODBYE}&state=af0%20%26%C3%A9"
    )
    assert not await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_expired_hint_of_the_current_session_is_as_good(rp: RelyingParty) -> None:
    """ID tokens should be accepted when their time has passed."""
    person, tokens = await signed_in_with_tokens(rp)
    for _ in range(3):
        rp.world.clock.time += rp.issuer.lifetimes.session_idle - 60
        assert await is_signed_in(rp, person)
    assert rp.world.clock.time > int(str(payload(tokens["id_token"])["exp"]))
    hint = tokens["id_token"]
    goes_to(await visit(rp, person, id_token_hint=hint, post_logout_redirect_uri=GOODBYE), GOODBYE)
    assert not await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_hint_whose_key_was_retired_is_as_good(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public keys are kept when they leave the JWKS: somebody may come back after months."""
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)
    person, tokens = await signed_in_with_tokens(rp)
    keys = {str(key["kid"]) for key in await _published(rp)}
    now = rp.world.clock.time + ROTATION_PERIOD
    await rotate(rp.world.store, MASTER_KEY, rp.issuer, list(Algorithm), now, 3600)
    rp.world.clock.time = now + RETIREMENT + 7200
    assert keys.isdisjoint(str(key["kid"]) for key in await _published(rp))
    hint = tokens["id_token"]
    answer = await visit(rp, person, id_token_hint=hint, post_logout_redirect_uri=GOODBYE)
    goes_to(answer, GOODBYE)


async def _published(rp: RelyingParty) -> list[dict[str, object]]:
    found = await get(rp.world, rp.issuer, rp.issuer.endpoint("jwks"))
    keys: list[dict[str, object]] = found.json()["keys"]
    return keys


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_pairwise_subject_of_the_hint_is_the_persons(rp: RelyingParty) -> None:
    """The subject is compared as this client knows it."""
    await change(rp, subject_type=SubjectType.PAIRWISE)
    rp.world.clock.time += 1
    person, tokens = await signed_in_with_tokens(rp)
    assert payload(tokens["id_token"])["sub"] != await rp.world.user_id("alice", rp.issuer)
    answer = await visit(rp, person, id_token_hint=tokens["id_token"])
    assert Page(answer).heading == "You have signed out"


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_client_id_alone_asks_and_then_returns(rp: RelyingParty) -> None:
    """Without a hint anybody could have sent the browser here, so the person decides."""
    person, _ = await signed_in_with_tokens(rp)
    parameters = {"client_id": rp.client_id, "post_logout_redirect_uri": GOODBYE, "state": "s t"}
    page = asks(await visit(rp, person, **parameters))
    assert "alice" in page.text
    assert "The leaver app" in page.text
    await person.open(logout_url(rp, **parameters))
    await person.press("sign-out")
    assert person.left_to == f"{GOODBYE}&state=s%20t"
    assert not await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_person_may_stay_signed_in(rp: RelyingParty) -> None:
    """The client has signed the person out for itself; they go back to it all the same."""
    person, _ = await signed_in_with_tokens(rp)
    await person.open(
        logout_url(rp, client_id=rp.client_id, post_logout_redirect_uri=GOODBYE, state="s")
    )
    await person.press("stay")
    assert person.left_to == f"{GOODBYE}&state=s"
    assert await is_signed_in(rp, person)
    await person.open(logout_url(rp))
    await person.press("stay")
    assert person.page.heading == "You are still signed in"
    assert await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_hint_of_another_person_asks_who_is_signed_in(rp: RelyingParty) -> None:
    """The End-User of the hint is not the one who is here: never a silent logout."""
    _, of_bob = await signed_in_with_tokens(rp, "bob")
    alice, _ = await signed_in_with_tokens(rp)
    page = asks(await visit(rp, alice, id_token_hint=of_bob["id_token"]))
    assert "alice" in page.text
    assert "bob" not in page.text
    assert await is_signed_in(rp, alice)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_hint_of_another_session_of_the_same_person_asks(rp: RelyingParty) -> None:
    """A hint from the telephone does not end what is open on the desk."""
    _, elsewhere = await signed_in_with_tokens(rp)
    here, _ = await signed_in_with_tokens(rp)
    asks(await visit(rp, here, id_token_hint=elsewhere["id_token"]))
    assert await is_signed_in(rp, here)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_client_id_that_fits_the_hint_is_accepted(rp: RelyingParty) -> None:
    """Both may be sent, and then they have to agree."""
    person, tokens = await signed_in_with_tokens(rp)
    both = {"client_id": rp.client_id, "id_token_hint": tokens["id_token"]}
    goes_to(await visit(rp, person, **both, post_logout_redirect_uri=GOODBYE), GOODBYE)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_client_id_that_does_not_fit_the_hint_is_refused(rp: RelyingParty) -> None:
    """The client_id must be the one that was used when the ID token was issued."""
    person, tokens = await signed_in_with_tokens(rp)
    answer = await visit(
        rp,
        person,
        client_id="other",
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri="https://other.example/cb",
    )
    await shown_as_page(rp, answer, ReasonCode.LOGOUT_HINT_OF_OTHER_CLIENT)
    reference = answer.headers["ostiary-reference"]
    record = await rp.world.store.refusals.find([rp.issuer.issuer_id], reference)
    assert record is not None
    assert record.client_id == "other"
    assert await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_other_hints_and_unknown_parameters_are_ignored(rp: RelyingParty) -> None:
    """logout_hint and ui_locales are accepted, and what client libraries add is too."""
    person, tokens = await signed_in_with_tokens(rp)
    answer = await visit(
        rp,
        person,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=GOODBYE,
        logout_hint="bob",
        ui_locales="de es",
        federated="",
        returnTo="https://evil.test",
    )
    goes_to(answer, GOODBYE)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_form_of_another_site_is_asked_again_with_cookies(rp: RelyingParty) -> None:
    """Browsers leave Lax cookies at home with such a form, and bring them with the GET behind it."""
    person, tokens = await signed_in_with_tokens(rp)
    form = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": GOODBYE,
        "state": "s t",
        "foreign": "x",
    }
    async with rp.world.http(rp.issuer) as bare:
        again = await bare.post(rp.issuer.endpoint("logout"), data=form)
    assert again.status_code == 303
    assert "set-cookie" not in again.headers, "the session is not taken away by a stranger's form"
    parts = urlsplit(again.headers["location"])
    assert again.headers["location"].startswith(rp.issuer.endpoint("logout"))
    assert dict(parse_qsl(parts.query)) == {
        "client_id": rp.client_id,
        **{name: value for name, value in form.items() if name != "foreign"},
    }
    goes_to(await person.http.get(again.headers["location"]), f"{GOODBYE}&state=s%20t")


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_hint_too_long_for_an_address_is_left_out_and_the_person_asked(
    rp: RelyingParty,
) -> None:
    """What is left names the client, so the way back is kept."""
    person, tokens = await signed_in_with_tokens(rp)
    forger = await Forger.at(rp.world, rp.issuer)
    long = forger.id_token({**payload(tokens["id_token"]), "theme_data": "x" * 5000})
    form = {"id_token_hint": long, "post_logout_redirect_uri": GOODBYE}
    async with rp.world.http(rp.issuer) as bare:
        again = await bare.post(rp.issuer.endpoint("logout"), data=form)
    assert "id_token_hint" not in again.headers["location"]
    await person.open(again.headers["location"])
    await person.press("sign-out")
    assert person.left_to == GOODBYE


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_without_a_session_nothing_is_asked(rp: RelyingParty) -> None:
    """Signed out already: back at once, or the plain page; never an error."""
    stranger = rp.person()
    known = {"client_id": rp.client_id, "post_logout_redirect_uri": GOODBYE}
    goes_to(await visit(rp, stranger, **known), GOODBYE)
    for parameters in ({}, {"client_id": rp.client_id}, {"post_logout_redirect_uri": GOODBYE}):
        answer = await visit(rp, stranger, **parameters)
        assert answer.status_code == 200
        assert Page(answer).heading == "You have signed out"
        assert "set-cookie" not in answer.headers


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_cookie_of_a_session_that_is_over_is_forgotten(rp: RelyingParty) -> None:
    """A second click on "sign out" hears the same, with the browser tidied up."""
    person, tokens = await signed_in_with_tokens(rp)
    cookies = cookies_of(person)
    await visit(rp, person, id_token_hint=tokens["id_token"])
    async with rp.world.http(rp.issuer) as http:
        answer = await http.get(logout_url(rp), headers={"cookie": cookies})
    assert Page(answer).heading == "You have signed out"
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_page_is_of_the_institution_that_the_client_belongs_to(rp: RelyingParty) -> None:
    """Whoever comes from a client sees the bank that they know; else the issuer's own name."""
    person, _ = await signed_in_with_tokens(rp)
    of_client = asks(await visit(rp, person, client_id=rp.client_id))
    assert of_client.heading == "Do you want to sign out of Garden Credit Union?"
    bare = asks(await visit(rp, person))
    assert bare.heading == f"Do you want to sign out of {rp.issuer.name}?"


# ---- §3: going back -----------------------------------------------------------------------------


@pytest.mark.spec("RP-Initiated Logout §3", "RP-Initiated Logout §3.1")
async def test_registered_addresses_are_the_clients_own_list_and_its_redirect_uris(
    rp: RelyingParty,
) -> None:
    """The contract registers both in one list; the standard in post_logout_redirect_uris."""
    for uri in (GOODBYE, rp.redirect_uri):
        answer = await visit(rp, rp.person(), client_id=rp.client_id, post_logout_redirect_uri=uri)
        goes_to(answer, uri)


@pytest.mark.spec("RP-Initiated Logout §3")
@pytest.mark.parametrize(
    "uri",
    [
        "https://rp.example/goodbye",
        "https://rp.example/goodbye?lang=en&x=1",
        "https://rp.example/goodbye?lang=EN",
        "https://rp.example/cb/",
        "https://RP.example/cb",
        "https://other.example/cb",
        "https://rp.example/cb#",
    ],
)
async def test_any_other_address_is_refused(rp: RelyingParty, uri: str) -> None:
    """The value must have been registered before, and be the same to the letter."""
    person, tokens = await signed_in_with_tokens(rp)
    for who in (person, rp.person()):
        answer = await visit(
            rp, who, id_token_hint=tokens["id_token"], post_logout_redirect_uri=uri
        )
        await shown_as_page(rp, answer, ReasonCode.POST_LOGOUT_REDIRECT_URI_UNREGISTERED)
    assert await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §3")
async def test_without_a_client_nobody_is_sent_anywhere(rp: RelyingParty) -> None:
    """No client_id and no hint: the person is asked, and hears that they have signed out."""
    person, _ = await signed_in_with_tokens(rp)
    await person.open(logout_url(rp, post_logout_redirect_uri=GOODBYE, state="s"))
    await person.press("sign-out")
    assert person.left_to is None
    assert person.page.heading == "You have signed out"


@pytest.mark.spec("RP-Initiated Logout §3")
async def test_state_without_an_address_goes_nowhere(rp: RelyingParty) -> None:
    """state is returned with the redirect, and there is none."""
    person, tokens = await signed_in_with_tokens(rp)
    answer = await visit(rp, person, id_token_hint=tokens["id_token"], state="canary")
    assert Page(answer).heading == "You have signed out"
    assert "canary" not in answer.text


@pytest.mark.spec("RP-Initiated Logout §3.1")
@pytest.mark.parametrize(
    "uri", ["http://rp.example/bye", "https://rp.example/bye#x", "/bye", "javascript:alert(1)"]
)
def test_addresses_are_checked_when_they_are_registered(issuer: Issuer, uri: str) -> None:
    """As redirect URIs are: https, or http on loopback, without fragment."""
    client = a_client("x", issuer, post_logout_redirect_uris=(uri,))
    faults = client_faults(client, issuer, {GARDEN})
    assert [fault.field for fault in faults] == ["post_logout_redirect_uris"]


# ---- §4: what does not fit ----------------------------------------------------------------------


@pytest.mark.spec("RP-Initiated Logout §4")
async def test_hint_that_is_not_ours_is_refused_with_a_way_out(rp: RelyingParty) -> None:
    """No redirect after an error; the person can still sign out, and the developer finds out why."""
    person, _ = await signed_in_with_tokens(rp)
    answer = await visit(rp, person, id_token_hint="x.y.z", post_logout_redirect_uri=GOODBYE)
    await shown_as_page(rp, answer, ReasonCode.LOGOUT_HINT_INVALID)
    page = Page(answer)
    assert page.heading == "You were not signed out"
    assert answer.headers["ostiary-reference"] in page.text
    await person.open(page.links["sign-out"])
    await person.press("sign-out")
    assert person.page.heading == "You have signed out"


@pytest.mark.spec("RFC 8725 §3.12", "RP-Initiated Logout §4")
async def test_token_of_another_kind_is_no_hint(rp: RelyingParty) -> None:
    """Rules for one kind of JWT must not take another: by its type, or by what it has not."""
    person, tokens = await signed_in_with_tokens(rp)
    forger, claims = await Forger.at(rp.world, rp.issuer), payload(tokens["id_token"])
    without_session = {name: value for name, value in claims.items() if name != "sid"}
    for hint in (
        tokens["access_token"],
        forger.access_token(claims, "logout+jwt"),
        forger.id_token(without_session),
    ):
        answer = await visit(rp, person, id_token_hint=hint)
        await shown_as_page(rp, answer, ReasonCode.LOGOUT_HINT_INVALID)
    assert await is_signed_in(rp, person)


@pytest.mark.spec("RP-Initiated Logout §4")
async def test_client_that_is_unknown_or_switched_off_is_refused(rp: RelyingParty) -> None:
    """Nobody is sent to it, and nothing is said of where."""
    person, tokens = await signed_in_with_tokens(rp)
    answer = await visit(rp, person, client_id="nobody", post_logout_redirect_uri=GOODBYE)
    await shown_as_page(rp, answer, ReasonCode.CLIENT_UNKNOWN)
    forger = await Forger.at(rp.world, rp.issuer)
    gone = forger.id_token({**payload(tokens["id_token"]), "aud": "gone"})
    answer = await visit(rp, person, id_token_hint=gone, post_logout_redirect_uri=GOODBYE)
    await shown_as_page(rp, answer, ReasonCode.CLIENT_UNKNOWN)


@pytest.mark.spec("RP-Initiated Logout §4")
async def test_hint_for_a_client_of_another_issuer_is_refused(
    world: World, issuer: Issuer, rp: RelyingParty
) -> None:
    """The hint must have been issued by this provider."""
    other = next(each for each in ISSUERS.values() if each != issuer)
    elsewhere = RelyingParty(world, other)
    _, tokens = await signed_in_with_tokens(elsewhere)
    answer = await visit(rp, rp.person(), id_token_hint=tokens["id_token"])
    await shown_as_page(rp, answer, ReasonCode.LOGOUT_HINT_INVALID)


@pytest.mark.spec("RP-Initiated Logout §2")
async def test_events_say_who_signed_out(rp: RelyingParty) -> None:
    """One session.ended, written with the end itself."""
    person, tokens = await signed_in_with_tokens(rp)
    await visit(rp, person, id_token_hint=tokens["id_token"])
    (latest,) = await rp.world.store.audit.latest(rp.issuer.issuer_id, limit=1)
    assert (latest.type, latest.reason) == ("session.ended", "signed_out")
    assert latest.user_id == await rp.world.user_id("alice", rp.issuer)


@pytest.mark.spec("RFC 9110 §15.4.4")
async def test_redirect_has_a_note_for_whoever_is_not_taken_along(rp: RelyingParty) -> None:
    """A short hypertext note with a link to the same place, escaped."""
    person, tokens = await signed_in_with_tokens(rp)
    answer = await visit(
        rp, person, id_token_hint=tokens["id_token"], post_logout_redirect_uri=GOODBYE, state='"'
    )
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["location"] in Page(answer).links
    assert GOODBYE.partition("?")[0] in answer.text
