"""client_secret_post: id and secret in the form. RFC 6749 §2.3.1."""

from collections.abc import Mapping

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import ClientPassword
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth.secrets import check_client_password
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

MECHANISM = "client_secret in the form"
METHODS: Mapping[str, AuthMethod] = {"client_secret_post": AuthMethod.CLIENT_SECRET}


def presented(_request: EndpointRequest, parameters: Parameters) -> bool:
    return parameters.get("client_secret") is not None


async def authenticate(
    _request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
) -> Client:
    client_id = parameters.get("client_id")
    if client_id is None:
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(expected="client_id in the form")
    secret = parameters.get("client_secret") or ""
    return await check_client_password(ClientPassword(client_id=client_id, secret=secret), op)
