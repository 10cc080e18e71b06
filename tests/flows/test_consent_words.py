"""What the consent page says: everything that the scopes release on a face, in words."""

import pytest

from ostiary.domain.face import FACES, Face
from ostiary.domain.issuer import Issuer
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.web.pages.consent import _CLAIMS, _TITLES, consent_groups
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ISSUERS, PASSWORD, World

EVERY_FACE = pytest.mark.parametrize("face", FACES.values(), ids=FACES)


@EVERY_FACE
def test_every_scope_and_claim_of_a_face_has_words(face: Face) -> None:
    assert face.scopes - OFFLINE_SCOPES <= set(_TITLES)
    assert {claim for claims in face.claims.values() for claim in claims} <= set(_CLAIMS)


def test_there_are_no_words_for_what_no_face_releases() -> None:
    released = {
        claim for face in FACES.values() for claims in face.claims.values() for claim in claims
    }
    assert set(_CLAIMS) == released


@EVERY_FACE
def test_a_scope_names_what_it_releases_and_nothing_else(face: Face) -> None:
    """Words that only another scope, or another face, has a claim for are not there."""
    for scope, claims in face.claims.items():
        ((entry,),) = (
            group.entries for group in consent_groups(face, frozenset({scope}), frozenset())
        )
        said = entry.text.lower()
        words = {_CLAIMS[claim] for claim in claims}
        assert [each for each in words if each.lower() not in said] == []
        others = {text for claim, text in _CLAIMS.items() if text not in words}
        assert [each for each in others if each.lower() in said] == []


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS)
async def test_the_page_shows_the_words_to_the_person(world: World, issuer: Issuer) -> None:
    rp = RelyingParty(world, issuer)
    person = await rp.person().open(rp.begin(scope=" ".join(sorted(issuer.scopes))).url)
    await person.sign_in("alice", PASSWORD)
    person.page.form_with("allow")
    shown = person.page.text.lower()
    claims = issuer.face.claims_for(issuer.scopes)
    assert [claim for claim in claims if _CLAIMS[claim].lower() not in shown] == []
    assert ("date of birth" in shown) == (issuer.face_name == "consumer")
    assert ("job title" in shown) == (issuer.face_name == "enterprise")
