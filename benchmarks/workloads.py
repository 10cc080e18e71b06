"""What is measured: each workload prepares the operation that each connection repeats.

To add a workload, write a function like those below and list it in WORKLOADS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.load import Exchange, Operation
from benchmarks.messages import Answer, Endpoint, LoadError, send
from benchmarks.relying_party import (
    SCOPE,
    Attempt,
    RelyingParty,
    SignedIn,
    json_object,
    read_code,
    read_tokens,
    signature_algorithm,
    text,
)
from benchmarks.subjects import Tokens, Variant
from benchmarks.walker import Browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running subject, and how it must be asked so that it does the work that is compared."""

    party: RelyingParty
    variant: Variant
    answers: Callable[[int], Mapping[str, str]]
    """What a person types and presses on the pages, by the name of the field."""

    browsers: dict[int, Browser] = field(default_factory=dict)
    """Each person's, which stays signed in."""

    def sign_in(self, person: int, **query: str) -> SignedIn:
        browser = self.browsers.setdefault(person, Browser())
        return self.party.sign_in(browser, self.answers(person), query)


def discovery(target: Target, connections: int) -> list[Operation]:
    return [document(target.party.discovery, "issuer")] * connections


def jwks(target: Target, connections: int) -> list[Operation]:
    return [document(target.party.jwks, "keys")] * connections


def document(endpoint: Endpoint, member: str) -> Operation:
    """Fetching a JSON document that holds the member and stays the same."""
    request = endpoint.get()
    expected = send(endpoint.origin, request)
    if member not in json_object(expected):
        raise LoadError(f"no {member} in {expected.body[:500]!r}")
    return repeat(request, expected)


def repeat(request: bytes, expected: Answer) -> Operation:
    def operation() -> Exchange:
        answer = yield request
        if answer.status != expected.status or answer.body != expected.body:
            raise LoadError(f"{answer.status}, not as before: {answer.body[:500]!r}")

    return operation


CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


def client_credentials(target: Target, connections: int) -> list[Operation]:
    request = target.party.token_request(CLIENT_CREDENTIALS)
    check_access_token(target, read_tokens(send(target.party.token.origin, request)))

    def operation() -> Exchange:
        read_tokens((yield request))

    return [operation] * connections


def client_credentials_jwt(target: Target, connections: int) -> list[Operation]:
    request = target.party.assertion_request(CLIENT_CREDENTIALS)
    check_access_token(target, read_tokens(send(target.party.token.origin, request)))

    def operation() -> Exchange:
        read_tokens((yield target.party.assertion_request(CLIENT_CREDENTIALS)))

    return [operation] * connections


def refresh(target: Target, connections: int) -> list[Operation]:
    return [rotation(target, number) for number in range(connections)]


def rotation(target: Target, person: int) -> Operation:
    """Refreshing one sign-in's tokens, each time with the successor of the last refresh token."""
    api = target.variant.api
    resource = {} if api is None else {"resource": api}
    scope = f"{SCOPE} offline_access" + ("" if api is None else " api:read")
    signed_in = target.sign_in(person, scope=scope, prompt="consent", **resource)
    return rotate_from(target, text(signed_in.tokens, "refresh_token"), resource)


def rotate_from(target: Target, refresh_token: str, resource: Mapping[str, str]) -> Operation:
    form = {"grant_type": "refresh_token", **resource}
    request = target.party.token_request(form | {"refresh_token": refresh_token})
    first = read_tokens(send(target.party.token.origin, request))
    check_access_token(target, first)
    check_algorithm(first, "id_token", target.variant.id_token)
    refresh_token = text(first, "refresh_token")

    def operation() -> Exchange:
        nonlocal refresh_token
        tokens = read_tokens(
            (yield target.party.token_request(form | {"refresh_token": refresh_token}))
        )
        text(tokens, "id_token")
        successor = text(tokens, "refresh_token")
        if successor == refresh_token:
            raise LoadError("the refresh token was not rotated")
        refresh_token = successor

    return operation


def userinfo(target: Target, connections: int) -> list[Operation]:
    return [claims_of_one(target, number) for number in range(connections)]


def claims_of_one(target: Target, person: int) -> Operation:
    signed_in = target.sign_in(person)
    request = target.party.userinfo_request(text(signed_in.tokens, "access_token"))
    expected = send(target.party.userinfo.origin, request)
    check_claims(expected)
    return repeat(request, expected)


def introspection(target: Target, connections: int) -> list[Operation]:
    return [introspection_of_one(target, number) for number in range(connections)]


