"""An interaction: a pending authorization request, while the person is asked."""

from dataclasses import dataclass

from ostiary.protocol.prompt import Prompt
from ostiary.protocol.response_mode import ResponseMode


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A validated authorization request: every member has been checked. OIDC Core §3.1.2.1."""

    client_id: str
    redirect_uri: str
    response_mode: ResponseMode
    scope: frozenset[str]
    state: str | None = None
    nonce: str | None = None
    prompt: frozenset[Prompt] = frozenset()
    max_age: int | None = None
    login_hint: str | None = None
    # Whoever signs in has to be one of these: the id_token_hint or a wanted `sub` says so.
    expected_subjects: frozenset[str] | None = None
    code_challenge: str | None = None
    # The claims parameter, checked, as canonical JSON. OIDC Core §5.5.
    claims: str | None = None
    # The security levels of which one is wanted, and whether the sign-in fails without.
    levels: frozenset[str] = frozenset()
    level_required: bool = False
    # The thumbprint of the key that the code is bound to. RFC 9449 §10.
    dpop_jkt: str | None = None
    # The institution that the client asks for, of its several.
    institution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRequest:
    """A request that its client has pushed, checked as far as it can be then. RFC 9126 §2."""

    pushed_id: bytes
    request: AuthorizationRequest
    expires_at: int
    completed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """`browser_id` binds it to the browser that began it. The rest is what has been proved so far.

    `identifier` is the username that was typed; `signed_in_session` is the session in which the person
    signed in *for this request*; `institution_id` is the one that they chose. `pushed_id` names the
    pushed request that it stands on, which it spends when it ends (RFC 9126 §4).
    """

    interaction_id: bytes
    browser_id: bytes
    request: AuthorizationRequest
    created_at: int
    expires_at: int
    identifier: str | None = None
    signed_in_session: bytes | None = None
    account_chosen: bool = False
    another_account: bool = False
    institution_id: str | None = None
    pushed_id: bytes | None = None
    finished_at: int | None = None

    @property
    def wanted_institution_id(self) -> str | None:
        """The one that the client asked for, or else that the person chose."""
        return self.request.institution_id or self.institution_id
