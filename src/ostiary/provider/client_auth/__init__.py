"""Client authentication. RFC 6749 §2.3, OIDC Core §9.

To add a method: a module with `METHOD`, `presented` and `authenticate`, and a line in METHODS.
"""

from typing import Protocol

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth import client_secret_basic, client_secret_post, none
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider


class Method(Protocol):
    METHOD: str

    def presented(self, request: EndpointRequest, parameters: Parameters) -> bool:
        """Whether the request carries this method's credentials."""
        ...

    async def authenticate(
        self, request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
    ) -> Client:
        """The client, proved to be who it says it is."""
        ...


METHODS: tuple[Method, ...] = (client_secret_basic, client_secret_post, none)


async def authenticate_client(
    request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
) -> Client:
    """The client that sent the request, by the one method that it used."""
    used = [method for method in METHODS if method.presented(request, parameters)]
    if not used:
        raise ReasonCode.CLIENT_AUTHENTICATION_MISSING.refusal()
    if len(used) > 1:
        raise ReasonCode.CLIENT_AUTHENTICATION_DOUBLE.refusal(
            received=", ".join(method.METHOD for method in used)
        )
    client = await used[0].authenticate(request, parameters, op)
    if client.disabled_at is not None:
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(
            expected="a client that is switched on", received=client.client_id
        )
    return client
