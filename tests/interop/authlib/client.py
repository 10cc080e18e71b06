"""A relying party made of Authlib alone. tests/interop/conversation.py says what goes in and out."""

import base64
import json
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.integrations.requests_client import (  # type: ignore[import-untyped]
    OAuth2Session,
    OAuthError,
)
from authlib.oauth2 import rfc9207  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken, UserInfo  # type: ignore[import-untyped]
from authlib.oidc.discovery import (  # type: ignore[import-untyped]
    OpenIDProviderMetadata,
    get_well_known_url,
)
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

SETTINGS = {name: os.environ.get(f"INTEROP_{name}", "") for name in (
    "ISSUER", "CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI", "SCOPE", "ALGORITHM", "AUTH_METHOD",
    "SCENARIO",
)}  # fmt: skip


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def visit(url: str) -> str:
    """Send the person to an address; where they come back."""
    say({"visit": url})
    return str(json.loads(sys.stdin.readline())["url"])


class RelyingParty:
    def __init__(self) -> None:
        found = requests.get(get_well_known_url(SETTINGS["ISSUER"], external=True), timeout=10)
        found.raise_for_status()
        self.metadata = OpenIDProviderMetadata(found.json())
        self.metadata.validate()
        rfc9207.AuthorizationServerMetadata(
            self.metadata
        ).validate_authorization_response_iss_parameter_supported()
        if self.metadata["issuer"] != SETTINGS["ISSUER"]:
            raise ValueError(f"another issuer: {self.metadata['issuer']}")
        self.nonce = generate_token()
        self.verifier = generate_token(48)
        self.session = OAuth2Session(
            SETTINGS["CLIENT_ID"],
            SETTINGS["CLIENT_SECRET"] or None,
            scope=SETTINGS["SCOPE"],
            redirect_uri=SETTINGS["REDIRECT_URI"],
            token_endpoint_auth_method=SETTINGS["AUTH_METHOD"],
            token_endpoint=self.metadata["token_endpoint"],
            code_challenge_method="S256",
        )

    def begin(self) -> tuple[str, str]:
        """The response of the authorization endpoint, and the state that it should have."""
        url, state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"],
            code_verifier=self.verifier,
            nonce=self.nonce,
        )
        return visit(url), state

    def fetch(self, callback: str, state: str, verifier: str) -> dict[str, Any]:
        """As an application does: what came back is parsed, checked and exchanged."""
        tokens: dict[str, Any] = self.session.fetch_token(
            authorization_response=callback, state=state, code_verifier=verifier
        )
        return tokens

    def verify(self, tokens: dict[str, Any], nonce: str | None) -> dict[str, Any]:
        """The ID token, as authlib.integrations.base_client.sync_openid does it."""
        key_set = KeySet.import_key_set(requests.get(self.metadata["jwks_uri"], timeout=10).json())
        token = jwt.decode(
            tokens["id_token"],
            key=key_set,
            registry=JWSRegistry(algorithms=[SETTINGS["ALGORITHM"]]),
        )
        claims = CodeIDToken(
            token.claims,
            token.header,
            {"iss": {"values": [self.metadata["issuer"]]}},
            {
                "nonce": nonce,
                "client_id": SETTINGS["CLIENT_ID"],
                "access_token": tokens["access_token"],
            },
        )
        claims.validate(leeway=120)
        return dict(claims)

    def userinfo(self) -> dict[str, Any]:
        answer = self.session.get(self.metadata["userinfo_endpoint"])
        answer.raise_for_status()
        return dict(UserInfo(answer.json()))


def header_of(token: str) -> dict[str, Any]:
    segment = token.partition(".")[0]
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return dict(json.loads(decoded))


def told(tokens: dict[str, Any], claims: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "token_type": tokens.get("token_type"),
        "expires_in": tokens.get("expires_in"),
        "scope": tokens.get("scope"),
        "algorithm": header_of(tokens["id_token"])["alg"] if "id_token" in tokens else None,
        "claims": claims,
        "refresh_token": tokens.get("refresh_token"),
    }


def sign_in() -> dict[str, Any]:
    party = RelyingParty()
    callback, state = party.begin()
    tokens = party.fetch(callback, state, party.verifier)
    report: dict[str, Any] = {
        "issuer": party.metadata["issuer"],
        "supports_pkce": "S256" in party.metadata["code_challenge_methods_supported"],
        "tokens": told(tokens, party.verify(tokens, party.nonce)),
        "userinfo": party.userinfo(),
        "refreshes": [],
    }
    for _ in range(2):
        refreshed = party.session.refresh_token()
        claims = party.verify(refreshed, None)
        report["refreshes"].append({**told(refreshed, claims), "userinfo": party.userinfo()})
    return report


def client_credentials() -> dict[str, Any]:
    tokens = RelyingParty().session.fetch_token(grant_type="client_credentials")
    return {"tokens": told(tokens)}


def wrong_verifier() -> None:
    party = RelyingParty()
    callback, state = party.begin()
    party.fetch(callback, state, generate_token(48))


def exchange_only() -> None:
    party = RelyingParty()
    callback, state = party.begin()
    party.fetch(callback, state, party.verifier)


def denied() -> None:
    """The web frameworks' integrations read the error so; the session knows only of codes."""
    party = RelyingParty()
    callback, _ = party.begin()
    answered = dict(parse_qsl(urlsplit(callback).query))
    if "error" in answered:
        raise OAuthError(error=answered["error"], description=answered.get("error_description"))


def userinfo_challenge() -> None:
    party = RelyingParty()
    party.session.token = {"access_token": "not-a-token", "token_type": "Bearer"}
    party.userinfo()


SCENARIOS: dict[str, Callable[[], dict[str, Any] | None]] = {
    "sign_in": sign_in,
    "client_credentials": client_credentials,
    "wrong_verifier": wrong_verifier,
    "wrong_secret": exchange_only,
    "denied": denied,
    "userinfo_challenge": userinfo_challenge,
}


def main() -> None:
    try:
        say({"report": SCENARIOS[SETTINGS["SCENARIO"]]() or {}})
    except Exception as error:
        response = getattr(error, "response", None)
        failure = {
            "kind": type(error).__name__,
            "status": getattr(response, "status_code", None),
            "error": getattr(error, "error", None),
            "description": getattr(error, "description", None),
            "message": str(error),
        }
        say({"report": {"failure": failure}})


if __name__ == "__main__":
    main()
