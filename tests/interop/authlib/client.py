"""A relying party made of Authlib alone. tests/interop/conversation.py says what goes in and out."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oauth2 import rfc9207
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc.core import CodeIDToken, UserInfo
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from conversation import CLAIMS, described, run, settings, told, visit
from joserfc import jwt
from joserfc.errors import InvalidKeyTypeError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry


class ForOneMinute(PrivateKeyJWT):
    """The library's own assertions are good for an hour, which is longer than Ostiary takes."""

    def sign(self, auth: Any, token_endpoint: str) -> str:
        self.claims = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


def own_key() -> tuple[ECKey | RSAKey, str]:
    """The client's own key, and what it signs with."""
    pem = Path(settings.private_key).read_text(encoding="utf-8")
    try:
        return ECKey.import_key(pem), "ES256"
    except InvalidKeyTypeError:
        return RSAKey.import_key(pem), "PS256"


class RelyingParty:
    def __init__(self, **more: Any) -> None:
        found = requests.get(get_well_known_url(settings.issuer, external=True), timeout=10)
        found.raise_for_status()
        self.metadata = OpenIDProviderMetadata(found.json())
        self.metadata.validate()
        rfc9207.AuthorizationServerMetadata(
            self.metadata
        ).validate_authorization_response_iss_parameter_supported()
        if self.metadata["issuer"] != settings.issuer:
            raise ValueError(f"another issuer: {self.metadata['issuer']}")
        self.nonce = generate_token()
        self.verifier = generate_token(48)
        secret, algorithm = settings.client_secret or None, ""
        if settings.auth_method == "private_key_jwt":
            secret, algorithm = own_key()
        self.session = OAuth2Session(
            settings.client_id,
            secret,
            scope=settings.scope,
            redirect_uri=settings.redirect_uri,
            token_endpoint_auth_method=settings.auth_method,
            revocation_endpoint_auth_method=settings.auth_method,
            token_endpoint=self.metadata["token_endpoint"],
            code_challenge_method="S256",
            **more,
        )
        self.session.register_client_auth_method(ForOneMinute(alg=algorithm))
        # Once: what is said here is the same in each of its assertions.
        by_secret = ClientSecretJWT(claims={"exp": int(time.time()) + 60})
        self.session.register_client_auth_method(by_secret)

    def begin(self, **more: str) -> tuple[str, str]:
        """The response of the authorization endpoint, and the state that it should have."""
        url, state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"],
            code_verifier=self.verifier,
            nonce=self.nonce,
            **more,
        )
        return visit(url), state

    def fetch(self, callback: str, state: str, verifier: str) -> dict[str, Any]:
        """As an application does: what came back is parsed, checked and exchanged."""
        tokens: dict[str, Any] = self.session.fetch_token(
            authorization_response=callback, state=state, code_verifier=verifier
        )
        return tokens

    def sign_in(self, **more: str) -> dict[str, Any]:
        callback, state = self.begin(**more)
        return self.fetch(callback, state, self.verifier)

    def verify(self, tokens: dict[str, Any], nonce: str | None) -> dict[str, Any]:
        """The ID token, as authlib.integrations.base_client.sync_openid does it."""
        key_set = KeySet.import_key_set(requests.get(self.metadata["jwks_uri"], timeout=10).json())
        token = jwt.decode(
            tokens["id_token"],
            key=key_set,
            registry=JWSRegistry(algorithms=[settings.algorithm]),
        )
        claims = CodeIDToken(
            token.claims,
            token.header,
            {"iss": {"values": [self.metadata["issuer"]]}},
            {
                "nonce": nonce,
                "client_id": settings.client_id,
                "access_token": tokens["access_token"],
            },
        )
        claims.validate(leeway=120)
        return dict(claims)

    def userinfo(self) -> dict[str, Any]:
        answer = self.session.get(self.metadata["userinfo_endpoint"])
        answer.raise_for_status()
        return dict(UserInfo(answer.json()))


