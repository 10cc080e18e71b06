"""What the two documented contracts fix about an issuer."""

import pytest

from ostiary.domain.face import CONSUMER, ENTERPRISE, FACES, Face
from ostiary.domain.scopes import CONSUMER_OFFLINE_ACCESS, OFFLINE_SCOPES

FACE = pytest.mark.parametrize("face", FACES.values(), ids=lambda face: face.name)


def test_there_are_the_two_faces_of_the_contracts_by_name() -> None:
    assert FACES == {"enterprise": ENTERPRISE, "consumer": CONSUMER}


@FACE
def test_claims_hang_on_scopes_that_the_face_knows(face: Face) -> None:
    assert face.claims.keys() <= face.scopes


@FACE
def test_no_claim_is_released_by_two_scopes(face: Face) -> None:
    released = face.claims_for(face.scopes)
    assert len(released) == len(set(released))


@FACE
def test_without_scope_no_claim_is_released(face: Face) -> None:
    assert face.claims_for(frozenset()) == ()


@FACE
def test_an_unknown_scope_releases_nothing(face: Face) -> None:
    assert face.claims_for(frozenset({"https://api.example/all", "Profile"})) == ()


@FACE
def test_claims_come_in_one_order_whatever_the_scopes_said(face: Face) -> None:
    whole = face.claims_for(face.scopes)
    some = face.claims_for(frozenset({"phone", "email"}))
    assert some == tuple(name for name in whole if name in some)


@pytest.mark.parametrize(
    ("face", "claim", "released"),
    [
        (ENTERPRISE, "department", True),
        (ENTERPRISE, "birthdate", False),
        (ENTERPRISE, "netteller_id", False),
        (CONSUMER, "birthdate", True),
        (CONSUMER, "netteller_id", True),
        (CONSUMER, "department", False),
        (CONSUMER, "nickname", True),
        (ENTERPRISE, "nickname", False),
    ],
)
def test_a_face_releases_the_claims_of_its_contract_alone(
    face: Face, claim: str, released: bool
) -> None:
    assert (claim in face.claims_for(face.scopes)) is released


@FACE
def test_the_password_and_the_subject_are_no_claims_of_an_institution(face: Face) -> None:
    assert not {"sub", "iss", "aud", "exp", "password"} & set(face.claims_for(face.scopes))


def test_only_the_consumer_face_has_the_offline_scope_with_a_url_for_a_name() -> None:
    assert CONSUMER_OFFLINE_ACCESS in CONSUMER.scopes
    assert CONSUMER_OFFLINE_ACCESS not in ENTERPRISE.scopes


@FACE
def test_every_face_offers_a_scope_for_refresh_tokens(face: Face) -> None:
    assert OFFLINE_SCOPES & face.scopes


@FACE
def test_every_claim_of_a_scope_is_its_own_datum(face: Face) -> None:
    assert {face.data[name] for name in face.claims_for(face.scopes)} == set(
        face.claims_for(face.scopes)
    )


@FACE
def test_what_is_restricted_is_a_datum_of_the_face_that_no_scope_releases(face: Face) -> None:
    assert face.restricted <= set(face.data.values())
    assert not face.restricted & set(face.claims_for(face.scopes))


def test_the_consumer_face_has_each_documented_datum_under_a_name_of_its_own_namespace() -> None:
    prefix = "https://api.banno.com/consumer/claim/"
    named = {name for name in CONSUMER.data if name.startswith(prefix)}
    assert {CONSUMER.data[name] for name in named} == {name.removeprefix(prefix) for name in named}
    assert len(named) == 36
    short = {*CONSUMER.claims_for(CONSUMER.scopes), "esi_bsl_token"}
    assert set(CONSUMER.data) - named == short


def test_only_the_consumer_face_has_restricted_data() -> None:
    assert CONSUMER.withholds("tax_id", frozenset())
    assert CONSUMER.withholds("tax_id", frozenset({"cards"}))
    assert not CONSUMER.withholds("tax_id", frozenset({"tax_id"}))
    assert not CONSUMER.withholds("netteller_id", frozenset())
    assert ENTERPRISE.restricted == frozenset()


def test_only_the_enterprise_face_puts_scope_claims_into_the_id_token() -> None:
    assert ENTERPRISE.claims_in_id_token
    assert not CONSUMER.claims_in_id_token
