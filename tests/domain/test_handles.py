"""Handles: none is stored, none can be changed, none has two spellings."""

import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.domain.handles import ID_LENGTH, Handle, HandleKeys, Purpose

KEYS = HandleKeys(issuer_id="main", sealing=1, keys={1: b"k" * 32})
HANDLE = Handle(id=bytes(range(16)), generation=7)
ALPHABET = string.ascii_letters + string.digits + "-_"

HANDLES = st.builds(
    Handle,
    id=st.binary(min_size=ID_LENGTH, max_size=ID_LENGTH),
    generation=st.integers(0, 2**32 - 1),
)
PURPOSES = st.sampled_from(Purpose)
CLIENTS = st.text(max_size=20).filter(lambda text: text.isprintable())
SECRETS = st.binary(min_size=32, max_size=32)


@settings(deadline=None)
@given(HANDLES, PURPOSES, CLIENTS, st.dictionaries(st.integers(0, 65_535), SECRETS, min_size=1))
def test_a_sealed_handle_opens_to_itself(
    handle: Handle, purpose: Purpose, client_id: str, secrets: dict[int, bytes]
) -> None:
    keys = HandleKeys(issuer_id="main", sealing=max(secrets), keys=secrets)
    assert keys.open(keys.seal(handle, purpose, client_id), purpose, client_id) == handle


@settings(deadline=None)
@given(HANDLES, PURPOSES)
def test_a_handle_is_of_the_alphabet_of_urls_behind_its_prefix(
    handle: Handle, purpose: Purpose
) -> None:
    text = KEYS.seal(handle, purpose)
    assert text.startswith(purpose)
    assert set(text) <= set(ALPHABET)
    assert len(text) == len(purpose) + 56


@settings(deadline=None)
@given(HANDLES, PURPOSES, CLIENTS)
def test_a_handle_names_its_id_to_whoever_has_to_look_it_up(
    handle: Handle, purpose: Purpose, client_id: str
) -> None:
    text = KEYS.seal(handle, purpose, client_id)
    assert KEYS.named_id(text, purpose) == handle.id
    for other in Purpose:
        assert other is purpose or KEYS.named_id(text, other) is None


@pytest.mark.parametrize("text", ["", "or_", "or_" + "A" * 55, "or_" + "A" * 57, "or_" + "=" * 56])
def test_what_is_no_handle_names_no_id(text: str) -> None:
    assert KEYS.named_id(text, Purpose.REFRESH_TOKEN) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_any_changed_character_makes_it_none(purpose: Purpose) -> None:
    text = KEYS.seal(HANDLE, purpose)
    for at in range(len(text)):
        for other in ALPHABET + "=+/. \n\0é":
            changed = text[:at] + other + text[at + 1 :]
            assert changed == text or KEYS.open(changed, purpose) is None


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_change_of_the_text_makes_it_none(data: st.DataObject) -> None:
    text = KEYS.seal(HANDLE, Purpose.CODE)
    at = data.draw(st.integers(0, len(text)))
    inserted = data.draw(st.text(ALPHABET + "=+/. \n\0é", max_size=3))
    changed = text[:at] + inserted + text[at + data.draw(st.integers(0, 3)) :]
    assert changed == text or KEYS.open(changed, Purpose.CODE) is None


@settings(deadline=None, max_examples=200)
@given(PURPOSES, st.text(max_size=60) | st.text(ALPHABET, min_size=56, max_size=56))
def test_no_made_up_text_is_a_handle(purpose: Purpose, text: str) -> None:
    assert KEYS.open(text, purpose) is None
    assert KEYS.open(purpose + text, purpose) is None


@settings(deadline=None)
@given(HANDLES, PURPOSES, PURPOSES)
def test_a_handle_is_none_for_another_purpose(
    handle: Handle, purpose: Purpose, other: Purpose
) -> None:
    text = KEYS.seal(handle, purpose)
    renamed = other + text.removeprefix(purpose)
    assert (KEYS.open(renamed, other) is None) == (purpose is not other)
    assert (KEYS.open(text, other) is None) == (purpose is not other)


@settings(deadline=None)
@given(HANDLES, CLIENTS, CLIENTS)
def test_a_handle_is_none_for_another_client(handle: Handle, client: str, other: str) -> None:
    text = KEYS.seal(handle, Purpose.REFRESH_TOKEN, client)
    assert (KEYS.open(text, Purpose.REFRESH_TOKEN, other) is None) == (client != other)