def sign_in() -> dict[str, Any]:
    party = RelyingParty()
    tokens = party.sign_in()
    report: dict[str, Any] = {
        "issuer": party.metadata["issuer"],
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


def claims() -> dict[str, Any]:
    party = RelyingParty()
    tokens = party.sign_in(claims=CLAIMS)
    return {"tokens": told(tokens, party.verify(tokens, party.nonce)), "userinfo": party.userinfo()}


def prompt_none() -> dict[str, Any]:
    """The second time nobody is asked."""
    party = RelyingParty()
    party.sign_in()
    return {"tokens": told(party.sign_in(prompt="none"))}


def attempt(what: Callable[[], Any]) -> dict[str, Any]:
    """What the library says when it fails."""
    try:
        return {"unexpected": what()}
    except Exception as error:
        return described(error)


def revocation() -> dict[str, Any]:
    party = RelyingParty()
    tokens = dict(party.sign_in())
    party.session.revoke_token(
        party.metadata["revocation_endpoint"], tokens["refresh_token"], "refresh_token"
    ).raise_for_status()
    return {
        "userinfo": attempt(party.userinfo),
        "refresh": attempt(party.session.refresh_token),
    }


def introspection() -> dict[str, Any]:
    party = RelyingParty()
    tokens = dict(party.sign_in())

    def introspect(token: str) -> Any:
        answer = party.session.introspect_token(party.metadata["introspection_endpoint"], token)
        answer.raise_for_status()
        return answer.json()

    report = {
        "claims": party.verify(tokens, party.nonce),
        "access": introspect(tokens["access_token"]),
        "refresh": introspect(tokens["refresh_token"]),
    }
    party.session.revoke_token(party.metadata["revocation_endpoint"], tokens["access_token"])
    return {**report, "revoked": introspect(tokens["access_token"])}


def logout() -> dict[str, Any]:
    """The address as authlib.integrations.base_client.sync_openid writes it."""
    party = RelyingParty()
    parameters = {
        "id_token_hint": party.sign_in()["id_token"],
        "post_logout_redirect_uri": settings.redirect_uri,
        "state": "signed-out",
    }
    returned = visit(add_params_to_uri(party.metadata["end_session_endpoint"], parameters))
    return {"returned": returned, "again": error_of(party.begin(prompt="none")[0])}


def error_of(callback: str) -> dict[str, str]:
    """The error of an answer; the session knows only of codes."""
    return dict(parse_qsl(urlsplit(callback).query))


def wrong_verifier() -> None:
    party = RelyingParty()
    callback, state = party.begin()
    party.fetch(callback, state, generate_token(48))


def tampered_state() -> None:
    party = RelyingParty()
    callback, state = party.begin()
    party.fetch(callback.replace(state, generate_token()), state, party.verifier)


def wrong_secret() -> None:
    RelyingParty().sign_in()


def denied() -> None:
    """As the web frameworks' integrations tell it."""
    answered = error_of(RelyingParty().begin()[0])
    if "error" in answered:
        raise OAuthError(error=answered["error"], description=answered.get("error_description"))


def assertion_for_an_hour() -> None:
    party = RelyingParty()
    party.session.register_client_auth_method(PrivateKeyJWT(alg="ES256"))
    party.session.fetch_token(grant_type="client_credentials")


def userinfo_challenge() -> None:
    party = RelyingParty()
    party.session.token = {"access_token": "not-a-token", "token_type": "Bearer"}
    party.userinfo()


run(
    {
        "sign_in": sign_in,
        "client_credentials": client_credentials,
        "claims": claims,
        "prompt_none": prompt_none,
        "revocation": revocation,
        "introspection": introspection,
        "logout": logout,
        "wrong_verifier": wrong_verifier,
        "tampered_state": tampered_state,
        "wrong_secret": wrong_secret,
        "denied": denied,
        "assertion_for_an_hour": assertion_for_an_hour,
        "userinfo_challenge": userinfo_challenge,
    }
)
