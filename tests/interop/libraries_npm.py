"""The client libraries of npm; the registry of all of them is libraries.py."""

from tests.interop.library import EVERYTHING, Library, npm_version

# What the libraries do that leave the flow to their caller.
FURTHER = frozenset(
    {"claims", "dpop", "form_post", "introspection", "private_key_jwt", "pushed", "revocation"}
)

NPM = (
    Library(
        name="openid-client",
        title="openid-client",
        version=npm_version("openid-client"),
        command=("node", "client.mjs"),
        token_failure="ResponseBodyError",
        authorization_failure="AuthorizationResponseError",
        scenarios=EVERYTHING | FURTHER | {"fapi2", "logout"},
        markers=("interop",),
        page="connect-openid-client.md",
        start=("node", "app.mjs"),
    ),
    Library(
        name="openid-client-v5",
        title="openid-client 5",
        version=npm_version("openid-client"),
        command=("node", "client.mjs"),
        token_failure="OPError",
        authorization_failure="OPError",
        scenarios=EVERYTHING | FURTHER | {"logout"},
        markers=("interop",),
        page="connect-openid-client-v5.md",
        start=("node", "app.mjs"),
    ),
    Library(
        name="oauth4webapi",
        title="oauth4webapi",
        version=npm_version("oauth4webapi"),
        command=("node", "client.mjs"),
        token_failure="ResponseBodyError",
        authorization_failure="AuthorizationResponseError",
        scenarios=EVERYTHING | FURTHER | {"fapi2", "introspection_jwt"},
        markers=("interop",),
        page="connect-oauth4webapi.md",
        start=("node", "app.mjs"),
    ),
    Library(
        name="oidc-client-ts",
        title="oidc-client-ts",
        version=npm_version("oidc-client-ts"),
        scenarios=frozenset({"tampered_state"}),
        markers=("interop",),
        page="connect-oidc-client-ts.md",
        notes="in Chromium; renewal in a frame works where application and issuer are of one site.",
    ),
    Library(
        name="auth-core",
        title="@auth/core (@auth/express)",
        version=npm_version("@auth/core"),
        command=("node", "client.mjs"),
        token_failure="CallbackRouteError",
        authorization_failure="OAuthCallbackError",
        state_failure="CallbackRouteError",
        scenarios=frozenset(
            {
                "checks_algorithm",
                "claims",
                "client_secret_basic",
                "private_key_jwt",
                "tampered_state",
            }
        ),
        markers=("interop",),
        page="connect-auth-core.md",
        start=("node", "app.mjs"),
        registration={"redirect_uris": ("http://localhost:8080/auth/callback/ostiary",)},
    ),
    Library(
        name="express-openid-connect",
        title="express-openid-connect",
        version=npm_version("express-openid-connect"),
        command=("node", "client.mjs"),
        token_failure="BadRequestError",
        authorization_failure="BadRequestError",
        state_failure="BadRequestError",
        scenarios=frozenset(
            {
                "backchannel_logout",
                "checks_algorithm",
                "claims",
                "client_secret_basic",
                "dropped_scope",
                "form_post",
                "logout",
                "private_key_jwt",
                "pushed",
                "refresh",
                "tampered_state",
            }
        ),
        markers=("interop",),
        page="connect-express-openid-connect.md",
        start=("node", "app.mjs"),
    ),
    Library(
        name="passport-openidconnect",
        title="passport-openidconnect",
        version=npm_version("passport-openidconnect"),
        command=("node", "client.mjs"),
        token_failure="TokenError",
        authorization_failure="Refused",
        state_failure="Refused",
        scenarios=frozenset({"claims", "no_pkce", "tampered_state"}),
        markers=("interop",),
        page="connect-passport-openidconnect.md",
        start=("node", "app.mjs"),
        # The library does not know PKCE.
        registration={"require_pkce": False},
        notes="no PKCE: register the client with `require_pkce = false`; no check of the ID token's signature.",
    ),
)
