"""An issuer: one OpenID Provider identity, with its keys and policies. The tenant."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from ostiary.domain.face import FACES, Face
from ostiary.domain.quirks import Quirk
from ostiary.protocol.jose.algorithms import Algorithm

MINUTE, HOUR, DAY = 60, 3600, 86_400


class Environment(StrEnum):
    SANDBOX = "sandbox"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things live, in seconds."""

    # Between a push and the browser's visit. RFC 9126 §2.2.
    pushed_request: int = 60
    code: int = 60
    access_token: int = 600
    id_token: int = HOUR
    # A refresh token unused for this long is dead; no authorization outlives `authorization`.
    refresh_token: int = 30 * DAY
    authorization: int = 365 * DAY
    interaction: int = HOUR
    session: int = DAY
    session_idle: int = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """`issuer_id` is the short name in every key of the database; `url` is what tokens carry."""

    issuer_id: str
    url: str
    base_path: str
    face_name: str
    # What pages call the issuer where no institution is known yet.
    name: str = "Sign in"
    environment: Environment = Environment.PRODUCTION
    profile_name: str = "oidc"
    quirks: frozenset[Quirk] = frozenset()
    # Names of further scopes, for the institution's own APIs.
    api_scopes: frozenset[str] = frozenset()
    access_token_algorithm: Algorithm = Algorithm.ES256
    # The institution to which everybody belongs: used when a person chooses none.
    zero_institution_id: str | None = None
    # Whether every DPoP proof needs a nonce of ours. RFC 9449 §8.
    require_dpop_nonce: bool = False
    lifetimes: Lifetimes = field(default_factory=Lifetimes)

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """Host and port as a browser sends them: the part of the URL that chooses the issuer."""
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """The path of the issuer identifier; empty when it is a bare origin."""
        return urlsplit(self.url).path

    @property
    def sandbox(self) -> bool:
        return self.environment is Environment.SANDBOX

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    @property
    def face(self) -> Face:
        return FACES[self.face_name]

    @property
    def scopes(self) -> frozenset[str]:
        """Every scope that this issuer knows."""
        return self.face.scopes | self.api_scopes

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, such as "token"."""
        return f"{self.origin}{self.base_path}/{name}"

    def security_level(self, level: str) -> str:
        """The acr value of a security level."""
        return f"{self.face.security_level_prefix}{level}"
