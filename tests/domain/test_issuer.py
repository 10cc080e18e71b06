"""An issuer: what follows from its URL."""

import pytest

from ostiary.domain.issuer import Environment, Issuer, Lifetimes
from tests.domain.values import an_issuer

BASE = "/a/oidc-provider/api/v0"


@pytest.mark.parametrize(
    ("url", "origin", "host", "path"),
    [
        ("https://id.example", "https://id.example", "id.example", ""),
        ("https://id.example:8443", "https://id.example:8443", "id.example:8443", ""),
        (f"https://id.example{BASE}", "https://id.example", "id.example", BASE),
        ("http://[::1]:9400", "http://[::1]:9400", "[::1]:9400", ""),
    ],
)
def test_origin_host_and_path_are_those_of_the_url(
    url: str, origin: str, host: str, path: str
) -> None:
    issuer = an_issuer(url=url)
    assert (issuer.origin, issuer.host, issuer.path) == (origin, host, path)


@pytest.mark.parametrize("url", ["https://id.example", f"https://id.example{BASE}"])
def test_endpoints_are_below_the_base_path_of_the_origin(url: str) -> None:
    assert an_issuer(url=url).endpoint("token") == f"https://id.example{BASE}/token"


@pytest.mark.parametrize(("url", "secure"), [("https://a", True), ("http://a", False)])
def test_only_https_is_secure(url: str, secure: bool) -> None:
    assert an_issuer(url=url).secure is secure


def test_an_issuer_knows_the_scopes_of_its_face_and_its_own() -> None:
    issuer = an_issuer(api_scopes=frozenset({"https://api.example/accounts"}))
    assert issuer.scopes == issuer.face.scopes | {"https://api.example/accounts"}


@pytest.mark.parametrize(
    ("face_name", "acr"),
    [
        ("enterprise", "urn:ostiary:security-level:standard"),
        ("consumer", "https://api.banno.com/consumer/security-level/standard"),
    ],
)
def test_a_security_level_is_told_in_the_words_of_the_face(face_name: str, acr: str) -> None:
    assert an_issuer(face_name=face_name).security_level("standard") == acr


def test_an_issuer_is_for_production_unless_said_otherwise() -> None:
    issuer = Issuer(issuer_id="main", url="https://a", base_path=BASE, face_name="enterprise")
    assert issuer.environment is Environment.PRODUCTION


def test_the_default_lifetimes_are_those_of_the_design() -> None:
    lifetimes = Lifetimes()
    assert lifetimes.access_token == 600
    assert lifetimes.code <= 60
    assert lifetimes.session_idle <= lifetimes.session
    assert lifetimes.refresh_token <= lifetimes.authorization
