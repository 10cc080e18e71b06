"""Origins: what browsers put into the Origin header, and nothing else."""

import pytest

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.web_origin import check_registrable_origin, origin_of


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://spa.example/cb", "https://spa.example"),
        ("https://spa.example", "https://spa.example"),
        ("https://spa.example:8443/cb?x=1", "https://spa.example:8443"),
        ("https://spa.example:443/cb", "https://spa.example"),
        ("http://localhost:80/cb", "http://localhost"),
        ("http://localhost:5173/callback", "http://localhost:5173"),
        ("https://localhost:80/", "https://localhost:80"),
        ("HTTPS://SPA.example/Cb", "https://spa.example"),
        ("http://[::1]:5173/cb", "http://[::1]:5173"),
        ("http://[::1]/cb", "http://[::1]"),
        ("com.example.app:/cb", None),
        ("https:/cb", None),
    ],
)
def test_the_origin_of_a_page(uri: str, origin: str | None) -> None:
    assert origin_of(uri) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "https://app.example.com:8443",
        "http://localhost:5173",
        "http://[::1]:5173",
    ],
)
def test_an_origin_can_be_registered(origin: str) -> None:
    assert check_registrable_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "https://*.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://app.example.com?",
        "https://app.example.com#",
        "https://app.example.com:443",
        "https://App.example.com",
        "https://user@app.example.com",
        "https://app.example.com https://evil.test",
        "https://app.example.com\r\nx: y",
        "http://app.example.com",
        "com.example.app:",
        "app.example.com",
        "//app.example.com",
    ],
)
def test_what_no_browser_sends_cannot_be_registered(origin: str) -> None:
    with pytest.raises(Malformed, match="web_origins"):
        check_registrable_origin(origin)
