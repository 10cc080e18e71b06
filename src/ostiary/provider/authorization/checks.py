"""What an authorization request has to satisfy: the checks, in the order in which they run.

Each takes the request as it was asked and what has been proved of it, and adds what it proves, or
raises. To add a check: a function here, and a line in CHECKS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from ostiary.domain.client import Client
from ostiary.domain.interaction import AuthorizationRequest
from ostiary.domain.issuer import Issuer
from ostiary.domain.profile import Profile
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.protocol.base64url import decode_base64url
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.pkce import parse_code_challenge
from ostiary.protocol.prompt import Prompt, parse_max_age, parse_prompt
from ostiary.protocol.response_mode import parse_response_mode
from ostiary.protocol.scope import parse_scope
from ostiary.protocol.tokens import Json
from ostiary.provider.authorization.locate import MAX_STATE_LENGTH, ReturnAddress
from ostiary.provider.authorization.wanted import read_wanted
from ostiary.provider.exchange import refuse_repeated
from ostiary.provider.id_token_hint import parse_id_token_hint

MAX_NONCE_LENGTH = 1024
MAX_LOGIN_HINT_LENGTH = 256
THUMBPRINT_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came, from whom, at which issuer."""

    parameters: Parameters
    client: Client
    profile: Profile
    issuer: Issuer
    verification_keys: Mapping[str, Mapping[str, Json]]
    # Whether it came by a push; `proof_jkt` is the key of the DPoP proof that came with it.
    pushed: bool = False
    proof_jkt: str | None = None

    def get(self, name: str) -> str | None:
        return self.parameters.values.get(name)


class Proved(TypedDict, total=False):
    """The members of the AuthorizationRequest, as far as they have been proved."""

    nonce: str | None
    scope: frozenset[str]
    code_challenge: str
    institution_id: str
    dpop_jkt: str
    prompt: frozenset[Prompt]
    max_age: int | None
    claims: str | None
    expected_subjects: frozenset[str] | None
    levels: frozenset[str]
    level_required: bool
    login_hint: str | None


Check = Callable[[Asked, Proved], None]


def check_repeated(asked: Asked, proved: Proved) -> None:
    """RFC 6749 §3.1."""
    refuse_repeated(asked.parameters)


def check_pushed(asked: Asked, proved: Proved) -> None:
    """RFC 9126 §5, §6: who has to push does not come by the browser."""
    if not asked.pushed and (asked.client.require_par or asked.profile.requires_par):
        raise ReasonCode.PUSHED_REQUEST_REQUIRED.refusal(expected="a request_uri of a push")


def check_unsupported(asked: Asked, proved: Proved) -> None:
    """OIDC Core §3.1.2.6: parameters that would change the meaning of the request."""
    for name, code in (
        ("request", ReasonCode.REQUEST_UNSUPPORTED),
        ("request_uri", ReasonCode.REQUEST_URI_UNSUPPORTED),
        ("registration", ReasonCode.REGISTRATION_UNSUPPORTED),
    ):
        if asked.get(name) is not None:
            raise code.refusal()


def check_response_type(asked: Asked, proved: Proved) -> None:
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


def check_response_mode(asked: Asked, proved: Proved) -> None:
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


def check_state_and_nonce(asked: Asked, proved: Proved) -> None:
    """RFC 6749 §4.1.1, OIDC Core §3.1.2.1: returned as they came, so bounded."""
    state, nonce = asked.get("state"), asked.get("nonce")
    if len(state or "") > MAX_STATE_LENGTH or len(nonce or "") > MAX_NONCE_LENGTH:
        raise ReasonCode.STATE_TOO_LONG.refusal(
            expected=f"state of {MAX_STATE_LENGTH}, nonce of {MAX_NONCE_LENGTH} characters at most"
        )
    proved["nonce"] = nonce


def check_scope(asked: Asked, proved: Proved) -> None:
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
    proved["scope"] = granted


def check_code_challenge(asked: Asked, proved: Proved) -> None:
    """RFC 7636 §4.3, §4.4."""
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if challenge is None:
        optional = not asked.client.require_pkce and asked.profile.pkce_may_be_optional
        if asked.client.public or not optional:
            raise ReasonCode.CODE_CHALLENGE_MISSING.refusal(expected="code_challenge with S256")
        return
    try:
        parsed = parse_code_challenge(challenge, method)
    except Malformed as error:
        raise ReasonCode.CODE_CHALLENGE_MALFORMED.refusal(
            expected=f"{error.what}: {error.expected}", received=f"{method}: {challenge}"
        ) from error
    proved["code_challenge"] = parsed


