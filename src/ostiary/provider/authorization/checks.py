"""What an authorization request has to satisfy: the checks, in the order in which they run.

Each takes the request as it was asked and as far as it has been proved, and returns it with what
it proves, or raises. To add a check: a function here, and a line in CHECKS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ostiary.domain.client import Client
from ostiary.domain.interaction import AuthorizationRequest
from ostiary.domain.issuer import Issuer
from ostiary.domain.profile import Profile
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.protocol.jose.jws import verify_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.pkce import parse_code_challenge
from ostiary.protocol.prompt import parse_max_age, parse_prompt
from ostiary.protocol.response_mode import parse_response_mode
from ostiary.protocol.scope import parse_scope
from ostiary.protocol.tokens import ACCESS_TOKEN_TYPE, Json
from ostiary.provider.authorization.locate import MAX_STATE_LENGTH, ReturnAddress
from ostiary.provider.exchange import refuse_repeated

MAX_NONCE_LENGTH = 1024
MAX_LOGIN_HINT_LENGTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came, from whom, at which issuer."""

    parameters: Parameters
    client: Client
    profile: Profile
    issuer: Issuer
    verification_keys: Mapping[str, Mapping[str, Json]]

    def get(self, name: str) -> str | None:
        return self.parameters.get(name)


Check = Callable[[Asked, AuthorizationRequest], AuthorizationRequest]


