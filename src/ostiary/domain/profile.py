"""Profiles: what an issuer or a client requires, as data. Checks read them; none asks for a name."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    name: str
    # Whether a confidential client may be registered to go without PKCE.
    pkce_may_be_optional: bool
    # Whether each refresh hands out a successor. FAPI 2.0 §5.3.2.1 says no.
    rotates_refresh_tokens: bool


OIDC = Profile(name="oidc", pkce_may_be_optional=True, rotates_refresh_tokens=True)
OAUTH21 = Profile(name="oauth21", pkce_may_be_optional=False, rotates_refresh_tokens=True)

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (OIDC, OAUTH21)}