def check_institution(asked: Asked, proved: Proved) -> None:
    """A parameter of our own: for which of the client's institutions the tokens are to be."""
    wanted = asked.get("institution")
    if wanted is None:
        return
    if wanted not in asked.client.institution_ids:
        raise ReasonCode.INSTITUTION_OTHER.refusal(
            expected=" ".join(asked.client.institution_ids), received=wanted
        )
    proved["institution_id"] = wanted


def check_dpop_jkt(asked: Asked, proved: Proved) -> None:
    """RFC 9449 §10, §10.1: the key that the code is bound to, named or shown by a proof."""
    named = asked.get("dpop_jkt")
    if named is not None and not _is_thumbprint(named):
        raise ReasonCode.DPOP_JKT_MALFORMED.refusal(
            expected="43 characters of base64url", received=named
        )
    if named is not None and asked.proof_jkt not in (None, named):
        raise ReasonCode.DPOP_JKT_OTHER.refusal(expected=named, received=asked.proof_jkt)
    jkt = named or asked.proof_jkt
    if jkt:
        proved["dpop_jkt"] = jkt


def _is_thumbprint(text: str) -> bool:
    try:
        return len(decode_base64url(text)) == THUMBPRINT_LENGTH
    except Malformed:
        return False


def check_prompt(asked: Asked, proved: Proved) -> None:
    """OIDC Core §3.1.2.1."""
    sent = asked.get("prompt")
    try:
        if sent:
            proved["prompt"] = parse_prompt(sent)
    except Malformed as error:
        raise ReasonCode.PROMPT_MALFORMED.refusal(expected=error.expected, received=sent) from error


def check_max_age(asked: Asked, proved: Proved) -> None:
    """OIDC Core §3.1.2.1."""
    sent = asked.get("max_age")
    try:
        if sent:
            proved["max_age"] = parse_max_age(sent)
    except Malformed as error:
        raise ReasonCode.MAX_AGE_MALFORMED.refusal(
            expected=error.expected, received=sent
        ) from error


def check_claims(asked: Asked, proved: Proved) -> None:
    """OIDC Core §5.5, and acr_values of §3.1.2.1."""
    claims, acr_values = asked.get("claims"), asked.get("acr_values")
    if claims is None and acr_values is None:
        return
    wanted = read_wanted(claims, acr_values, asked.client, asked.issuer)
    proved["claims"] = wanted.claims
    proved["expected_subjects"] = wanted.subjects
    proved["levels"] = wanted.levels
    proved["level_required"] = wanted.level_required


def check_hints(asked: Asked, proved: Proved) -> None:
    """OIDC Core §3.1.2.1: login_hint fills in a field; id_token_hint says who it has to be."""
    login_hint = asked.get("login_hint")
    if login_hint is not None:
        proved["login_hint"] = login_hint[:MAX_LOGIN_HINT_LENGTH]
    hint = asked.get("id_token_hint")
    if hint is None:
        return
    try:
        hinted = parse_id_token_hint(hint, asked.verification_keys, asked.issuer.url)
    except Malformed as error:
        raise ReasonCode.ID_TOKEN_HINT_INVALID.refusal(expected=error.expected) from error
    if hinted.client_id != asked.client.client_id:
        raise ReasonCode.ID_TOKEN_HINT_INVALID.refusal(
            expected=f"an ID token for {asked.client.client_id}"
        )
    expected, wanted = frozenset({hinted.subject}), proved.get("expected_subjects")
    proved["expected_subjects"] = expected if wanted is None else expected & wanted


CHECKS: tuple[Check, ...] = (
    check_repeated,
    check_pushed,
    check_unsupported,
    check_response_type,
    check_response_mode,
    check_state_and_nonce,
    check_scope,
    check_code_challenge,
    check_dpop_jkt,
    check_institution,
    check_prompt,
    check_max_age,
    check_claims,
    check_hints,
)


def check_request(asked: Asked, address: ReturnAddress) -> AuthorizationRequest:
    """The request, with every check passed."""
    proved: Proved = {"scope": frozenset()}
    for check in CHECKS:
        check(asked, proved)
    return AuthorizationRequest(
        client_id=asked.client.client_id,
        redirect_uri=address.redirect_uri,
        response_mode=address.mode,
        state=address.state,
        **proved,
    )
