"""A client as `ostiary client show` tells people of it: what counts, and where that comes from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ostiary.cli.output import instant

if TYPE_CHECKING:
    from ostiary.domain.client import Client
    from ostiary.domain.issuer import Issuer
    from ostiary.management.clients import ClientDetails
    from ostiary.protocol.tokens import Json

# Of no meaning for a client that signs nobody in.
_OF_SIGN_IN = frozenset(
    {
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "response_modes",
        "id_token_algorithm",
        "userinfo_algorithm",
        "subject_type",
        "sector",
        "restricted_claims",
        "require_pkce",
        "require_par",
        "consent_required",
        "refresh_tokens",
        "refresh_grace",
    }
)
# Shown in a way of their own.
_APART = frozenset({"secrets", "faults"})


def client_lines(
    values: "Mapping[str, Json]", issuer: "Issuer", details: "ClientDetails", faults: Iterable[str]
) -> Iterator[str]:
    """`values` are the registered ones by the names that files have for them."""
    client = details.client
    left_out = _APART if "authorization_code" in client.grant_types else _APART | _OF_SIGN_IN
    told = {name: _words(value) for name, value in values.items() if name not in left_out}
    told |= {name: text for name, text in _in_effect(client, issuer).items() if name in told}
    if client.jwks_uri is not None:
        fetch = details.jwks_fetch
        told["last fetch"] = "not yet" if fetch is None else _fetched(fetch.at, fetch.error)
    width = max(map(len, told)) + 2
    for name, text in told.items():
        yield f"{name:<{width}}{text}".rstrip()
    for fault in faults:
        yield f"{'does not fit':<{width}}{fault}"


def _in_effect(client: "Client", issuer: "Issuer") -> dict[str, str]:
    """What stands for more than the registered value says."""
    from ostiary.management.profile_faults import profile_of

    told = {}
    if client.assertion_algorithm is None:
        told["assertion_algorithm"] = "any that the profile allows"
    profile = profile_of(client, issuer)
    if profile is None:
        return told
    if client.profile_name is None:
        told["profile"] = f"{profile.name} (the issuer's)"
    for name, required in (
        ("require_pkce", not profile.pkce_may_be_optional),
        ("require_par", profile.requires_par),
        ("require_dpop", profile.requires_dpop),
    ):
        if required:
            told[name] = f"yes (profile {profile.name})"
    return told


def _fetched(at: int, error: str | None) -> str:
    return f"{instant(at)}: {error or 'good'}"


def _words(value: "Json") -> str:
    """On one line, as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case Mapping():
            return f"{value['kty']} {value.get('kid', '(no kid)')}"
        case _:
            return ", ".join(map(_words, value)) or "none"
