"""Bytes in the URL-safe alphabet, read in their one spelling. RFC 4648; CA-31 of the attacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.protocol.base64url import decode_base64url, encode_base64url
from ostiary.protocol.malformed import Malformed

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary(max_size=100))
def test_what_was_written_is_read(raw: bytes) -> None:
    assert decode_base64url(encode_base64url(raw)) == raw


@pytest.mark.spec("RFC 7515 §2", "RFC 4648 §5")
def test_the_alphabet_is_safe_in_urls_and_nothing_is_padded() -> None:
    """RFC 7515 §2: the URL-safe alphabet of RFC 4648 §5, all trailing = omitted."""
    assert encode_base64url(b"\xfb\xff\xfe\xff") == "-__-_w"
    assert encode_base64url(b"") == ""


@pytest.mark.spec("RFC 4648 §3.5")
@pytest.mark.parametrize(("canonical", "spare_bits"), [("AQ", 16), ("AQI", 4)])
def test_ca_31_of_all_last_characters_one_is_read(canonical: str, spare_bits: int) -> None:
    """RFC 4648 §3.5: pad bits are zero, and decoders may refuse others."""
    place = ALPHABET.index(canonical[-1])
    others = {canonical[:-1] + ALPHABET[place + bits] for bits in range(1, spare_bits)}
    assert decode_base64url(canonical)
    for other in others:
        with pytest.raises(Malformed):
            decode_base64url(other)


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "=",
        "AA=",
        "AA==",
        "AAA=",
        "AA=A",
        "+/AA",
        "AA AA",
        "AAAA\n",
        "\tAA",
        "AA.A",
        "AA\0A",
        "ééAA",
        "AA\u0661A",
        "\ud800",
        "%41%41",
    ],
)
def test_ca_31_nothing_is_read_over(text: str) -> None:
    with pytest.raises(Malformed):
        decode_base64url(text)


@given(st.text(st.sampled_from(ALPHABET + "=+/ \n."), max_size=12))
def test_no_two_texts_are_the_same_bytes(text: str) -> None:
    try:
        raw = decode_base64url(text)
    except Malformed:
        return
    assert encode_base64url(raw) == text