@settings(deadline=None)
@given(HANDLES, CLIENTS, CLIENTS)
def test_a_handle_is_none_at_another_issuer(handle: Handle, issuer_id: str, other: str) -> None:
    here, there = (
        HandleKeys(issuer_id=each, sealing=1, keys=KEYS.keys) for each in (issuer_id, other)
    )
    text = here.seal(handle, Purpose.CODE, "web")
    assert (there.open(text, Purpose.CODE, "web") is None) == (issuer_id != other)


def test_issuer_and_client_cannot_be_shifted_into_each_other() -> None:
    text = HandleKeys(issuer_id="ab", sealing=1, keys=KEYS.keys).seal(HANDLE, Purpose.CODE, "c")
    assert (
        HandleKeys(issuer_id="a", sealing=1, keys=KEYS.keys).open(text, Purpose.CODE, "bc") is None
    )


@settings(deadline=None)
@given(SECRETS, SECRETS)
def test_a_handle_is_none_under_another_key(secret: bytes, other: bytes) -> None:
    here, there = (
        HandleKeys(issuer_id="main", sealing=1, keys={1: each}) for each in (secret, other)
    )
    text = here.seal(HANDLE, Purpose.CODE)
    assert (there.open(text, Purpose.CODE) is None) == (secret != other)


def test_a_handle_under_a_key_that_is_gone_is_none() -> None:
    text = KEYS.seal(HANDLE, Purpose.CODE)
    assert (
        HandleKeys(issuer_id="main", sealing=2, keys={2: b"k" * 32}).open(text, Purpose.CODE)
        is None
    )


def test_the_highest_number_seals_and_older_numbers_still_open() -> None:
    both = HandleKeys(issuer_id="main", sealing=2, keys={1: b"k" * 32, 2: b"n" * 32})
    assert both.open(KEYS.seal(HANDLE, Purpose.CODE), Purpose.CODE) == HANDLE
    assert KEYS.open(both.seal(HANDLE, Purpose.CODE), Purpose.CODE) is None
    newest = HandleKeys(issuer_id="main", sealing=2, keys={2: b"n" * 32})
    assert newest.open(both.seal(HANDLE, Purpose.CODE), Purpose.CODE) == HANDLE


def test_the_same_handle_is_sealed_the_same_way_each_time() -> None:
    assert KEYS.seal(HANDLE, Purpose.CODE, "web") == KEYS.seal(HANDLE, Purpose.CODE, "web")


@settings(deadline=None)
@given(HANDLES, st.integers(0, 2**32 - 1))
def test_no_two_generations_are_the_same_text(handle: Handle, generation: int) -> None:
    other = Handle(id=handle.id, generation=generation)
    texts = {KEYS.seal(each, Purpose.REFRESH_TOKEN, "web") for each in (handle, other)}
    assert len(texts) == len({handle, other})


def test_a_generation_cannot_be_counted_up_without_the_key() -> None:
    text = KEYS.seal(HANDLE, Purpose.REFRESH_TOKEN, "web")
    raw = bytearray(urlsafe_b64decode(text.removeprefix(Purpose.REFRESH_TOKEN)))
    raw[21] += 1
    forged = Purpose.REFRESH_TOKEN + urlsafe_b64encode(raw).decode("ascii")
    assert KEYS.open(forged, Purpose.REFRESH_TOKEN, "web") is None


def test_purposes_have_prefixes_of_one_length_that_can_be_told_apart() -> None:
    assert {len(purpose) for purpose in Purpose} == {3}
    assert len(set(Purpose)) == len(Purpose.__members__)


def test_tags_differ_by_purpose_issuer_and_parts() -> None:
    other = HandleKeys(issuer_id="other", sealing=1, keys=KEYS.keys)
    tags = {
        KEYS.tag("form", b"a", b"b"),
        KEYS.tag("form", b"ab"),
        KEYS.tag("form", b"a", b"b", b""),
        KEYS.tag("link", b"a", b"b"),
        KEYS.tag("forma", b"b"),
        other.tag("form", b"a", b"b"),
    }
    assert len(tags) == 6


def test_a_tag_is_the_same_each_time() -> None:
    assert KEYS.tag("form", b"a") == KEYS.tag("form", b"a")


@pytest.mark.parametrize("purpose", Purpose)
def test_a_tag_is_never_the_mac_of_a_handle(purpose: Purpose) -> None:
    text = KEYS.seal(HANDLE, purpose, "web")
    mac = urlsafe_b64decode(text.removeprefix(purpose))[-20:]
    body = urlsafe_b64decode(text.removeprefix(purpose))[:-20]
    assert urlsafe_b64decode(KEYS.tag(purpose, body, b"web"))[:20] != mac
