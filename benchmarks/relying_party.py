"""A client of a running provider: endpoints by discovery, requests, checks of the answers."""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from benchmarks.messages import Answer, Endpoint, LoadError, send
from benchmarks.walker import Browser

CLIENT_ID = "demo-web"
CLIENT_SECRET = "demo-web-secret"
REDIRECT_URI = "http://localhost:8080/auth/cb"

JsonObject = dict[str, object]


def discovery_url(issuer: str) -> str:
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The secrets that one authorization request is tied to."""

    state: str
    verifier: str

    @classmethod
    def fresh(cls) -> "Attempt":
        return cls(state=token_urlsafe(16), verifier=token_urlsafe(32))

    @property
    def challenge(self) -> str:
        digest = sha256(self.verifier.encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A browser's session at the provider, and the tokens of the sign-in that began it."""

    cookie_header: str
    tokens: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """The confidential client demo-web, using client_secret_basic and PKCE."""

    discovery: Endpoint
    authorization_url: str
    authorization: Endpoint
    token: Endpoint
    userinfo: Endpoint
    jwks: Endpoint
    answers: Mapping[str, str]
    """What the person at the browser types and presses, by the name of the field."""

    @classmethod
    def discover(cls, issuer: str, answers: Mapping[str, str]) -> "RelyingParty":
        discovery = Endpoint.parse(discovery_url(issuer))
        metadata = json_object(send(discovery.origin, discovery.get()))
        authorization_url = text(metadata, "authorization_endpoint")
        return cls(
            discovery=discovery,
            authorization_url=authorization_url,
            authorization=Endpoint.parse(authorization_url),
            token=Endpoint.parse(text(metadata, "token_endpoint")),
            userinfo=Endpoint.parse(text(metadata, "userinfo_endpoint")),
            jwks=Endpoint.parse(text(metadata, "jwks_uri")),
            answers=answers,
        )

    def authorization_query(self, attempt: Attempt, scope: str) -> dict[str, str]:
        return {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": scope,
            "state": attempt.state,
            "nonce": attempt.state,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }

    def token_request(self, form: Mapping[str, str]) -> bytes:
        return self.token.post(form, {"Authorization": BASIC_CREDENTIALS})

    def code_request(self, attempt: Attempt, code: str) -> bytes:
        return self.token_request(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": attempt.verifier,
            }
        )

    def userinfo_request(self, access_token: str) -> bytes:
        return self.userinfo.get(headers={"Authorization": f"Bearer {access_token}"})

    def sign_in(self, scope: str, **parameters: str) -> SignedIn:
        """Signs the person in with a new browser and redeems the code."""
        attempt, browser = Attempt.fresh(), Browser()
        query = urlencode(self.authorization_query(attempt, scope) | parameters)
        url = f"{self.authorization_url}?{query}"
        callback = browser.walk(url, until=REDIRECT_URI, answers=self.answers)
        answer = send(self.token.origin, self.code_request(attempt, read_code(callback, attempt)))
        return SignedIn(cookie_header=browser.cookie_header, tokens=read_tokens(answer))


def basic_credentials(client_id: str, client_secret: str) -> str:
    """RFC 6749 §2.3.1: both are form-encoded before they are joined."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"


BASIC_CREDENTIALS = basic_credentials(CLIENT_ID, CLIENT_SECRET)


def read_code(location: str, attempt: Attempt) -> str:
    """The code of an authorization response, once its state is ours."""
    query = parse_qs(urlsplit(location).query)
    if not location.startswith(REDIRECT_URI) or query.get("state") != [attempt.state]:
        raise LoadError(f"not the answer to our authorization request: {location}")
    if "code" not in query:
        raise LoadError(f"no code: {location}")
    return query["code"][0]


def read_tokens(answer: Answer) -> JsonObject:
    tokens = json_object(answer)
    text(tokens, "access_token")
    return tokens


def json_object(answer: Answer) -> JsonObject:
    if answer.status != 200:
        raise LoadError(f"{answer.status} instead of 200: {answer.body[:500]!r}")
    value: object = json.loads(answer.body)
    if not isinstance(value, dict):
        raise LoadError(f"not a JSON object: {answer.body[:500]!r}")
    return value


def text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise LoadError(f"no {name} among {sorted(values)}")
    return value


def signature_algorithm(token: str) -> str:
    """The `alg` of a JWT; an opaque token has none."""
    if token.count(".") != 2:
        return "opaque"
    header = token.partition(".")[0]
    fields: object = json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    return text(fields, "alg") if isinstance(fields, dict) else "opaque"
