"""What the consent page says: everything that is asked for on a face, in words."""

import json
from dataclasses import replace

import pytest

from ostiary.domain.audit import EventType
from ostiary.domain.consent import Consent
from ostiary.domain.face import CONSUMER, ENTERPRISE, FACES, Face
from ostiary.domain.issuer import DAY, Issuer
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.web.pages.consent import consent_groups
from ostiary.web.pages.consent_words import TITLES, TOPICS, WORDS, duration
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ISSUERS, PASSWORD, World, a_client, an_event

pytestmark = pytest.mark.both_engines

EVERY_FACE = pytest.mark.parametrize("face", FACES.values(), ids=FACES)
NOTHING: frozenset[str] = frozenset()
PREFIX = "https://api.banno.com/consumer/claim/"


def data_of(face: Face, scope: str) -> set[str]:
    return {face.data[claim] for claim in face.claims[scope]}


@EVERY_FACE
def test_every_scope_and_datum_of_a_face_has_words(face: Face) -> None:
    assert face.scopes - OFFLINE_SCOPES <= set(TITLES)
    assert set(face.data.values()) <= set(WORDS)


def test_there_are_no_words_for_what_no_face_releases() -> None:
    assert set(WORDS) == {datum for face in FACES.values() for datum in face.data.values()}


@EVERY_FACE
def test_every_datum_stands_under_one_title(face: Face) -> None:
    by_scope = [datum for scope in face.claims for datum in sorted(data_of(face, scope))]
    by_topic = [datum for members in TOPICS.values() for datum in members]
    of_face = [datum for datum in by_topic if datum in face.data.values()]
    assert sorted(by_scope + of_face) == sorted(set(face.data.values()))


@EVERY_FACE
def test_a_scope_names_what_it_releases_and_nothing_else(face: Face) -> None:
    """Words that only another scope, or another face, has a claim for are not there."""
    for scope in face.claims:
        ((entry,),) = (
            group.entries
            for group in consent_groups(face, frozenset({scope}), NOTHING, before=None)
        )
        said = entry.text.lower()
        words = {WORDS[datum] for datum in data_of(face, scope)}
        assert [each for each in words if each.lower() not in said] == []
        others = {text for datum, text in WORDS.items() if text not in words}
        assert [each for each in others if each.lower() in said] == []


@EVERY_FACE
def test_what_is_asked_for_beside_the_scopes_is_named(face: Face) -> None:
    everything = frozenset(face.data.values())
    (group,) = consent_groups(face, NOTHING, everything, before=None)
    said = " ".join(f"{entry.title}. {entry.text}" for entry in group.entries).lower()
    assert [datum for datum in everything if WORDS[datum].lower() not in said] == []


def test_what_a_scope_could_release_stands_under_the_scopes_title() -> None:
    (group,) = consent_groups(ENTERPRISE, NOTHING, frozenset({"email", "name"}), before=None)
    assert [(entry.title, entry.text) for entry in group.entries] == [
        ("Your name and profile", "Your name."),
        ("Your email address", ""),
    ]


def test_what_was_agreed_to_before_is_not_new() -> None:
    before = Consent(
        scope=frozenset({"openid"}), data=frozenset({"accounts", "tax_id"}), client_print="x"
    )
    (group,) = consent_groups(
        CONSUMER,
        frozenset({"openid", "email"}),
        frozenset({"accounts", "cards", "tax_id"}),
        before,
    )
    assert [(entry.title, entry.is_new) for entry in group.entries] == [
        ("Who you are", False),
        ("Your email address", True),
        ("Your accounts", True),
        ("Numbers and documents that identify you", False),
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (365 * DAY, "1 year"),
        (400 * DAY, "400 days"),
        (30 * DAY, "30 days"),
        (DAY, "1 day"),
        (90 * 60, "90 minutes"),
        (90, "90 seconds"),
    ],
)
def test_durations_are_told_in_the_largest_unit_that_fits(seconds: int, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("unused", "at_most", "said"),
    [
        (30 * DAY, 365 * DAY, "not used it for 30 days. It lasts 1 year at most."),
        (30 * DAY, DAY, "not used it for 1 day. It lasts 1 day at most."),
    ],
)
async def test_the_page_tells_how_long_access_lasts(
    world: World, unused: int, at_most: int, said: str
) -> None:
    """The lifetimes of this issuer, not a promise."""
    issuer = ISSUERS["enterprise"]
    lifetimes = replace(issuer.lifetimes, refresh_token=unused, authorization=at_most)
    await world.store.issuers.save(replace(issuer, lifetimes=lifetimes), an_event())
    rp = RelyingParty(world, issuer)
    person = await rp.person().open(rp.begin(scope="openid offline_access").url)
    await person.sign_in("alice", PASSWORD)
    assert said in person.page.text


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS)
async def test_the_page_shows_the_words_to_the_person(world: World, issuer: Issuer) -> None:
    rp = RelyingParty(world, issuer)
    person = await rp.person().open(rp.begin(scope=" ".join(sorted(issuer.scopes))).url)
    await person.sign_in("alice", PASSWORD)
    person.page.form_with("allow")
    shown = person.page.text.lower()
    face = issuer.face
    released = {datum for scope in face.claims for datum in data_of(face, scope)}
    assert [datum for datum in released if WORDS[datum].lower() not in shown] == []
    assert ("date of birth" in shown) == (issuer.face_name == "consumer")
    assert ("job title" in shown) == (issuer.face_name == "enterprise")


async def test_the_page_names_restricted_claims_that_will_be_told_and_no_others(
    world: World,
) -> None:
    issuer = ISSUERS["consumer"]
    await world.add_client(
        a_client("lender", issuer, restricted_claims=frozenset({"tax_id"})), issuer
    )
    claims = json.dumps(
        {"userinfo": dict.fromkeys(PREFIX + name for name in ("tax_id", "cards", "devices", "x"))}
    )
    for client_id, told in (("lender", True), ("web", False)):
        rp = RelyingParty(world, issuer, client_id)
        person = await rp.person().open(rp.begin(scope="openid", claims=claims).url)
        await person.sign_in("alice", PASSWORD)
        person.page.form_with("allow")
        shown = person.page.text.lower()
        assert ("social security" in shown) is told
        assert "your cards" not in shown
        assert "the devices on which you bank" in shown


async def test_the_event_says_what_was_agreed_to(world: World) -> None:
    issuer = ISSUERS["consumer"]
    rp = RelyingParty(world, issuer)
    claims = json.dumps({"userinfo": dict.fromkeys(["email", f"{PREFIX}devices", "made_up"])})
    await rp.authorize(rp.person(), scope="openid", claims=claims)
    granted = [
        event
        for event in await world.store.audit.latest(issuer.issuer_id)
        if event.type is EventType.CONSENT_GRANTED
    ]
    assert [event.details for event in granted] == [{"scope": "openid", "data": "devices email"}]
