"""A signed token as text, read strictly. RFC 7515 §5.2, §7.1; CA-19, CA-21, CA-31 to CA-33."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.jose.compact import MAX_HEADER_LENGTH, MAX_TOKEN_LENGTH, parse_token
from ostiary.protocol.malformed import Malformed
from tests.protocol.jose.forge import segment

SIGNATURE = segment(b"\1" * 64)


def text(header: bytes, payload: bytes = b'{"sub":"x"}', signature: str = SIGNATURE) -> str:
    return f"{segment(header)}.{segment(payload)}.{signature}"


def refused(token: str) -> bool:
    try:
        parse_token(token)
    except Malformed:
        return True
    return False


@pytest.mark.spec("RFC 7515 §7.1")
def test_a_token_is_read_into_its_parts() -> None:
    """RFC 7515 §7.1: header, payload and signature, each in base64url, joined by dots."""
    token = parse_token(text(b'{"alg":"ES256","typ":"JWT","kid":"k","jwk":{}}'))
    assert (token.algorithm, token.type, token.kid) == ("ES256", "JWT", "k")
    assert token.header == {"alg": "ES256", "typ": "JWT", "kid": "k", "jwk": {}}
    assert token.claims == {"sub": "x"}
    assert token.signature == b"\1" * 64
    assert (
        token.signing_input.decode()
        == text(b'{"alg":"ES256","typ":"JWT","kid":"k","jwk":{}}')[:-87]
    )


def test_what_a_header_need_not_say_is_none() -> None:
    token = parse_token(text(b'{"alg":"ES256"}'))
    assert (token.type, token.kid) == (None, None)


@pytest.mark.spec("RFC 7515 §5.2")
@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b'"alg"',
        b"null",
        b'["alg"]',
        b'{"alg":null}',
        b'{"alg":5}',
        b'{"alg":["ES256"]}',
        b'{"alg":"ES256","typ":null}',
        b'{"alg":"ES256","typ":["JWT"]}',
        b'{"alg":"ES256","kid":null}',
        b'{"alg":"ES256","kid":["k"]}',
        b'{"alg":"ES256","kid":5}',
        b'{"alg":"ES256"',
        b'{"alg":"ES256"}}',
        b'{"alg":"ES256"} x',
        b'\xef\xbb\xbf{"alg":"ES256"}',
        b'{"alg":"ES256","x":"\xff"}',
        b'{"alg":"ES256","x":NaN}',
        b'{"alg":"ES256","x":1e999}',
        b'{"alg":"ES256","x":"\\ud800"}',
        b'{"alg":"ES256","kid":"a\\u0000"}',
        b'{"alg":"ES256","x":' + b"[" * 30 + b"]" * 30 + b"}",
        b'{"alg":"ES256","x":' + b"9" * 30 + b"}",
        '{"alg":"ES256"}'.encode("utf-16"),
    ],
    ids=repr,
)
def test_ca_19_a_header_that_is_no_object_of_known_texts_is_refused(header: bytes) -> None:
    """RFC 7515 §5.2: the header is a completely valid JSON object, or the token is rejected."""
    assert refused(text(header))


@pytest.mark.spec("RFC 7519 §7.2")
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'"x"',
        b"5",
        b"null",
        b'{"a":1}{}',
        b"\xff",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-1e400}',
        b'{"a":"\\udfff"}',
        b'{"a":"\\u0000"}',
        b'{"a":' + b"[" * 200 + b"]" * 200 + b"}",
    ],
)
def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    """RFC 7519 §7.2: the claims set is a completely valid JSON object."""
    assert refused(text(b'{"alg":"ES256"}', payload))


@pytest.mark.spec("RFC 7515 §4", "RFC 7519 §4")
@pytest.mark.parametrize(
    "object_text", [b'{"alg":"ES256","alg":"none"}', b'{"alg":"a","\\u0061lg":"a"}']
)
def test_ca_33_a_member_twice_is_refused_in_header_and_payload(object_text: bytes) -> None:
    """RFC 7515 §4, RFC 7519 §4: names are unique; tokens with duplicates may be rejected."""
    assert refused(text(object_text))
    assert refused(text(b'{"alg":"ES256"}', object_text))


@pytest.mark.spec("RFC 7515 §4.1.11", "RFC 7797 §6")
@pytest.mark.parametrize(
    "member", ['"crit":["exp"]', '"crit":[]', '"crit":null', '"b64":false', '"b64":true']
)
def test_ca_21_a_critical_extension_is_refused(member: str) -> None:
    """RFC 7515 §4.1.11, RFC 7797 §6: an extension that is not understood invalidates the token."""
    assert refused(text(f'{{"alg":"ES256",{member}}}'.encode()))


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("change", ["=", "==", " ", "\n", "A", "!", "+", "é", "\0"])
def test_ca_31_no_segment_has_another_spelling(place: int, change: str) -> None:
    segments = [segment(b'{"alg":"ES256"}'), segment(b'{"a":1}'), segment(b"\1" * 63)]
    assert not refused(".".join(segments))
    for changed in (segments[place] + change, change + segments[place]):
        assert (
            refused(".".join([*segments[:place], changed, *segments[place + 1 :]])) or change == "A"
        )


def test_ca_32_a_header_or_token_over_its_limit_is_refused() -> None:
    def header(length: int) -> bytes:
        return b'{"alg":"ES256","x":"' + b"a" * (length - 22) + b'"}'

    assert not refused(text(header(MAX_HEADER_LENGTH)))
    assert refused(text(header(MAX_HEADER_LENGTH + 1)))
    with pytest.raises(Malformed):
        parse_token(text(header(4097)), max_header_length=4096)
    payload = json.dumps({"x": "a" * (MAX_TOKEN_LENGTH * 3 // 4)}).encode()
    assert refused(text(b'{"alg":"ES256"}', payload))


@settings(max_examples=300)
@given(st.text(st.sampled_from("AeyJhbGciOi.-_=0\n é"), max_size=60))
def test_any_text_at_all_is_a_token_or_refused(token: str) -> None:
    refused(token)


@settings(max_examples=200)
@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=10))
def test_any_bytes_at_all_are_a_token_or_refused(
    header: bytes, payload: bytes, signature: bytes
) -> None:
    refused(text(header, payload, segment(signature)))


@pytest.mark.parametrize(
    "unit", [b"[", b'"', b"\\", b'{"":', b"1", b" ", b'"\\u0000"', b"[]", b"\xc3"]
)
def test_no_token_takes_long(unit: bytes) -> None:
    began = time.process_time()
    refused(text(b'{"alg":"ES256"}', unit * (12_000 // len(unit))))
    refused(text(unit * (6_000 // len(unit))))
    assert time.process_time() - began < 0.1
