"""none: a public client, which has nothing to authenticate with but PKCE. OIDC Core §9."""

from collections.abc import Mapping

from ostiary.domain.client import AuthMethod, Client
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth.registration import check_registered
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

MECHANISM = "client_id alone"
METHODS: Mapping[str, AuthMethod] = {"none": AuthMethod.NONE}

_OTHER_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


def presented(request: EndpointRequest, parameters: Parameters) -> bool:
    return (
        parameters.get("client_id") is not None
        and not request.header_values(b"authorization")
        and not any(parameters.get(name) for name in _OTHER_CREDENTIALS)
    )


async def authenticate(
    _request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
) -> Client:
    client_id = parameters.get("client_id") or ""
    return check_registered(await op.find_client(client_id), client_id, METHODS.values(), op)
