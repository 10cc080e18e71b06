"""A registered client, as it is unless registered otherwise."""

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