def introspection_of_one(target: Target, person: int) -> Operation:
    """The client asks about an access token of its own."""
    signed_in = target.sign_in(person)
    endpoint = target.party.endpoint("introspection_endpoint")
    token = text(signed_in.tokens, "access_token")
    request = endpoint.post({"token": token}, target.party.registration.basic)
    expected = send(endpoint.origin, request)
    if json_object(expected).get("active") is not True:
        raise LoadError(f"not active: {expected.body[:500]!r}")
    return repeat(request, expected)


def pushed_request(target: Target, connections: int) -> list[Operation]:
    """RFC 9126 §2.1."""
    party = target.party
    endpoint = party.endpoint("pushed_authorization_request_endpoint")

    def operation() -> Exchange:
        query = party.authorization_query(Attempt.fresh())
        answer = yield endpoint.post(query, party.registration.basic)
        text(json_object(answer, 201), "request_uri")

    return [operation] * connections


def code_flow(target: Target, connections: int) -> list[Operation]:
    return [flow_of_one(target, number) for number in range(connections)]


def flow_of_one(target: Target, person: int) -> Operation:
    """Authorization with a live session, code exchange, userinfo: three requests."""
    party = target.party
    signed_in = target.sign_in(person)
    check_algorithm(signed_in.tokens, "id_token", target.variant.id_token)
    headers = {"Cookie": signed_in.cookie_header}

    def operation() -> Exchange:
        attempt = Attempt.fresh()
        query = party.authorization_query(attempt)
        redirect = yield party.authorization.get(query, headers)
        tokens = read_tokens((yield party.code_request(attempt, read_redirect(redirect, attempt))))
        text(tokens, "id_token")
        check_claims((yield party.userinfo_request(text(tokens, "access_token"))))

    return operation


def sign_in(target: Target, connections: int) -> list[Operation]:
    return [sign_in_of_one(target, number) for number in range(connections)]


def sign_in_of_one(target: Target, person: int) -> Operation:
    """A new browser each time: the pages, the password, the code exchange."""
    party = target.party
    answers = target.answers(person)

    def operation() -> Exchange:
        attempt = Attempt.fresh()
        query = party.authorization_query(attempt)
        callback = yield from party.walk(Browser(), query, answers)
        tokens = read_tokens((yield party.code_request(attempt, read_code(callback, attempt))))
        text(tokens, "id_token")

    return operation


def read_redirect(answer: Answer, attempt: Attempt) -> str:
    if answer.status not in (302, 303):
        raise LoadError(f"{answer.status} instead of a redirect: {answer.body[:500]!r}")
    return read_code(answer.header("location") or "", attempt)


def check_claims(answer: Answer) -> None:
    claims = json_object(answer)
    for name in ("sub", "name", "email"):
        text(claims, name)


def check_access_token(target: Target, tokens: Mapping[str, object]) -> None:
    check_algorithm(tokens, "access_token", target.variant.access_token)


def check_algorithm(tokens: Mapping[str, object], name: str, expected: str) -> None:
    """Whether the subject does the work that its row in the report says."""
    found = signature_algorithm(text(tokens, name))
    if found != expected:
        raise LoadError(f"{name} is signed with {found}, not with {expected}")


ANY_TOKENS = Tokens()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One row of the report: its name and how its operations are prepared, unmeasured."""

    name: str
    prepare: Callable[[Target, int], list[Operation]]
    tokens: Tokens = ANY_TOKENS


Prepare = Callable[[Target, int], list[Operation]]


def with_access_tokens(name: str, prepare: Prepare) -> tuple[Workload, ...]:
    return tuple(
        Workload(name=f"{name} {each}", prepare=prepare, tokens=Tokens(access_token=each))
        for each in ("RS256", "ES256")
    )


def with_id_tokens(name: str, prepare: Prepare) -> tuple[Workload, ...]:
    return tuple(
        Workload(name=f"{name} {each}", prepare=prepare, tokens=Tokens(id_token=each))
        for each in ("RS256", "ES256")
    )


WORKLOADS = (
    *with_access_tokens("client_credentials", client_credentials),
    *with_access_tokens("client_credentials_jwt", client_credentials_jwt),
    *with_id_tokens("refresh", refresh),
    Workload(name="userinfo", prepare=userinfo),
    Workload(name="introspection", prepare=introspection),
    *with_id_tokens("code_flow", code_flow),
    Workload(name="pushed_request", prepare=pushed_request),
    Workload(name="discovery", prepare=discovery),
    Workload(name="jwks", prepare=jwks),
    Workload(name="sign_in", prepare=sign_in),
)
