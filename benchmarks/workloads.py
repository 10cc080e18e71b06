"""What is measured: each workload prepares the operation that each connection repeats.

To add a workload, write a function like those below and list it in WORKLOADS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.load import Exchange, Operation
from benchmarks.messages import Answer, Endpoint, LoadError, send
from benchmarks.relying_party import (
    Attempt,
    RelyingParty,
    json_object,
    read_code,
    read_tokens,
    signature_algorithm,
    text,
)

SCOPE = "openid profile email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running subject, and how it must be asked so that it does the work that is compared."""

    party: RelyingParty
    access_token_algorithm: str
    api: str | None
    """The resource (RFC 8707) without which refreshed access tokens are opaque."""


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


def client_credentials(target: Target, connections: int) -> list[Operation]:
    request = target.party.token_request({"grant_type": "client_credentials"})
    first = read_tokens(send(target.party.token.origin, request))
    check_algorithm(first, "access_token", target.access_token_algorithm)

    def operation() -> Exchange:
        read_tokens((yield request))

    return [operation] * connections


def refresh(target: Target, connections: int) -> list[Operation]:
    return [rotation(target) for _ in range(connections)]


def rotation(target: Target) -> Operation:
    """Refreshing one sign-in's tokens, each time with the successor of the last refresh token."""
    resource = {} if target.api is None else {"resource": target.api}
    scope = f"{SCOPE} offline_access" + ("" if target.api is None else " api:read")
    signed_in = target.party.sign_in(scope, prompt="consent", **resource)
    form = {"grant_type": "refresh_token", **resource}
    first = read_tokens(
        send(
            target.party.token.origin,
            target.party.token_request(
                form | {"refresh_token": text(signed_in.tokens, "refresh_token")}
            ),
        )
    )
    check_algorithm(first, "access_token", target.access_token_algorithm)
    check_algorithm(first, "id_token", "RS256")
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
    return [claims_of_one(target) for _ in range(connections)]


def claims_of_one(target: Target) -> Operation:
    signed_in = target.party.sign_in(SCOPE)
    request = target.party.userinfo_request(text(signed_in.tokens, "access_token"))
    expected = send(target.party.userinfo.origin, request)
    check_claims(expected)
    return repeat(request, expected)


def code_flow(target: Target, connections: int) -> list[Operation]:
    return [flow_of_one(target) for _ in range(connections)]


def flow_of_one(target: Target) -> Operation:
    """Authorization with a live session, code exchange, userinfo: three requests."""
    party = target.party
    signed_in = party.sign_in(SCOPE)
    check_algorithm(signed_in.tokens, "id_token", "RS256")

    def operation() -> Exchange:
        attempt = Attempt.fresh()
        redirect = yield party.authorization.get(
            party.authorization_query(attempt, SCOPE), {"Cookie": signed_in.cookie_header}
        )
        tokens = read_tokens((yield party.code_request(attempt, read_redirect(redirect, attempt))))
        text(tokens, "id_token")
        check_claims((yield party.userinfo_request(text(tokens, "access_token"))))

    return operation


def read_redirect(answer: Answer, attempt: Attempt) -> str:
    if answer.status not in (302, 303):
        raise LoadError(f"{answer.status} instead of a redirect: {answer.body[:500]!r}")
    return read_code(answer.header("location") or "", attempt)


def check_claims(answer: Answer) -> None:
    claims = json_object(answer)
    for name in ("sub", "name", "email"):
        text(claims, name)


def check_algorithm(tokens: Mapping[str, object], name: str, expected: str) -> None:
    """Whether the subject does the work that its column in the report says."""
    found = signature_algorithm(text(tokens, name))
    if found != expected:
        raise LoadError(f"{name} is signed with {found}, not with {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One line of the report: its name and how its operations are prepared, unmeasured."""

    name: str
    prepare: Callable[[Target, int], list[Operation]]


WORKLOADS = (
    Workload(name="client_credentials", prepare=client_credentials),
    Workload(name="refresh", prepare=refresh),
    Workload(name="userinfo", prepare=userinfo),
    Workload(name="discovery", prepare=discovery),
    Workload(name="jwks", prepare=jwks),
    Workload(name="code_flow", prepare=code_flow),
)
