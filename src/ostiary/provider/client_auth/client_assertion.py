"""private_key_jwt and client_secret_jwt: a token that the client signed. RFC 7521 §4.2, RFC 7523.

Clients of a strict profile address it to the issuer. Others may name any endpoint at which clients
authenticate: so do the contract's own tools and common libraries.
"""

from collections.abc import Mapping

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.domain.spent import SpentKind, spent_id
from ostiary.protocol.client_assertion import (
    ASSERTION_TYPE,
    AssertionId,
    ClientAssertion,
    check_assertion_claims,
    parse_client_assertion,
)
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth.assertion_signature import verify_assertion
from ostiary.provider.client_auth.registration import check_named, check_registered
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

MECHANISM = "client_assertion"
METHODS: Mapping[str, AuthMethod] = {
    "private_key_jwt": AuthMethod.PRIVATE_KEY_JWT,
    "client_secret_jwt": AuthMethod.CLIENT_SECRET_JWT,
}
# Where clients authenticate.
ENDPOINTS = ("token", "request", "token/revocation", "token/introspection")


def presented(_request: EndpointRequest, parameters: Parameters) -> bool:
    return any(parameters.get(name) for name in ("client_assertion", "client_assertion_type"))


async def authenticate(
    _request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
) -> Client:
    now = op.clock.now()
    assertion = _parse(parameters)
    client_id = assertion.claimed_client_id
    check_named(parameters, client_id)
    client = check_registered(await op.find_client(client_id), client_id, METHODS.values(), op)
    proved = await _check(assertion, client, op, now)
    await _spend(proved, client, op, now)
    return client


def _parse(parameters: Parameters) -> ClientAssertion:
    sent_type = parameters.get("client_assertion_type")
    if sent_type != ASSERTION_TYPE:
        raise ReasonCode.CLIENT_ASSERTION_INVALID.refusal(
            expected=f"client_assertion_type {ASSERTION_TYPE}", received=sent_type
        )
    try:
        return parse_client_assertion(parameters.get("client_assertion") or "")
    except Malformed as error:
        raise ReasonCode.CLIENT_ASSERTION_INVALID.refusal(expected=str(error)) from error


async def _check(
    assertion: ClientAssertion, client: Client, op: OpenIDProvider, now: int
) -> AssertionId:
    """What its signature and its claims prove."""
    strict = op.profile(client).strict_assertions
    try:
        verified = await verify_assertion(assertion.token, client, op, now)
        return check_assertion_claims(
            verified.claims,
            token_type=verified.type,
            client_id=client.client_id,
            audiences=_audiences(op.issuer, strict=strict),
            now=now,
            strict=strict,
            issued_from=op.epoch,
        )
    except Malformed as error:
        raise _refusal(error, assertion) from error


def _audiences(issuer: Issuer, *, strict: bool) -> frozenset[str]:
    """What may stand for us in `aud`. FAPI 2.0 §5.3.2.1 takes the issuer alone."""
    if strict:
        return frozenset({issuer.url})
    return frozenset({issuer.url, *map(issuer.endpoint, ENDPOINTS)})


async def _spend(proved: AssertionId, client: Client, op: OpenIDProvider, now: int) -> None:
    """An assertion works once. RFC 7523 §3, item 7."""
    first = await op.store.spent.add(
        op.issuer.issuer_id,
        spent_id(SpentKind.ASSERTION, client.client_id, proved.jti),
        expires_at=proved.expires_at,
        now=now,
    )
    if not first:
        raise ReasonCode.CLIENT_ASSERTION_USED.refusal(
            expected="a jti that was not used before", received=proved.jti
        )


def _refusal(error: Malformed, assertion: ClientAssertion) -> Refusal:
    """With what the token says of the member that is wrong, or else how it is signed."""
    token = assertion.token
    members = {**token.claims, **token.header}
    received = members.get(error.what, f"a token with alg {token.algorithm} and kid {token.kid}")
    return ReasonCode.CLIENT_ASSERTION_INVALID.refusal(expected=str(error), received=received)
