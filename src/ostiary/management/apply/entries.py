"""What a file for `ostiary apply` may say: one model for each kind of table."""

from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ostiary.domain.client import ApplicationType, AuthMethod, RefreshTokens, SubjectType
from ostiary.domain.face import BASE_PATH
from ostiary.domain.institution import SignInLayout
from ostiary.domain.issuer import Environment
from ostiary.domain.quirks import Quirk
from ostiary.management.durations import parse_duration
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.response_mode import ResponseMode


def _as_json(value: Any) -> Any:
    """Dates, which TOML has and JSON has not, become ISO text."""
    if isinstance(value, dict):
        return {name: _as_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_as_json(member) for member in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value


JsonObject = Annotated[dict[str, Any], BeforeValidator(_as_json)]
Seconds = Annotated[int, BeforeValidator(parse_duration)]


def _as_key(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise ValueError("write a public key: PEM text, ${file:PATH}, or a table with its JWK")
    return value


# Any, and not a union, whose faults would speak of each kind that it is not.
Key = Annotated[Any, BeforeValidator(_as_key)]
# An empty text takes the value away.
OptionalAlgorithm = Annotated[Algorithm | None, BeforeValidator(lambda value: value or None)]


class Entry(BaseModel):
    """`STAND_INS` take the place of values that cannot be read, so that the rest can be looked at:
    values that bring no fault of their own, neither for their key nor for another.

    `NEEDED` are the keys that a new thing has to have; what is there already may leave them out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    STAND_INS: ClassVar[dict[str, Any]] = {}
    NEEDED: ClassVar[list[str]] = []

    def said(self) -> dict[str, Any]:
        """The keys that the file names, with their values."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class LifetimesEntry(Entry):
    pushed_request: Seconds = 0
    code: Seconds = 0
    access_token: Seconds = 0
    id_token: Seconds = 0
    refresh_token: Seconds = 0
    authorization: Seconds = 0
    interaction: Seconds = 0
    session: Seconds = 0
    session_idle: Seconds = 0


class IssuerEntry(Entry):
    STAND_INS = {"id": "-", "url": "-", "face": "-", "environment": "sandbox"}
    NEEDED = ["url", "face"]

    id: str = Field(examples=["main"])
    url: str = Field("", examples=["https://id.example.com"])
    face: str = Field("", examples=["enterprise"])
    base_path: str = BASE_PATH
    name: str = ""
    environment: Environment = Environment.PRODUCTION
    profile: str = ""
    quirks: frozenset[Quirk] = frozenset()
    api_scopes: frozenset[str] = frozenset()
    access_token_algorithm: Algorithm = Algorithm.ES256
    require_dpop_nonce: bool = False
    zero_institution: str = ""
    lifetimes: LifetimesEntry = LifetimesEntry()


class InstitutionEntry(Entry):
    STAND_INS = {"issuer": "-", "id": "-", "name": "-"}
    NEEDED = ["name"]

    issuer: str = Field(examples=["main"])
    id: str = Field(examples=["garden"])
    name: str = Field("", examples=["Garden Credit Union"])
    brand_color: str = ""
    identifier_label: str = ""
    support: str = ""
    sign_in_layout: SignInLayout = SignInLayout.IDENTIFIER_FIRST


class ClientEntry(Entry):
    STAND_INS = {
        "issuer": "-",
        "client_id": "-",
        "name": "-",
        "institution": "-",
        "auth_method": "client_secret",
        "application_type": "native",
        "grant_types": ["refresh_token"],
        "require_pkce": True,
        "sector": "example.com",
    }
    NEEDED = ["name", "institution"]

    issuer: str = Field(examples=["main"])
    client_id: str = Field(examples=["budget-buddy"])
    name: str = Field("", examples=["Budget Buddy"])
    institution: str = Field("", examples=["garden"])
    further_institutions: tuple[str, ...] = ()
    auth_method: AuthMethod = AuthMethod.CLIENT_SECRET
    # A value, ${env:NAME} or ${file:PATH}.
    secret: str = ""
    public_keys: tuple[Key, ...] = ()
    jwks_uri: str = ""
    assertion_algorithm: OptionalAlgorithm = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    web_origins: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    response_modes: frozenset[ResponseMode] = frozenset()
    application_type: ApplicationType = ApplicationType.WEB
    id_token_algorithm: Algorithm = Algorithm.RS256
    userinfo_algorithm: OptionalAlgorithm = None
    subject_type: SubjectType = SubjectType.PUBLIC
    sector: str = ""
    restricted_claims: frozenset[str] = frozenset()
    require_pkce: bool = True
    require_par: bool = False
    require_dpop: bool = False
    may_introspect: bool = False
    consent_required: bool = True
    refresh_tokens: RefreshTokens = RefreshTokens.OFFLINE_SCOPE
    refresh_grace: Seconds = 0
    profile: str = ""
    disabled: bool = False


class MembershipEntry(Entry):
    institution: str = Field(examples=["garden"])
    claims: JsonObject = {}


class UserEntry(Entry):
    STAND_INS = {"issuer": "-", "username": "-"}

    issuer: str = Field(examples=["main"])
    username: str = Field(examples=["alice"])
    # A value, ${env:NAME} or ${file:PATH}.
    password: str = ""
    memberships: tuple[MembershipEntry, ...] = ()
    disabled: bool = False