def check_repeated(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """RFC 6749 §3.1."""
    refuse_repeated(asked.parameters)
    return proved


def check_unsupported(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """OIDC Core §3.1.2.6: parameters that would change the meaning of the request."""
    for name, code in (
        ("request", ReasonCode.REQUEST_UNSUPPORTED),
        ("request_uri", ReasonCode.REQUEST_URI_UNSUPPORTED),
        ("registration", ReasonCode.REGISTRATION_UNSUPPORTED),
    ):
        if asked.get(name) is not None:
            raise code.refusal()
    return proved


def check_response_type(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """RFC 6749 §3.1.1."""
    response_type = asked.get("response_type")
    if response_type is None:
        raise ReasonCode.RESPONSE_TYPE_MISSING.refusal(expected="code")
    if response_type != "code":
        raise ReasonCode.RESPONSE_TYPE_UNSUPPORTED.refusal(expected="code", received=response_type)
    if "authorization_code" not in asked.client.grant_types:
        raise ReasonCode.GRANT_NOT_REGISTERED.refusal(
            expected=" ".join(sorted(asked.client.grant_types)), received="authorization_code"
        )
    return proved


def check_response_mode(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """OAuth Multiple Response Types §2.1."""
    sent = asked.get("response_mode")
    allowed = " ".join(sorted(asked.client.response_modes))
    try:
        mode = parse_response_mode(sent)
    except Malformed as error:
        raise ReasonCode.RESPONSE_MODE_UNSUPPORTED.refusal(
            expected=allowed, received=sent
        ) from error
    if mode not in asked.client.response_modes:
        raise ReasonCode.RESPONSE_MODE_UNSUPPORTED.refusal(expected=allowed, received=sent)
    return proved


def check_state_and_nonce(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """RFC 6749 §4.1.1, OIDC Core §3.1.2.1: returned as they came, so bounded."""
    state, nonce = asked.get("state"), asked.get("nonce")
    if len(state or "") > MAX_STATE_LENGTH or len(nonce or "") > MAX_NONCE_LENGTH:
        raise ReasonCode.STATE_TOO_LONG.refusal(
            expected=f"state of {MAX_STATE_LENGTH}, nonce of {MAX_NONCE_LENGTH} characters at most"
        )
    return replace(proved, nonce=nonce)


def check_scope(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """RFC 6749 §3.3; names that nobody here knows are dropped (OIDC Core §3.1.2.1)."""
    sent = asked.get("scope")
    try:
        wanted = parse_scope(sent)
    except Malformed as error:
        raise ReasonCode.SCOPE_MALFORMED.refusal(expected=error.expected, received=sent) from error
    known = wanted & asked.issuer.scopes
    # A client that cannot refresh has no use for offline access. OIDC Core §11.
    refreshing = "refresh_token" in asked.client.grant_types
    granted = known & asked.client.scopes - (frozenset() if refreshing else OFFLINE_SCOPES)
    refused = known - asked.client.scopes - OFFLINE_SCOPES
    # Nothing left of what was asked could not be told to the client: a scope is never empty.
    if refused or (wanted and not granted):
        raise ReasonCode.SCOPE_NOT_ALLOWED.refusal(
            expected=" ".join(sorted(asked.client.scopes)), received=sent
        )
    return replace(proved, scope=granted)


def check_code_challenge(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """RFC 7636 §4.3, §4.4."""
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if challenge is None:
        optional = not asked.client.require_pkce and asked.profile.pkce_may_be_optional
        if asked.client.public or not optional:
            raise ReasonCode.CODE_CHALLENGE_MISSING.refusal(expected="code_challenge with S256")
        return proved
    try:
        parsed = parse_code_challenge(challenge, method)
    except Malformed as error:
        raise ReasonCode.CODE_CHALLENGE_MALFORMED.refusal(
            expected=f"{error.what}: {error.expected}", received=f"{method}: {challenge}"
        ) from error
    return replace(proved, code_challenge=parsed)


def check_prompt(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """OIDC Core §3.1.2.1."""
    sent = asked.get("prompt")
    try:
        return replace(proved, prompt=parse_prompt(sent)) if sent else proved
    except Malformed as error:
        raise ReasonCode.PROMPT_MALFORMED.refusal(expected=error.expected, received=sent) from error


def check_max_age(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """OIDC Core §3.1.2.1."""
    sent = asked.get("max_age")
    try:
        return replace(proved, max_age=parse_max_age(sent)) if sent else proved
    except Malformed as error:
        raise ReasonCode.MAX_AGE_MALFORMED.refusal(
            expected=error.expected, received=sent
        ) from error


def check_hints(asked: Asked, proved: AuthorizationRequest) -> AuthorizationRequest:
    """OIDC Core §3.1.2.1: login_hint fills in a field; id_token_hint says who it has to be."""
    login_hint = (asked.get("login_hint") or "")[:MAX_LOGIN_HINT_LENGTH] or None
    hint = asked.get("id_token_hint")
    if hint is None:
        return replace(proved, login_hint=login_hint) if login_hint else proved
    try:
        token = verify_token(hint, asked.verification_keys)
    except Malformed as error:
        raise ReasonCode.ID_TOKEN_HINT_INVALID.refusal(expected=error.expected) from error
    # An expired ID token is a good hint; an access token is none.
    claims = token.claims
    subject = claims.get("sub")
    ours = claims.get("iss") == asked.issuer.url and claims.get("aud") == asked.client.client_id
    if token.type == ACCESS_TOKEN_TYPE or not ours or not isinstance(subject, str):
        raise ReasonCode.ID_TOKEN_HINT_INVALID.refusal(
            expected=f"an ID token of {asked.issuer.url} for {asked.client.client_id}"
        )
    return replace(proved, login_hint=login_hint, expected_subject=subject)


CHECKS: tuple[Check, ...] = (
    check_repeated,
    check_unsupported,
    check_response_type,
    check_response_mode,
    check_state_and_nonce,
    check_scope,
    check_code_challenge,
    check_prompt,
    check_max_age,
    check_hints,
)


def check_request(asked: Asked, address: ReturnAddress) -> AuthorizationRequest:
    """The request, with every check passed."""
    proved = AuthorizationRequest(
        client_id=asked.client.client_id,
        redirect_uri=address.redirect_uri,
        response_mode=address.mode,
        scope=frozenset(),
        state=address.state,
    )
    for check in CHECKS:
        proved = check(asked, proved)
    return proved
