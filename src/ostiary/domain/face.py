"""A face: what one of the two documented contracts fixes about an issuer, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.domain.scopes import CONSUMER_OFFLINE_ACCESS, STANDARD_SCOPES

BASE_PATH = "/a/oidc-provider/api/v0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A claim has a name and a datum: what the institution knows of a person. Several names may stand
    for one datum; a claim without a datum here is never released."""

    name: str
    scopes: frozenset[str]
    # scope -> the claims that it releases
    claims: Mapping[str, tuple[str, ...]]
    # claim -> its datum: all that a scope releases or a client may ask for one by one
    data: Mapping[str, str]
    # The data that no scope releases, and that only those clients may ask for for which an institution
    # has switched them on.
    restricted: frozenset[str]
    # Whether scopes also put their claims into the ID token, not only into userinfo.
    claims_in_id_token: bool
    security_level_prefix: str

    def claims_for(self, scope: frozenset[str]) -> tuple[str, ...]:
        """The claims that these scopes release, in a stable order."""
        return tuple(name for key, names in self.claims.items() if key in scope for name in names)

    def withholds(self, datum: str, switched_on: frozenset[str]) -> bool:
        """Whether a client that has these restricted data must not have this one."""
        return datum in self.restricted and datum not in switched_on


_NAMES = ("name", "family_name", "given_name", "middle_name", "preferred_username", "picture")

_ENTERPRISE_CLAIMS = {
    "openid": ("institution_id",),
    "profile": (*_NAMES, "department", "title"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number",),
    "address": ("address",),
}
_CONSUMER_CLAIMS = {
    "openid": (
        "institution_id",
        "netteller_id",
        "cash_management_user_id",
        "cash_management_user",
        "theme_data",
    ),
    "profile": (*_NAMES, "nickname", "birthdate"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number",),
    "address": ("address",),
}
# Any client may ask for these: the contract's documentation names them, or its userinfo shows them.
_PUBLIC_DATA = frozenset(
    {
        "cash_management_user",
        "cash_management_user_id",
        "devices",
        "fi_routing_number",
        "institution_assets",
        "institution_details",
        "institution_id",
        "masked_accounts",
        "netteller_id",
        "theme_data",
        "user_type",
    }
)
# The rest is restricted: unmasked numbers, identifiers in other systems, keys to them.
_RESTRICTED_DATA = frozenset(
    {
        "accounts",
        "alt_given_name",
        "bsl_token",
        "cards",
        "cif",
        "configuration_values",
        "custom_jxchange_wa_ace_data",
        "customer_identifier",
        "esi_bsl_token",
        "external_loans",
        "external_tracking_records",
        "id_documents",
        "ipay_common_login_id",
        "ipay_subscriber_id",
        "jxchange_customer_data",
        "loan_cross_accounts",
        "loans",
        "member_number",
        "organization_id",
        "pcid",
        "phone_numbers",
        "share_cross_accounts",
        "shares",
        "tax_id",
        "tracking_info",
    }
)
_CONSUMER_PREFIX = "https://api.banno.com/consumer/claim/"


def _by_own_name(claims: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {name: name for names in claims.values() for name in names}


ENTERPRISE = Face(
    name="enterprise",
    scopes=STANDARD_SCOPES,
    claims=_ENTERPRISE_CLAIMS,
    data=_by_own_name(_ENTERPRISE_CLAIMS),
    restricted=frozenset(),
    claims_in_id_token=True,
    security_level_prefix="urn:ostiary:security-level:",
)

CONSUMER = Face(
    name="consumer",
    scopes=STANDARD_SCOPES | {CONSUMER_OFFLINE_ACCESS},
    claims=_CONSUMER_CLAIMS,
    # The contract's userinfo has a short name for the last one too.
    data=_by_own_name(_CONSUMER_CLAIMS)
    | {"esi_bsl_token": "esi_bsl_token"}
    | {_CONSUMER_PREFIX + datum: datum for datum in sorted(_PUBLIC_DATA | _RESTRICTED_DATA)},
    restricted=_RESTRICTED_DATA,
    claims_in_id_token=False,
    security_level_prefix="https://api.banno.com/consumer/security-level/",
)

FACES: Mapping[str, Face] = {face.name: face for face in (ENTERPRISE, CONSUMER)}
