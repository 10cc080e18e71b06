"""A face: what one of the two documented contracts fixes about an issuer, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.domain.scopes import CONSUMER_OFFLINE_ACCESS, STANDARD_SCOPES

BASE_PATH = "/a/oidc-provider/api/v0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """`claims` names, for each scope, the claims it releases; unlisted claims are never released."""

    name: str
    scopes: frozenset[str]
    claims: Mapping[str, tuple[str, ...]]
    # Whether scopes also put their claims into the ID token, not only into userinfo.
    claims_in_id_token: bool
    security_level_prefix: str

    def claims_for(self, scope: frozenset[str]) -> tuple[str, ...]:
        """The claims that these scopes release, in a stable order."""
        return tuple(name for key, names in self.claims.items() if key in scope for name in names)


_NAMES = ("name", "family_name", "given_name", "middle_name", "preferred_username", "picture")

ENTERPRISE = Face(
    name="enterprise",
    scopes=STANDARD_SCOPES,
    claims={
        "openid": ("institution_id",),
        "profile": (*_NAMES, "department", "title"),
        "email": ("email", "email_verified"),
        "phone": ("phone_number",),
        "address": ("address",),
    },
    claims_in_id_token=True,
    security_level_prefix="urn:ostiary:security-level:",
)

CONSUMER = Face(
    name="consumer",
    scopes=STANDARD_SCOPES | {CONSUMER_OFFLINE_ACCESS},
    claims={
        "openid": (
            "institution_id",
            "netteller_id",
            "cash_management_user_id",
            "cash_management_user",
            "theme_data",
        ),
        "profile": (*_NAMES, "birthdate"),
        "email": ("email", "email_verified"),
        "phone": ("phone_number",),
        "address": ("address",),
    },
    claims_in_id_token=False,
    security_level_prefix="https://api.banno.com/consumer/security-level/",
)

FACES: Mapping[str, Face] = {face.name: face for face in (ENTERPRISE, CONSUMER)}
