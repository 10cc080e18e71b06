"""Institutions in tokens: the client's own, the one that the person chooses, or institution zero."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer
from ostiary.domain.user import Membership, User
from ostiary.management.institutions import save_institution
from ostiary.management.users import add_user
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty, callback, payload
from tests.kit.world import (
    CONSUMER,
    ENTERPRISE,
    GARDEN,
    HARBOR,
    PASSWORD,
    World,
    a_client,
    an_event,
)

pytestmark = pytest.mark.both_engines

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _changes_are_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)


@pytest.fixture(params=[ENTERPRISE, CONSUMER], ids=lambda issuer: issuer.issuer_id)
async def rp(request: pytest.FixtureRequest, world: World) -> RelyingParty:
    """A trusted client of two institutions."""
    issuer: Issuer = request.param
    client = a_client("both", issuer, further_institution_ids=(HARBOR,), consent_required=False)
    return RelyingParty.of(world, await world.add_client(client, issuer), issuer)


async def begin(rp: RelyingParty, username: str, **request: str) -> tuple[Flow, Person]:
    flow = rp.begin(**request)
    person = await rp.person().open(flow.url)
    await person.sign_in(username, PASSWORD)
    return flow, person


async def claims_after(rp: RelyingParty, flow: Flow, person: Person) -> dict[str, object]:
    answer = await rp.redeem(flow, callback(person)["code"])
    assert answer.status_code == 200, answer.text
    members = answer.json()
    userinfo = (await rp.userinfo(members["access_token"])).json()
    claims = payload(members["access_token"])
    assert userinfo["institution_id"] == claims["institution_id"]
    assert claims["institutionId"] == claims["institution_id"]
    return claims


async def test_member_of_one_is_not_asked(rp: RelyingParty) -> None:
    flow, person = await begin(rp, "harry")
    assert (await claims_after(rp, flow, person))["institution_id"] == HARBOR


async def test_member_of_both_chooses(rp: RelyingParty) -> None:
    flow, person = await begin(rp, "bob")
    assert person.page.heading == "Choose an institution"
    assert "Garden Credit Union" in person.page.text
    assert "Harbor Bank" in person.page.text
    await press_institution(person, HARBOR)
    assert (await claims_after(rp, flow, person))["institution_id"] == HARBOR


async def test_a_second_request_gets_the_other_one_without_a_new_sign_in(rp: RelyingParty) -> None:
    _, person = await begin(rp, "bob")
    await press_institution(person, HARBOR)
    second = rp.begin()
    await person.open(second.url)
    assert person.page.heading == "Choose an institution"
    await press_institution(person, GARDEN)
    assert (await claims_after(rp, second, person))["institution_id"] == GARDEN


async def test_the_client_may_name_the_institution(rp: RelyingParty) -> None:
    """With a live session the answer comes at once, also to prompt=none."""
    flow, person = await begin(rp, "bob", institution=GARDEN)
    assert (await claims_after(rp, flow, person))["institution_id"] == GARDEN
    second = rp.begin(institution=HARBOR, prompt="none")
    await person.open(second.url)
    assert (await claims_after(rp, second, person))["institution_id"] == HARBOR


async def test_prompt_none_cannot_choose(rp: RelyingParty) -> None:
    _, person = await begin(rp, "bob")
    await press_institution(person, HARBOR)
    await person.open(rp.begin(prompt="none").url)
    assert callback(person)["error"] == "interaction_required"


async def test_an_institution_of_nobody_is_refused(rp: RelyingParty) -> None:
    person = await rp.person().open(rp.begin(institution="another").url)
    assert callback(person)["error"] == "invalid_request"


async def test_a_member_of_none_of_them_cannot_sign_in(rp: RelyingParty) -> None:
    _, person = await begin(rp, "alice", institution=HARBOR)
    assert "not right" in person.page.text


async def test_a_choice_that_was_not_offered_counts_for_nothing(rp: RelyingParty) -> None:
    _, person = await begin(rp, "bob")
    form = person.page.form_with("institution-1")
    await person.post(form.action, {**form.values, "institution": "another"})
    assert person.page.heading == "Choose an institution"


async def test_signing_in_as_somebody_else_forgets_the_choice(rp: RelyingParty) -> None:
    client = await rp.world.store.clients.find(rp.issuer.issuer_id, "both")
    assert client is not None
    asking = replace(client, consent_required=True)
    await rp.world.replace_client(client, asking, rp.issuer)
    flow, person = await begin(rp, "bob")
    await press_institution(person, HARBOR)
    assert "allow" in {button for form in person.page.forms for button in form.buttons}
    await person.open(f"{person.page.url}?another=1")
    await person.sign_in("alice", PASSWORD)
    await person.press("allow")
    assert (await claims_after(rp, flow, person))["institution_id"] == GARDEN


async def test_the_claims_are_those_of_the_chosen_institution(rp: RelyingParty) -> None:
    store, issuer_id = rp.world.store, rp.issuer.issuer_id
    user_id = f"{issuer_id}-bob-id"
    teller = Membership(institution_id=HARBOR, claims={"name": "Bob of Harbor"})
    await store.users.save_membership(issuer_id, user_id, teller, an_event())
    flow, person = await begin(rp, "bob", scope="openid profile")
    await press_institution(person, HARBOR)
    answer = (await rp.redeem(flow, callback(person)["code"])).json()
    assert (await rp.userinfo(answer["access_token"])).json()["name"] == "Bob of Harbor"


BANKS = (
    "Zeta Savings",
    "Åland Sparbank",
    "First National Bank of Springfield",
    "Bank of Shelbyville",
    *(f"Credit Union {number}" for number in range(4)),
)


@pytest.fixture
async def searching(rp: RelyingParty) -> Person:
    """Somebody of many institutions, who has signed in and may choose."""
    store, issuer = rp.world.store, rp.issuer
    ids = [f"bank-{number}" for number in range(len(BANKS))]
    for each, name in zip(ids, BANKS, strict=True):
        bank = Institution(institution_id=each, name=name)
        await store.institutions.save(issuer.issuer_id, bank, an_event())
        membership = Membership(institution_id=each, claims={})
        await store.users.save_membership(
            issuer.issuer_id, f"{issuer.issuer_id}-bob-id", membership, an_event()
        )
    client = a_client("many", issuer, further_institution_ids=tuple(ids))
    party = RelyingParty.of(rp.world, await rp.world.add_client(client, issuer), issuer)
    _, person = await begin(party, "bob")
    return person


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("zeta", "Zeta Savings"),
        ("aland", "Åland Sparbank"),
        ("ÅLAND", "Åland Sparbank"),
        ("bank spring", "First National Bank of Springfield"),
        (" springfield   first ", "First National Bank of Springfield"),
    ],
)
async def test_every_word_is_searched_for_with_or_without_accents(
    searching: Person, searched: str, found: str
) -> None:
    await searching.open(f"{searching.page.url}?{urlencode({'q': searched})}")
    assert [name for name in BANKS if name in searching.page.text] == [found]


async def test_a_search_leads_back_to_all(searching: Person) -> None:
    everything = searching.page.text
    for searched in ("zeta", "nowhere"):
        await searching.open(f"{searching.page.url}?q={searched}")
        assert ("No institution of yours" in searching.page.text) is (searched == "nowhere")
        await searching.open(searching.page.links["show-all"])
        assert searching.page.text == everything


async def test_institutions_stand_in_the_order_of_the_alphabet(searching: Person) -> None:
    text = searching.page.text.partition("Find an institution")[2]
    names = ("Åland Sparbank", "Bank of Shelbyville", "Garden Credit Union", "Zeta Savings")
    assert sorted(names, key=text.index) == list(names)


# ---- institution zero -----------------------------------------------------------------------------


@pytest.fixture
async def portal(world: World) -> RelyingParty:
    """A product that shows the institutions itself: first zero, then one of them."""
    issuer = replace(ENTERPRISE, zero_institution_id=ZERO)
    await world.store.issuers.save(issuer, an_event())
    zero = Institution(institution_id=ZERO, name="Garden Identity")
    await save_institution(world.store, issuer, zero, world.clock.time)
    client = a_client(
        "portal",
        issuer,
        institution_id=ZERO,
        further_institution_ids=(GARDEN, HARBOR),
        consent_required=False,
    )
    return RelyingParty.of(world, await world.add_client(client, issuer), issuer)


async def test_whoever_chooses_none_is_of_institution_zero(portal: RelyingParty) -> None:
    """The two passes: sign in for zero, then the chosen one with nothing asked again."""
    flow, person = await begin(portal, "alice")
    await person.press("no-institution")
    assert (await claims_after(portal, flow, person))["institution_id"] == ZERO
    second = portal.begin(institution=GARDEN)
    await person.open(second.url)
    assert (await claims_after(portal, second, person))["institution_id"] == GARDEN


async def test_a_client_of_institution_zero_alone_is_for_everybody(portal: RelyingParty) -> None:
    world, issuer = portal.world, replace(ENTERPRISE, zero_institution_id=ZERO)
    dora = User(user_id="dora-id", username="dora", password_hash=await hashed(world))
    membership = Membership(institution_id=HARBOR, claims={"name": "Dora"})
    await add_user(world.store, issuer, dora, [membership], world.clock.time)
    client = a_client("home", issuer, institution_id=ZERO, consent_required=False)
    rp = RelyingParty.of(world, await world.add_client(client), issuer)
    for username in ("harry", "dora"):
        flow, person = await begin(rp, username)
        assert (await claims_after(rp, flow, person))["institution_id"] == ZERO


async def test_consent_tells_the_institution_unless_it_is_zero(portal: RelyingParty) -> None:
    client = await portal.world.store.clients.find(portal.issuer.issuer_id, "portal")
    assert client is not None
    await portal.world.replace_client(client, replace(client, consent_required=True))
    for button, told in (("no-institution", False), ("institution-1", True)):
        _, person = await begin(portal, "alice")
        await person.press(button)
        person.page.form_with("allow")
        assert ("which institution you belong to" in person.page.text) is told


async def hashed(world: World) -> str:
    return await world.ostiary.passwords.hash_beside(PASSWORD)


async def press_institution(person: Person, institution_id: str) -> None:
    form = next(form for form in person.page.forms if "institution-1" in form.buttons)
    (button,) = [name for name, sent in form.buttons.items() if sent and sent[1] == institution_id]
    await person.press(button)


# ---- what the institution takes away --------------------------------------------------------------


async def test_what_is_taken_from_a_client_ends_at_once(rp: RelyingParty) -> None:
    """An institution withdraws: its members' tokens are dead, at userinfo and for refreshing."""
    flow, person = await begin(rp, "bob", scope="openid email offline_access")
    await press_institution(person, HARBOR)
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    pushed = await rp.begin_pushed(institution=HARBOR)
    found = await rp.world.store.clients.find(rp.issuer.issuer_id, "both")
    assert found is not None
    without = replace(found, further_institution_ids=())
    await rp.world.replace_client(found, without, rp.issuer)
    assert (await rp.userinfo(tokens["access_token"])).status_code == 401
    assert (await rp.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await person.open(pushed.url)).page.status == 400


async def test_a_scope_that_is_taken_from_a_client_releases_nothing_more(rp: RelyingParty) -> None:
    flow, person = await begin(rp, "harry", scope="openid email offline_access")
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    found = await rp.world.store.clients.find(rp.issuer.issuer_id, "both")
    assert found is not None
    less = replace(found, scopes=frozenset({"openid", "offline_access"}))
    await rp.world.replace_client(found, less, rp.issuer)
    assert "email" not in (await rp.userinfo(tokens["access_token"])).json()
    assert "email" not in (await rp.refresh(tokens["refresh_token"])).json()["scope"]
