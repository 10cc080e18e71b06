"""Client authentication. RFC 6749 §2.3, RFC 7521 §4.2, OIDC Core §9.

To add a mechanism: a module with `MECHANISM`, `METHODS`, `presented` and `authenticate`, and a line
in MECHANISMS.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.profile import Profile
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth import (
    client_assertion,
    client_secret_basic,
    client_secret_post,
    none,
)
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider


class Mechanism(Protocol):
    """A place of the request in which credentials travel."""

    MECHANISM: str
    # The name that the metadata has for a method -> what clients that use it are registered for.
    METHODS: Mapping[str, AuthMethod]

    def presented(self, request: EndpointRequest, parameters: Parameters) -> bool:
        """Whether the request carries credentials there."""
        ...

    async def authenticate(
        self, request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
    ) -> Client:
        """The client, proved to be who it says it is."""
        ...


MECHANISMS: tuple[Mechanism, ...] = (
    client_secret_basic,
    client_secret_post,
    client_assertion,
    none,
)


async def authenticate_client(
    request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
) -> Client:
    """The client that sent the request, by the one mechanism that it used."""
    used = [mechanism for mechanism in MECHANISMS if mechanism.presented(request, parameters)]
    if not used:
        raise ReasonCode.CLIENT_AUTHENTICATION_MISSING.refusal()
    if len(used) > 1:
        raise ReasonCode.CLIENT_AUTHENTICATION_DOUBLE.refusal(
            received=", ".join(mechanism.MECHANISM for mechanism in used)
        )
    mechanism = used[0]
    try:
        return await mechanism.authenticate(request, parameters, op)
    except Refusal as refusal:
        op.observer.client_unproved("/".join(mechanism.METHODS), refusal.code)
        raise


def method_names(profile: Profile) -> Iterator[str]:
    """The methods that clients of this profile may use, as the metadata names them."""
    for mechanism in MECHANISMS:
        for name, method in mechanism.METHODS.items():
            if method in profile.auth_methods:
                yield name
