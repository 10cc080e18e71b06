"""The client libraries, an entry each: the common suite, the compatibility table and the pages read it."""

import sys
from collections.abc import Mapping

import pytest

from tests.interop.libraries_npm import NPM
from tests.interop.library import (
    EVERYTHING,
    Library,
    debian_version,
    go_version,
    pip_version,
    program_of,
    python_of,
)

_ALL = (
    *NPM,
    Library(
        name="authlib",
        title="Authlib",
        version=pip_version("Authlib"),
        command=(python_of("authlib"), "client.py"),
        token_failure="OAuthError",
        authorization_failure="OAuthError",
        state_failure="MismatchingStateException",
        scenarios=EVERYTHING
        | {"claims", "introspection", "logout", "private_key_jwt", "revocation", "tampered_state"},
        markers=("interop",),
        page="connect-authlib.md",
        notes="signs assertions for an hour, where five minutes are taken; its page shows how to make them shorter.",
        start=(python_of("authlib"), "app.py"),
        pastes=True,
    ),
    Library(
        name="requests-oauthlib",
        title="requests-oauthlib",
        version=pip_version("requests-oauthlib"),
        command=(python_of("requests-oauthlib"), "client.py"),
        token_failure="OAuth2Error",
        authorization_failure="OAuth2Error",
        state_failure="OAuth2Error",
        scenarios=EVERYTHING - {"dropped_scope"} | {"claims", "tampered_state"},
        markers=("interop",),
        page="connect-requests-oauthlib.md",
        start=(python_of("requests-oauthlib"), "app.py"),
        pastes=True,
        notes="takes a scope that was dropped for an error, unless `OAUTHLIB_RELAX_TOKEN_SCOPE` is set.",
    ),
    Library(
        name="mozilla-django-oidc",
        title="mozilla-django-oidc",
        version=pip_version("mozilla-django-oidc"),
        command=(python_of("mozilla-django-oidc"), "client.py"),
        token_failure="HTTPError",
        authorization_failure="LoginFailure",
        state_failure="SuspiciousOperation",
        scenarios=frozenset(
            {"checks_algorithm", "claims", "client_secret_basic", "logout", "tampered_state"}
        ),
        markers=("interop",),
        page="connect-mozilla-django-oidc.md",
        start=(python_of("mozilla-django-oidc"), "app.py"),
    ),
    Library(
        name="social-auth-core",
        title="social-auth-core",
        version=pip_version("social-auth-core"),
        command=(python_of("social-auth-core"), "client.py"),
        token_failure="AuthConfigurationError",
        authorization_failure="AuthCanceled",
        state_failure="AuthSessionError",
        scenarios=frozenset(
            {
                "checks_algorithm",
                "claims",
                "client_secret_basic",
                "dropped_scope",
                "refresh",
                "tampered_state",
            }
        ),
        markers=("interop",),
        page="connect-social-auth-core.md",
        start=(python_of("social-auth-core"), "app.py"),
        pastes=True,
    ),
    Library(
        name="go-oidc",
        title="coreos/go-oidc, golang.org/x/oauth2",
        version=go_version("github.com/coreos/go-oidc/v3", "golang.org/x/oauth2"),
        command=(program_of("go-oidc"),),
        token_failure="oauth2.RetrieveError",
        authorization_failure="main.AuthorizationError",
        scenarios=EVERYTHING | {"claims"},
        markers=("slow_interop", "go"),
        page="connect-go-oidc.md",
        # As `go run app.go`, which would not end the program with itself.
        start=("sh", "-c", "go build -buildvcs=false -o app app.go && exec ./app"),
    ),
    Library(
        name="mod_auth_openidc",
        title="Apache mod_auth_openidc",
        version=debian_version("libapache2-mod-auth-openidc"),
        command=(sys.executable, "client.py"),
        token_failure="Refused",
        authorization_failure="Refused",
        state_failure="Refused",
        scenarios=frozenset(
            {
                "checks_algorithm",
                "claims",
                "client_secret_basic",
                "dropped_scope",
                "form_post",
                "logout",
                "refresh",
                "tampered_state",
            }
        ),
        markers=("slow_interop", "apache"),
        page="connect-mod_auth_openidc.md",
        notes="takes a denial for a sign-in that somebody else begins, because of its `iss`, unless the answer comes by `form_post`.",
    ),
)

LIBRARIES: Mapping[str, Library] = {library.name: library for library in _ALL}


def each_library(*scenarios: str, but: str | None = None) -> pytest.MarkDecorator:
    """The test runs once for each library with a program (that knows these, and not the other)."""
    return pytest.mark.parametrize(
        "library",
        [
            pytest.param(library.name, marks=library.marks)
            for library in LIBRARIES.values()
            if library.command
            and library.scenarios.issuperset(scenarios)
            and but not in library.scenarios
        ],
        indirect=True,
    )
