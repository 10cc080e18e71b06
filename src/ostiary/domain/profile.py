"""Profiles: what an issuer or a client requires, as data. Checks read them; none asks for a name."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.domain.client import AuthMethod
from ostiary.protocol.dpop import PROOF_ALGORITHMS
from ostiary.protocol.jose.algorithms import Algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    name: str
    # Of two profiles the one of the higher rank is the stricter in everything.
    rank: int
    # How clients may prove who they are.
    auth_methods: frozenset[AuthMethod] = frozenset(AuthMethod)
    # What ID tokens, userinfo and client assertions may be signed with.
    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    # What DPoP proofs may be signed with.
    proof_algorithms: frozenset[str] = PROOF_ALGORITHMS
    # Whether a confidential client may be registered to go without PKCE.
    pkce_may_be_optional: bool = False
    requires_par: bool = False
    # Whether access tokens must be bound to a key of the client.
    requires_dpop: bool = False
    requires_https_redirects: bool = False
    # Seconds that a code and a pushed request may live at most.
    longest_code: int | None = None
    longest_push: int | None = None
    # Whether an assertion names the issuer as its one audience, in seconds and by the letter;
    # otherwise the forms that real clients send are understood too.
    strict_assertions: bool = False
    # Whether each refresh hands out a successor. FAPI 2.0 §5.3.2.1 says no.
    rotates_refresh_tokens: bool = True


OIDC = Profile(name="oidc", rank=0, pkce_may_be_optional=True)
OAUTH21 = Profile(name="oauth21", rank=1)
# FAPI 2.0 Security Profile §5.3.2, §5.4.1.
FAPI2_SECURITY = Profile(
    name="fapi2_security",
    rank=2,
    auth_methods=frozenset({AuthMethod.PRIVATE_KEY_JWT}),
    algorithms=(Algorithm.PS256, Algorithm.ES256, Algorithm.EDDSA),
    proof_algorithms=frozenset({Algorithm.PS256, Algorithm.ES256, Algorithm.EDDSA}),
    requires_par=True,
    requires_dpop=True,
    requires_https_redirects=True,
    longest_code=60,
    longest_push=599,
    strict_assertions=True,
    rotates_refresh_tokens=False,
)

PROFILES: Mapping[str, Profile] = {
    profile.name: profile for profile in (OIDC, OAUTH21, FAPI2_SECURITY)
}


def stricter(issuer_profile: str, client_profile: str | None) -> Profile:
    """What counts for a client: the stricter of its issuer's profile and its own."""
    one = PROFILES[issuer_profile]
    other = PROFILES.get(client_profile, one) if client_profile else one
    return other if other.rank > one.rank else one
