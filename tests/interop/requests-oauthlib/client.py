"""A relying party made of requests-oauthlib. tests/interop/conversation.py says what goes in and out.

The library speaks OAuth 2.0 alone; what OpenID Connect adds to it is PyJWT's here.
"""

import os
import secrets
from typing import Any

import jwt
import requests
from conversation import CLAIMS, described, run, settings, told, visit
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

# The library refuses plain http, and there is no other way to tell it that loopback may be spoken with.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


class RelyingParty:
    def __init__(self, **more: Any) -> None:
        url = f"{settings.issuer}/.well-known/openid-configuration"
        self.metadata: dict[str, Any] = requests.get(url, timeout=10).json()
        if self.metadata["issuer"] != settings.issuer:
            raise ValueError(f"another issuer: {self.metadata['issuer']}")
        self.nonce = secrets.token_urlsafe()
        self.session = OAuth2Session(
            settings.client_id,
            scope=settings.scope.split(),
            redirect_uri=settings.redirect_uri,
            pkce="S256",
            **more,
        )

    def authenticated(self) -> dict[str, Any]:
        """How fetch_token is told about client authentication."""
        if settings.auth_method == "client_secret_basic":
            return {"client_secret": settings.client_secret}
        if settings.auth_method == "client_secret_post":
            return {"include_client_id": True, "client_secret": settings.client_secret}
        return {"include_client_id": True}

    def begin(self, **more: str) -> str:
        url, _ = self.session.authorization_url(
            self.metadata["authorization_endpoint"], nonce=self.nonce, **more
        )
        return visit(url)

    def fetch(self, callback: str) -> dict[str, Any]:
        tokens: dict[str, Any] = self.session.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=callback,
            **self.authenticated(),
        )
        return tokens

    def refresh(self) -> dict[str, Any]:
        """The library adds its scope, and nothing about the client by itself."""
        url, basic = self.metadata["token_endpoint"], None
        body = {"client_id": settings.client_id}
        if settings.auth_method == "client_secret_basic":
            basic, body = HTTPBasicAuth(settings.client_id, settings.client_secret), {}
        elif settings.client_secret:
            body["client_secret"] = settings.client_secret
        tokens: dict[str, Any] = self.session.refresh_token(url, auth=basic, **body)
        return tokens

    def verify(self, tokens: dict[str, Any], nonce: str | None) -> dict[str, Any]:
        key = jwt.PyJWKClient(self.metadata["jwks_uri"]).get_signing_key_from_jwt(
            tokens["id_token"]
        )
        claims: dict[str, Any] = jwt.decode(
            tokens["id_token"],
            key,
            algorithms=[settings.algorithm],
            audience=settings.client_id,
            issuer=settings.issuer,
        )
        if nonce is not None and claims.get("nonce") != nonce:
            raise ValueError("another nonce")
        return claims

    def userinfo(self) -> dict[str, Any]:
        answer = self.session.get(self.metadata["userinfo_endpoint"])
        answer.raise_for_status()
        return dict(answer.json())


def sign_in() -> dict[str, Any]:
    party = RelyingParty()
    tokens = party.fetch(party.begin())
    report: dict[str, Any] = {
        "issuer": party.metadata["issuer"],
        "tokens": told(tokens, party.verify(tokens, party.nonce)),
        "userinfo": party.userinfo(),
        "refreshes": [],
    }
    for _ in range(2):
        refreshed = party.refresh()
        claims = party.verify(refreshed, None)
        report["refreshes"].append({**told(refreshed, claims), "userinfo": party.userinfo()})
    return report


def claims() -> dict[str, Any]:
    party = RelyingParty()
    tokens = party.fetch(party.begin(claims=CLAIMS))
    return {"tokens": told(tokens, party.verify(tokens, party.nonce)), "userinfo": party.userinfo()}


def refresh_by_itself() -> dict[str, Any]:
    """The library refreshes when it thinks that the token has expired, and asks again."""
    renewed: list[dict[str, Any]] = []
    party = RelyingParty(token_updater=renewed.append)
    tokens = party.fetch(party.begin())
    party.session.auto_refresh_url = party.metadata["token_endpoint"]
    party.session.auto_refresh_kwargs = {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    party.session.token = {**tokens, "expires_in": -1, "expires_at": 1}
    userinfo = party.userinfo()
    return {"renewed": len(renewed), "sub": userinfo["sub"]}


def client_credentials() -> dict[str, Any]:
    party = RelyingParty()
    session = OAuth2Session(client=BackendApplicationClient(settings.client_id))
    return {
        "tokens": told(
            session.fetch_token(party.metadata["token_endpoint"], **party.authenticated())
        )
    }


def wrong_verifier() -> None:
    """A second begin has made another verifier, and the code is that of the first."""
    party = RelyingParty()
    callback = party.begin()
    state = party.session._state
    party.session.authorization_url(party.metadata["authorization_endpoint"], state=state)
    party.fetch(callback)


def tampered_state() -> None:
    party = RelyingParty()
    callback = party.begin()
    party.fetch(callback.replace(party.session._state, secrets.token_urlsafe()))


def exchange_only() -> None:
    party = RelyingParty()
    party.fetch(party.begin())


def describe(error: Exception) -> dict[str, Any]:
    """All refusals are OAuth2Error, one class for each code of RFC 6749; nothing else is."""
    kind = "OAuth2Error" if isinstance(error, OAuth2Error) else type(error).__name__
    return {**described(error), "kind": kind}


run(
    {
        "sign_in": sign_in,
        "claims": claims,
        "refresh_by_itself": refresh_by_itself,
        "client_credentials": client_credentials,
        "wrong_verifier": wrong_verifier,
        "tampered_state": tampered_state,
        "wrong_secret": exchange_only,
        "denied": exchange_only,
    },
    describe,
)
