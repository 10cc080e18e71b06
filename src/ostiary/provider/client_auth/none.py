"""none: a public client, which has nothing to authenticate with but PKCE. OIDC Core §9."""

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

METHOD = "none"

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
    client = await op.find_client(client_id)
    if client is None or not client.public:
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(
            expected="a public client, or the client's credentials", received=client_id
        )
    return client
