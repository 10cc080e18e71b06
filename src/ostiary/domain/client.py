"""A client: a registered relying party, "external application" in texts that people read."""

from dataclasses import dataclass
from enum import StrEnum

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.response_mode import ResponseMode


class AuthMethod(StrEnum):
    """How a client proves who it is. OIDC Core §9.

    CLIENT_SECRET covers both client_secret_basic and client_secret_post: common client libraries
    guess, trying one and then the other.
    """

    CLIENT_SECRET = "client_secret"  # noqa: S105  a name
    PRIVATE_KEY_JWT = "private_key_jwt"
    NONE = "none"


class ApplicationType(StrEnum):
    WEB = "web"
    NATIVE = "native"


class RefreshTokens(StrEnum):
    """When a client gets a refresh token: for an offline scope, or with every grant of a user."""

    OFFLINE_SCOPE = "offline_scope"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """A secret as it is kept: SHA-256 of 256 random bits needs no salt and no stretching."""

    secret_id: str
    sha256: str
    created_at: int
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    client_id: str
    name: str
    institution_id: str
    auth_method: AuthMethod
    secrets: tuple[ClientSecret, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset({"authorization_code", "refresh_token"})
    scopes: frozenset[str] = frozenset()
    response_modes: frozenset[ResponseMode] = frozenset(ResponseMode)
    application_type: ApplicationType = ApplicationType.WEB
    id_token_algorithm: Algorithm = Algorithm.RS256
    require_pkce: bool = True
    consent_required: bool = True
    refresh_tokens: RefreshTokens = RefreshTokens.OFFLINE_SCOPE
    # Seconds in which the predecessor of a refresh token still gives its successor; 0 is off.
    refresh_grace: int = 30
    profile_name: str | None = None
    disabled_at: int | None = None
    # Counts the changes, so that two operators cannot undo each other's unseen.
    revision: int = 0

    @property
    def native(self) -> bool:
        return self.application_type is ApplicationType.NATIVE

    @property
    def public(self) -> bool:
        return self.auth_method is AuthMethod.NONE
