"""What of a client is against the profile that it is registered under. FAPI 2.0 §5.3.2."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from ostiary.domain.client import Client
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.profile import OIDC, PROFILES, Profile, stricter
from ostiary.management.faults import Fault
from ostiary.protocol.jose.algorithms import Algorithm


def profile_of(client: Client, issuer: Issuer) -> Profile | None:
    """The profile that rules; None when the issuer's is not known, which is told of the issuer."""
    if issuer.profile_name not in PROFILES:
        return None
    return stricter(issuer.profile_name, client.profile_name)


def default_id_token_algorithm(profile_name: str) -> Algorithm:
    """What libraries expect (OIDC Core §3.1.3.7), or else the first that the profile allows."""
    profile = PROFILES.get(profile_name, OIDC)
    return Algorithm.RS256 if Algorithm.RS256 in profile.algorithms else profile.algorithms[0]


def profile_faults(client: Client, issuer: Issuer) -> Sequence[Fault]:
    if client.profile_name is not None and client.profile_name not in PROFILES:
        return [Fault(field="profile", message=f"write one of: {', '.join(PROFILES)}")]
    profile = profile_of(client, issuer)
    if profile is None:
        return []
    return [
        *_authentication_faults(client, profile),
        *_algorithm_faults(client, profile),
        *_redirect_faults(client, profile, issuer),
    ]


def _authentication_faults(client: Client, profile: Profile) -> Sequence[Fault]:
    if client.auth_method in profile.auth_methods:
        return []
    methods = ", ".join(sorted(profile.auth_methods))
    return [Fault(field="auth_method", message=f"write one that {profile.name} allows: {methods}")]


def _algorithm_faults(client: Client, profile: Profile) -> Sequence[Fault]:
    algorithms = {"assertion_algorithm": client.assertion_algorithm}
    if "authorization_code" in client.grant_types:  # nobody else gets an ID token
        algorithms["id_token_algorithm"] = client.id_token_algorithm
        algorithms["userinfo_algorithm"] = client.userinfo_algorithm
    allowed = ", ".join(profile.algorithms)
    return [
        Fault(field=name, message=f"write one that {profile.name} allows: {allowed}")
        for name, algorithm in algorithms.items()
        if algorithm is not None and algorithm not in profile.algorithms
    ]


def _redirect_faults(client: Client, profile: Profile, issuer: Issuer) -> Sequence[Fault]:
    """Plain http is for a native app's own loopback; a sandbox lets developers have it too."""
    excused = client.native or issuer.environment is Environment.SANDBOX
    if not profile.requires_https_redirects or excused:
        return []
    return [
        Fault(field="redirect_uris", message=f"{profile.name} asks for https: {uri!r}")
        for uri in client.redirect_uris
        if urlsplit(uri).scheme == "http"
    ]
