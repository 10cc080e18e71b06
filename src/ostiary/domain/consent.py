"""Consent: what a person has agreed to share with a client, remembered between sign-ins."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from ostiary.domain.client import ApplicationType, Client
from ostiary.protocol.framing import framed


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """`data` are those beyond what the scopes release. `client_print` is what the client was: to one
    that has become another, nobody has agreed."""

    scope: frozenset[str]
    data: frozenset[str]
    client_print: str


def client_print(client: Client) -> str:
    """A digest of what a person sees of the client, and of where it takes them."""
    return _print(client.name, client.application_type, client.redirect_uris)


@lru_cache(maxsize=1024)
def _print(name: str, application_type: ApplicationType, redirect_uris: tuple[str, ...]) -> str:
    seen = (name, str(application_type), *sorted(redirect_uris))
    return sha256(framed(*(text.encode() for text in seen))).hexdigest()
