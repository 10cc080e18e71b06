"""Redirect URIs. RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import MAX_LENGTH, check_registrable, find_redirect_uri

WEB = "https://rp.example/cb"
REGISTERED = (WEB, "https://rp.example/cb?tenant=1", "http://127.0.0.1/cb", "http://[::1]/cb?x=1")
LOOPBACK_REGISTERED = ("http://127.0.0.1/cb", "http://[::1]:9999/", "http://127.0.0.1?x")

# Pieces of which URIs, and things that only look like them, are made.
PIECES = st.lists(
    st.sampled_from(
        [
            "https",
            "http",
            "HTTP",
            "com.example.app",
            "javascript",
            "data",
            ":",
            "//",
            "/",
            "\\",
            "127.0.0.1",
            "[::1]",
            "[",
            "]",
            "localhost",
            "rp.example",
            "@",
            "#",
            "?",
            "%00",
            "%2e",
            ":0",
            ":80",
            ":65536",
            ":\u0661",
            "..",
            "*",
            "\t",
            "\n",
            " ",
            "\u3002",
            "é",
            "cb",
            "x=1",
            "&",
        ]
    ),
    max_size=10,
).map("".join)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("uri", REGISTERED)
def test_a_registered_uri_is_found_to_the_letter(uri: str, native: bool) -> None:
    assert find_redirect_uri(uri, REGISTERED, native=native)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://rp.example/cb/",
        "https://rp.example/CB",
        "https://RP.example/cb",
        "HTTPS://rp.example/cb",
        "https://rp.example:443/cb",
        "https://rp.example:8443/cb",
        "http://rp.example/cb",
        "https://rp.example/cb?",
        "https://rp.example/cb#",
        "https://rp.example/cb#x",
        "https://rp.example/cb?tenant=2",
        "https://rp.example/cb?tenant=1&x=1",
        "https://rp.example/%63b",
        "https://rp.example/a/../cb",
        "https://rp.example//cb",
        "https://rp.example/cb ",
        " https://rp.example/cb",
        "https://rp.example/cb\n",
        "https://rp.example./cb",
        "https://user@rp.example/cb",
        "https://rp.example@evil.example/cb",
        "https://rp.example.evil.example/cb",
        "https://rp.example\\@evil.example/cb",
        "https://rp\u3002example/cb",
    ],
)
def test_any_other_spelling_is_not_found(uri: str, native: bool) -> None:
    assert not find_redirect_uri(uri, REGISTERED, native=native)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:65535/cb",
        "http://[::1]:4711/cb?x=1",
    ],
)
def test_a_native_client_may_use_any_port_of_a_registered_loopback_literal(uri: str) -> None:
    assert find_redirect_uri(uri, REGISTERED, native=True)


def test_a_native_client_may_leave_out_a_registered_loopback_port() -> None:
    registered = ("http://127.0.0.1:4000/cb",)
    assert find_redirect_uri("http://127.0.0.1/cb", registered, native=True)
    assert find_redirect_uri("http://127.0.0.1:5000/cb", registered, native=True)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:4711/cb", "http://[::1]:4711/cb?x=1"])
def test_the_port_counts_for_any_other_client(uri: str) -> None:
    assert not find_redirect_uri(uri, REGISTERED, native=False)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:4711/cb/",
        "http://127.0.0.1:4711/",
        "http://127.0.0.1:4711/cb?x=1",
        "http://127.0.0.1:4711/cb\n",
        "https://127.0.0.1:4711/cb",
        "HTTP://127.0.0.1:4711/cb",
        "http://127.0.0.2:4711/cb",
        "http://127.1:4711/cb",
        "http://localhost:4711/cb",
        "http://127.0.0.1.evil.example:4711/cb",
        "http://127.0.0.1:4711@evil.example/cb",
        "http://127.0.0.1:@evil.example/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:x/cb",
        "http://127.0.0.1:471100/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:4711\\cb",
        "http://user@127.0.0.1:4711/cb",
        "http://[::1]:4711/cb",
    ],
)
def test_for_a_native_client_only_the_port_may_differ(uri: str) -> None:
    assert not find_redirect_uri(uri, REGISTERED, native=True)


@pytest.mark.parametrize("port", ["\u0661\u0662", "\uff11\uff12", "\u07c1"])
def test_a_port_of_other_digits_than_ascii_is_not_found(port: str) -> None:
    assert not find_redirect_uri(f"http://127.0.0.1:{port}/cb", REGISTERED, native=True)


def test_a_port_beyond_65535_is_not_found() -> None:
    assert not find_redirect_uri("http://127.0.0.1:65536/cb", REGISTERED, native=True)


@settings(deadline=None, max_examples=200)
@given(PIECES)
def test_without_native_found_means_equal(uri: str) -> None:
    assert find_redirect_uri(uri, REGISTERED, native=False) == (uri in REGISTERED)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["http://127.0.0.1", "http://[::1]"]),
    st.sampled_from(["", ":", ":x"])
    | st.text(max_size=4)
    | st.integers(-9, 10**6).map(":{}".format),
    st.sampled_from(["/cb", "/", "?x", "/cb\n", ""]),
)
def test_what_a_native_client_may_name_is_always_one_that_may_be_registered(
    host: str, port: str, rest: str
) -> None:
    uri = host + port + rest
    if find_redirect_uri(uri, LOOPBACK_REGISTERED, native=True):
        assert check_registrable(uri, native=True) == uri


@settings(deadline=None)
@given(st.integers(1, 65_535), st.sampled_from(LOOPBACK_REGISTERED))
def test_every_port_of_a_loopback_literal_is_found(port: int, registered: str) -> None:
    parts = urlsplit(registered)
    host = "[::1]" if parts.hostname == "::1" else parts.hostname
    uri = parts._replace(netloc=f"{host}:{port}").geturl()
    assert find_redirect_uri(uri, LOOPBACK_REGISTERED, native=True)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        "https://rp.example",
        "https://rp.example/",
        "https://rp.example/cb?tenant=1&x=%20",
        "https://rp.example:8443/cb",
        "https://[2001:db8::1]/cb",
        "http://localhost:8080/auth/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:80/cb",
    ],
)
def test_https_and_loopback_http_may_be_registered(uri: str, native: bool) -> None:
    assert check_registrable(uri, native=native) == uri


def test_a_private_use_scheme_may_be_registered_for_a_native_client_alone() -> None:
    uri = "com.example.app:/oauth2redirect"
    assert check_registrable(uri, native=True) == uri
    with pytest.raises(Malformed):
        check_registrable(uri, native=False)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("", id="empty"),
        pytest.param("/cb", id="relative"),
        pytest.param("//rp.example/cb", id="without scheme"),
        pytest.param("https:", id="scheme alone"),
        pytest.param("https:///cb", id="without host"),
        pytest.param("https:rp.example/cb", id="without slashes"),
        pytest.param("https:/rp.example/cb", id="with one slash"),
        pytest.param("https://:443/cb", id="port without host"),
        pytest.param("https://rp.example/cb#", id="empty fragment"),
        pytest.param("https://rp.example/cb#x", id="fragment"),
        pytest.param("https://rp.example:65536/", id="port too large"),
        pytest.param("https://rp.example:x/", id="port of letters"),
        pytest.param("https://user@rp.example/", id="user"),
        pytest.param("https://user:password@rp.example/", id="user and password"),
        pytest.param("https://rp.example\\@evil.example/", id="backslash and user"),
        pytest.param("https://rp.example\\.evil.example/", id="backslash in the host"),
        pytest.param("https://rp.example/a\\b", id="backslash in the path"),
        pytest.param("https://*.example/cb", id="wildcard host"),
        pytest.param("https://rp.example/*", id="wildcard path"),
        pytest.param("https://rp.example/c b", id="space"),
        pytest.param("https://rp.example/cb\n", id="newline"),
        pytest.param("ht\ttps://rp.example/", id="tab"),
        pytest.param("https://rp.example/\0", id="NUL"),
        pytest.param("https://r\u00e9.example/", id="not ASCII"),
        pytest.param("https://[::1/", id="bracket open"),
        pytest.param("http://rp.example/cb", id="plain http"),
        pytest.param("http://127.0.0.1.evil.example/", id="a name that begins like loopback"),
        pytest.param("http://localhost.evil.example/", id="a name that begins like localhost"),
        pytest.param("http://0.0.0.0/", id="any address"),
        pytest.param("http://2130706433/", id="loopback as one number"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("ftp://rp.example/", id="ftp"),
        pytest.param("myapp:/cb", id="scheme without dot"),
        pytest.param("urn:ietf:wg:oauth:2.0:oob", id="out of band"),
        pytest.param("https://rp.example/" + "a" * MAX_LENGTH, id="too long"),
    ],
)
def test_what_is_no_safe_address_may_not_be_registered(uri: str, native: bool) -> None:
    with pytest.raises(Malformed):
        check_registrable(uri, native=native)


IN_THE_BROWSERS_EYES_NO_HOST = "urlsplit reads over what stands around the brackets"


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    "host",
    [
        pytest.param(".", id="dot alone"),
        pytest.param(".rp.example", id="empty first label"),
        pytest.param("rp..example", id="empty label"),
        pytest.param("rp.example..", id="two dots at the end"),
        pytest.param("-rp.example", id="hyphen first"),
        pytest.param("rp-.example", id="hyphen last"),
        pytest.param("rp_x.example", id="underscore"),
        pytest.param("a" * 64 + ".example", id="label too long"),
        pytest.param("rp.exa%6dple", id="percent-encoded"),
        pytest.param("rp.example%2f.evil.example", id="slash percent-encoded"),
        pytest.param("rp.example;evil.example", id="semicolon"),
        pytest.param("rp.example,evil.example", id="comma"),
        pytest.param("rp.example&evil.example", id="ampersand"),
        pytest.param('rp.example"', id="quote"),
        pytest.param("rp.example'", id="apostrophe"),
        pytest.param("<rp.example>", id="angle brackets"),
        pytest.param("{rp}.example", id="braces"),
        pytest.param("rp.example$", id="dollar"),
        pytest.param("rp.example!", id="exclamation"),
        pytest.param("rp.example|x", id="pipe"),
        pytest.param("rp.example`", id="backtick"),
        pytest.param("[]", id="empty brackets"),
        pytest.param("[:::]", id="no IPv6 address"),
        pytest.param("[1.2.3.4]", id="IPv4 in brackets"),
        pytest.param("[fe80::1%25eth0]", id="zone"),
        pytest.param("[[::1]", id="two opening brackets"),
    ],
)
def test_what_is_no_host_may_not_be_registered(host: str, scheme: str, native: bool) -> None:
    with pytest.raises(Malformed):
        check_registrable(f"{scheme}://{host}/cb", native=native)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    "host",
    ["[::1]evil.example", "[::1].evil.example", "evil.example[::1]", "[::1]x:443", "[::1]]"],
)
def test_nothing_stands_around_the_brackets_of_an_address(
    host: str, scheme: str, native: bool
) -> None:
    with pytest.raises(Malformed):
        check_registrable(f"{scheme}://{host}/cb", native=native)


def test_an_address_of_the_future_may_not_be_registered() -> None:
    with pytest.raises(Malformed):
        check_registrable("https://[v1.ab]/cb", native=False)


@pytest.mark.parametrize(
    "host",
    [
        "rp.example.",
        "a" * 63 + ".example",
        "x.y",
        "rp",
        "xn--rp-xka.example",
        "a-b.example",
        "1rp.example",
        "192.0.2.7",
        "[2001:db8::7]:8443",
        "[::ffff:192.0.2.7]",
        "RP.Example",
    ],
)
def test_a_name_and_an_address_are_hosts(host: str) -> None:
    uri = f"https://{host}/cb"
    assert check_registrable(uri, native=False) == uri


@pytest.mark.parametrize(
    "host", ["localhost.", "localhost.example", "127.0.0.2", "127.1", "0x7f.1", "[::2]", "[::]"]
)
@pytest.mark.parametrize("native", [False, True])
def test_plain_http_is_for_the_three_loopback_hosts_alone(host: str, native: bool) -> None:
    with pytest.raises(Malformed):
        check_registrable(f"http://{host}/cb", native=native)


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(max_size=60), PIECES), st.booleans())
def test_any_text_may_be_registered_or_is_malformed(uri: str, native: bool) -> None:
    try:
        assert check_registrable(uri, native=native) == uri
    except Malformed:
        return
    assert uri.isascii()
    assert uri.isprintable()
    assert not set(uri) & set("#\\* ")
    parts = urlsplit(uri)
    assert parts.username is None
    assert parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"} or native
    assert find_redirect_uri(uri, (uri,), native=native)
