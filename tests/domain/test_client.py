"""A registered client, as it is unless registered otherwise."""

from dataclasses import replace

import pytest

from ostiary.domain.client import ApplicationType, AuthMethod, Client, RefreshTokens
from ostiary.protocol.jose.algorithms import Algorithm


def a_client(auth_method: AuthMethod, application_type: ApplicationType) -> Client:
    return Client(
        client_id="web",
        name="Web",
        institution_id="garden",
        auth_method=auth_method,
        application_type=application_type,
    )


@pytest.mark.parametrize("method", AuthMethod)
def test_a_client_without_authentication_is_public_and_no_other(method: AuthMethod) -> None:
    client = a_client(method, ApplicationType.WEB)
    assert client.public is (method is AuthMethod.NONE)


@pytest.mark.parametrize("kind", ApplicationType)
def test_a_client_of_type_native_is_native_and_no_other(kind: ApplicationType) -> None:
    assert a_client(AuthMethod.NONE, kind).native is (kind is ApplicationType.NATIVE)


def test_a_client_is_registered_with_the_safe_choices() -> None:
    client = a_client(AuthMethod.CLIENT_SECRET, ApplicationType.WEB)
    assert client.require_pkce
    assert client.consent_required
    assert client.refresh_tokens is RefreshTokens.OFFLINE_SCOPE
    assert client.id_token_algorithm is Algorithm.RS256
    assert client.redirect_uris == ()
    assert client.scopes == frozenset()
    assert client.refresh_grace == 30


PAGES = ("https://spa.example/cb", "https://spa.example/silent", "http://localhost:5173/cb")


def test_the_origins_of_a_public_client_are_those_of_its_pages() -> None:
    client = replace(a_client(AuthMethod.NONE, ApplicationType.WEB), redirect_uris=PAGES)
    assert client.origins == {"https://spa.example", "http://localhost:5173"}


@pytest.mark.parametrize("method", [each for each in AuthMethod if each is not AuthMethod.NONE])
def test_a_client_that_keeps_a_secret_has_no_page_at_its_redirect_uri(method: AuthMethod) -> None:
    client = replace(a_client(method, ApplicationType.WEB), redirect_uris=PAGES)
    assert client.origins == set()


def test_an_app_on_a_device_has_no_page() -> None:
    uris = ("http://127.0.0.1/cb", "com.example.app:/cb", "https://app.example/link")
    client = replace(a_client(AuthMethod.NONE, ApplicationType.NATIVE), redirect_uris=uris)
    assert client.origins == set()


@pytest.mark.parametrize("kind", ApplicationType)
@pytest.mark.parametrize("method", AuthMethod)
def test_every_client_may_register_further_origins(
    method: AuthMethod, kind: ApplicationType
) -> None:
    client = replace(a_client(method, kind), web_origins=("https://portal.example",))
    assert client.origins == {"https://portal.example"}
