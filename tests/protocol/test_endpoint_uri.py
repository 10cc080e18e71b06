"""Whether two URIs name the same endpoint. RFC 3986 §6.2; DP-07 and DP-08 of the attacks."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.protocol.endpoint_uri import same_endpoint

OURS = "https://op.example/a/oidc-provider/api/v0/token"


@pytest.mark.spec("RFC 3986 §6.2.2")
@pytest.mark.parametrize(
    "theirs",
    [
        OURS,
        "HTTPS://op.example/a/oidc-provider/api/v0/token",
        "https://OP.Example/a/oidc-provider/api/v0/token",
        "https://op.example/a/oidc%2Dprovider/api/v0/%74oken",
        "https://op.example/a/oidc-provider/api/v0/token?a=b",
        "https://op.example/a/oidc-provider/api/v0/token#x",
        "https://op.example/a/oidc-provider/api/v0/token?a=/../?#x",
    ],
)
def test_dp_08_another_spelling_is_the_same_endpoint(theirs: str) -> None:
    """RFC 3986 §6.2.2: scheme and host have no case; escapes of unreserved characters are needless."""
    assert same_endpoint(theirs, OURS)


@pytest.mark.spec("RFC 3986 §6.2.3")
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("https://op.example:443/token", "https://op.example/token"),
        ("https://op.example:/token", "https://op.example/token"),
        ("https://op.example/token", "https://op.example:443/token"),
        ("http://127.0.0.1:80/token", "http://127.0.0.1/token"),
        ("http://[::1]:9400/token", "http://[::1]:9400/token?x"),
        ("http://localhost:9400", "http://localhost:9400/"),
        ("https://op.example/t%2fx%C3%a9", "https://op.example/t%2Fx%c3%A9"),
    ],
)
def test_dp_08_default_ports_and_empty_paths_are_spelling(theirs: str, ours: str) -> None:
    """RFC 3986 §6.2.3: the default port and an empty path of http add nothing."""
    assert same_endpoint(theirs, ours)


@pytest.mark.parametrize(
    "theirs",
    [
        "https://op.example/a/oidc-provider/api/v0/token/",
        "https://op.example/a/oidc-provider/api/v0/Token",
        "https://op.example/a/oidc-provider/api/v0/me",
        "https://op.example/a/oidc-provider/api/v0/x/../token",
        "https://op.example/a/oidc-provider/api/v0//token",
        "https://op.example/a%2Foidc-provider/api/v0/token",
        "https://op.example/a/oidc-provider/api/v0/token%00",
        "https://op.example/a/oidc-provider/api/v0/token%20",
        "https://op.example/a/oidc-provider/api/v0/token%2",
        "https://op.example/a/oidc-provider/api/v0/token%zz",
        "https://op.example/a/oidc-provider/api/v0/token;x",
        "http://op.example/a/oidc-provider/api/v0/token",
        "https://op.example:80/a/oidc-provider/api/v0/token",
        "https://op.example:8443/a/oidc-provider/api/v0/token",
        "https://op.example.evil.test/a/oidc-provider/api/v0/token",
        "https://op.example./a/oidc-provider/api/v0/token",
        "https://evil.test/a/oidc-provider/api/v0/token",
        "https://op.example@evil.test/a/oidc-provider/api/v0/token",
        "https://user@op.example/a/oidc-provider/api/v0/token",
        "https://user:pass@op.example/a/oidc-provider/api/v0/token",
        "https://op.example\\@evil.test/a/oidc-provider/api/v0/token",
        "https://op.example\\/a/oidc-provider/api/v0/token",
        "http\u017f://op.example/a/oidc-provider/api/v0/token",
        "https:/op.example/a/oidc-provider/api/v0/token",
        "https:op.example/a/oidc-provider/api/v0/token",
        "//op.example/a/oidc-provider/api/v0/token",
        "/a/oidc-provider/api/v0/token",
        " https://op.example/a/oidc-provider/api/v0/token",
        "https://op.example/a/oidc-provider/api/v0/token\n",
        "https://op.example/a/oidc-provider/api/v0/to\tken",
        "https://op.example/a/oidc-provider/api/v0/token?a b",
        "https://op.example/a/oidc-provider/api/v0/tokeñ",
        "https://op.example/a/oidc-provider/api/v0/to\u212aen",
        "https://op.example:\uff14\uff14\uff13/a/oidc-provider/api/v0/token",
        "",
    ],
)
def test_dp_07_another_endpoint_is_not_ours(theirs: str) -> None:
    assert not same_endpoint(theirs, OURS)


@given(st.text(max_size=60))
def test_any_text_at_all_is_just_another_endpoint(text: str) -> None:
    assert not same_endpoint(text, OURS)
    assert (
        not same_endpoint("https://op.example" + text, OURS)
        or text[:1] in {"?", "#"}
        or "/" in text
    )


@pytest.mark.parametrize("unit", ["/", "%41", "a", ".", ":", "?", "[", "%"])
def test_no_uri_takes_long(unit: str) -> None:
    began = time.process_time()
    same_endpoint("https://op.example/" + unit * 16_000 + "\0", OURS)
    same_endpoint("https://" + unit * 16_000 + "\0", OURS)
    assert time.process_time() - began < 0.1
