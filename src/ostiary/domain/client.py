"""A client: a registered relying party, "external application" in texts that people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.response_mode import ResponseMode
from ostiary.protocol.web_origin import origin_of


class AuthMethod(StrEnum):
    """How a client proves who it is. OIDC Core §9.

    CLIENT_SECRET covers both client_secret_basic and client_secret_post: common client libraries
    guess, trying one and then the other.
    """

    CLIENT_SECRET = "client_secret"  # noqa: S105  a name
    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET_JWT = "client_secret_jwt"  # noqa: S105  a name
    NONE = "none"


class ApplicationType(StrEnum):
    WEB = "web"
    NATIVE = "native"


class RefreshTokens(StrEnum):
    """When a client gets a refresh token: for an offline scope, or with every grant of a user."""

    OFFLINE_SCOPE = "offline_scope"
    ALWAYS = "always"


class SubjectType(StrEnum):
    """Whether all clients see the same `sub` of a person, or each sector its own. OIDC Core §8."""

    PUBLIC = "public"
    PAIRWISE = "pairwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """A secret as it is kept: SHA-256 of 256 random bits needs no salt and no stretching.

    `sealed` is the secret itself under the master key (base64url), for client_secret_jwt alone: an
    HMAC can be checked by nobody who has only a hash.
    """

    secret_id: str
    sha256: str
    created_at: int
    expires_at: int | None = None
    sealed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    client_id: str
    name: str
    institution_id: str
    auth_method: AuthMethod
    # Further institutions for which the person may choose to use it.
    further_institution_ids: tuple[str, ...] = ()
    secrets: tuple[ClientSecret, ...] = ()
    # Public JWKs for private_key_jwt; or else where the client publishes them.
    public_keys: tuple[Mapping[str, str], ...] = ()
    jwks_uri: str | None = None
    # The one algorithm of its assertions; None is any that its profile allows.
    assertion_algorithm: Algorithm | None = None
    redirect_uris: tuple[str, ...] = ()
    # Where the browser may go after signing out, besides the redirect URIs.
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    # Origins whose scripts may read our answers, besides those of a public client's redirect URIs.
    web_origins: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset({"authorization_code", "refresh_token"})
    scopes: frozenset[str] = frozenset()
    response_modes: frozenset[ResponseMode] = frozenset(ResponseMode)
    application_type: ApplicationType = ApplicationType.WEB
    id_token_algorithm: Algorithm = Algorithm.RS256
    # None: userinfo is plain JSON.
    userinfo_algorithm: Algorithm | None = None
    subject_type: SubjectType = SubjectType.PUBLIC
    # The sector of pairwise subjects; None is the host of the redirect URIs. OIDC Core §8.1.
    sector: str | None = None
    # Names of restricted claims that the institution lets it have.
    restricted_claims: frozenset[str] = frozenset()
    may_introspect: bool = False
    require_pkce: bool = True
    require_par: bool = False
    require_dpop: bool = False
    consent_required: bool = True
    refresh_tokens: RefreshTokens = RefreshTokens.OFFLINE_SCOPE
    # Seconds in which the predecessor of a refresh token still gives its successor; 0 is off.
    refresh_grace: int = 30
    profile_name: str | None = None
    disabled_at: int | None = None
    # Counts the changes, so that two operators cannot undo each other's unseen.
    revision: int = 0

    @property
    def institution_ids(self) -> tuple[str, ...]:
        """All of them; the first is the one that registered it."""
        return (self.institution_id, *self.further_institution_ids)

    @property
    def native(self) -> bool:
        return self.application_type is ApplicationType.NATIVE

    @property
    def public(self) -> bool:
        return self.auth_method is AuthMethod.NONE

    def alive_secrets(self, now: int) -> tuple[ClientSecret, ...]:
        return tuple(
            secret
            for secret in self.secrets
            if secret.expires_at is None or now < secret.expires_at
        )

    @property
    def origins(self) -> frozenset[str]:
        """Whose scripts may read what we answer to this client: a public one's own pages are where
        its redirects end, unless it is an app on a device, which has none."""
        uris = self.redirect_uris if self.public and not self.native else ()
        own = {origin for uri in uris if (origin := origin_of(uri)) is not None}
        return frozenset(own).union(self.web_origins)
