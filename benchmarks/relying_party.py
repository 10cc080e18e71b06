"""A client of a running provider: endpoints by discovery, requests, checks of the answers."""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from benchmarks.assertions import AssertionKey
from benchmarks.messages import Answer, Endpoint, LoadError, send
from benchmarks.walker import Browser, Walk

REDIRECT_URI = "http://localhost:8080/auth/cb"

SCOPE = "openid profile email"

JsonObject = dict[str, object]
Query = Mapping[str, str]


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
class Registration:
    """What a client knows of itself: with a secret (client_secret_basic), and a key for its service."""

    client_id: str
    client_secret: str
    service_id: str
    key: AssertionKey

    @property
    def basic(self) -> Mapping[str, str]:
        """RFC 6749 §2.3.1: both are form-encoded before they are joined."""
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """A confidential client that uses PKCE, at the provider that it discovered."""

    registration: Registration
    metadata: JsonObject
    discovery: Endpoint
    authorization: Endpoint
    token: Endpoint
    userinfo: Endpoint
    jwks: Endpoint

    @classmethod
    def discover(cls, issuer: str, registration: Registration) -> "RelyingParty":
        discovery = Endpoint.parse(discovery_url(issuer))
        metadata = json_object(send(discovery.origin, discovery.get()))
        further = Endpoint.parse(f"{issuer}/.well-known/oauth-authorization-server")
        answer = send(further.origin, further.get())
        if answer.status == 200:
            # RFC 8414 §3: some name endpoints of OAuth there alone.
            metadata = json_object(answer) | metadata
        return cls(
            registration=registration,
            metadata=metadata,
            discovery=discovery,
            authorization=Endpoint.parse(text(metadata, "authorization_endpoint")),
            token=Endpoint.parse(text(metadata, "token_endpoint")),
            userinfo=Endpoint.parse(text(metadata, "userinfo_endpoint")),
            jwks=Endpoint.parse(text(metadata, "jwks_uri")),
        )

    @property
    def issuer(self) -> str:
        return text(self.metadata, "issuer")

    def endpoint(self, name: str) -> Endpoint:
        return Endpoint.parse(text(self.metadata, name))

    def authorization_query(self, attempt: Attempt) -> dict[str, str]:
        return {
            "client_id": self.registration.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.state,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }

    def token_request(self, form: Mapping[str, str]) -> bytes:
        return self.token.post(form, self.registration.basic)

    def assertion_request(self, form: Mapping[str, str]) -> bytes:
        """The same by private_key_jwt, with an assertion of its own. RFC 7523 §2.2."""
        registration = self.registration
        assertion = registration.key.assertion(registration.service_id, self.issuer)
        return self.token.post(
            {
                **form,
                "client_id": registration.service_id,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion,
            }
        )

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

    def walk(self, browser: Browser, query: Query, answers: Mapping[str, str]) -> Walk:
        """From the authorization request through the pages to the address of the callback."""
        url = f"{self.authorization.url}?{urlencode(query)}"
        return browser.walk(url, until=REDIRECT_URI, answers=answers)

    def sign_in(self, browser: Browser, answers: Mapping[str, str], query: Query) -> SignedIn:
        """Through the pages that the browser is shown, and redeems the code."""
        attempt = Attempt.fresh()
        query = {**self.authorization_query(attempt), **query}
        callback = send_all(self.token, self.walk(browser, query, answers))
        answer = send(self.token.origin, self.code_request(attempt, read_code(callback, attempt)))
        return SignedIn(cookie_header=browser.cookie_header, tokens=read_tokens(answer))


def send_all(endpoint: Endpoint, walk: Walk) -> str:
    """The walk, one request after the other."""
    request = next(walk)
    while True:
        try:
            request = walk.send(send(endpoint.origin, request))
        except StopIteration as end:
            return str(end.value)


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


def json_object(answer: Answer, status: int = 200) -> JsonObject:
    if answer.status != status:
        raise LoadError(f"{answer.status} instead of {status}: {answer.body[:500]!r}")
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
