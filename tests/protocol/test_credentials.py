"""The Authorization header. RFC 9110 §11, RFC 7617, RFC 6749 §2.3.1, RFC 6750 §3."""

from base64 import b64encode
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.credentials import (
    ClientPassword,
    challenge,
    parse_basic,
    split_authorization,
)
from ostiary.protocol.malformed import Malformed

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def encoded(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return b64encode(raw).decode("ascii")


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("", ("", "")),
        ("Basic YTpi", ("basic", "YTpi")),
        ("BEARER abc", ("bearer", "abc")),
        ("Bearer   abc ", ("bearer", "abc")),
        ("Bearer", ("bearer", "")),
        ("Bearer a b", ("bearer", "a b")),
        ("Bearer\tabc", ("bearer\tabc", "")),
    ],
)
def test_the_header_is_a_scheme_and_what_follows(header: str, parts: tuple[str, str]) -> None:
    assert split_authorization(header) == parts


@pytest.mark.parametrize(
    ("text", "client_id", "secret"),
    [
        ("web:secret", "web", "secret"),
        ("web:", "web", ""),
        (":secret", "", "secret"),
        ("web:a:b:c", "web", "a:b:c"),
        ("a%3Ab:c%25d", "a:b", "c%d"),
        ("we+b:a+b%2B", "we b", "a b+"),
        ("https%3A%2F%2Frp.example:s", "https://rp.example", "s"),
        ("w%C3%A9b:s\xe9", "wéb", "sé"),
        ("web:100%", "web", "100%"),
    ],
)
def test_ca_07_name_and_secret_are_form_decoded(text: str, client_id: str, secret: str) -> None:
    password = parse_basic(encoded(text))
    assert (password.client_id, password.secret) == (client_id, secret)


@pytest.mark.parametrize(
    ("secret", "decoded", "raw"),
    [
        ("a+b", "a b", "a+b"),
        ("a%2Bb", "a+b", "a%2Bb"),
        ("100%", "100%", None),
        ("plain", "plain", None),
        # What is no form-encoding was never encoded.
        ("%FF", "%FF", None),
        ("%ED%A0%80", "%ED%A0%80", None),
    ],
)
def test_ca_07_a_secret_that_decoding_changes_is_also_kept_as_it_came(
    secret: str, decoded: str, raw: str | None
) -> None:
    password = parse_basic(encoded(f"web:{secret}"))
    assert (password.secret, password.raw_secret) == (decoded, raw)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="empty"),
        pytest.param("YTp", id="without padding"),
        pytest.param("Y!Tpi", id="junk inside"),
        pytest.param("YTpi!", id="junk behind"),
        pytest.param("YT pi", id="space inside"),
        pytest.param("YTpi\n", id="newline behind"),
        pytest.param("YTpi\tYTpi", id="tab inside"),
        pytest.param("=YTpi", id="padding in front"),
        pytest.param("YQ==OmI=", id="padding inside"),
        pytest.param("_-__", id="the alphabet of URLs"),
        pytest.param("é", id="not ASCII"),
        pytest.param("YTpié", id="not ASCII behind"),
        pytest.param(encoded("web"), id="without colon"),
        pytest.param(encoded("web%3Asecret"), id="colon only in an escape"),
        pytest.param(encoded(b"web:\xff"), id="not UTF-8"),
        pytest.param(encoded("w%FFb:secret"), id="not UTF-8 in an escape"),
        pytest.param(encoded("w%ED%A0%80b:secret"), id="surrogate in an escape"),
        pytest.param(encoded("web\0:secret"), id="NUL"),
        pytest.param(encoded("web:sec%00ret"), id="NUL in an escape of the secret"),
        pytest.param(encoded("web%00:secret"), id="NUL in an escape of the name"),
    ],
)
def test_ca_06_credentials_of_another_shape_are_malformed(header: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_basic(header)
    assert caught.value.what == "Authorization"


@settings(deadline=None)
@given(TEXT, TEXT)
def test_credentials_form_encoded_as_the_rfc_says_are_read_back(name: str, secret: str) -> None:
    password = parse_basic(encoded(f"{quote_plus(name)}:{quote_plus(secret)}"))
    assert (password.client_id, password.secret) == (name, secret)


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(encoded)))
def test_any_text_is_credentials_or_malformed(header: str) -> None:
    try:
        password = parse_basic(header)
    except Malformed:
        return
    assert "\0" not in password.client_id + password.secret


def test_the_secret_stays_out_of_repr() -> None:
    password = ClientPassword(client_id="web", secret="hunter2", raw_secret="hunter2")
    assert "hunter2" not in repr(password)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (challenge("Bearer", realm="ostiary"), 'Bearer realm="ostiary"'),
        (
            challenge("Bearer", realm="o", error="invalid_token", scope=""),
            'Bearer realm="o", error="invalid_token"',
        ),
        (challenge("DPoP", realm="o", algs="ES256 EdDSA"), 'DPoP realm="o", algs="ES256 EdDSA"'),
    ],
)
def test_a_challenge_says_what_is_missing(value: str, expected: str) -> None:
    assert value == expected
