"""client_secret_basic: id and secret in HTTP Basic. RFC 6749 §2.3.1."""

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import parse_basic, split_authorization
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth.secrets import check_client_password
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

METHOD = "client_secret_basic"


def presented(request: EndpointRequest, _parameters: Parameters) -> bool:
    return bool(request.header_values(b"authorization"))


async def authenticate(
    request: EndpointRequest, parameters: Parameters, op: OpenIDProvider
) -> Client:
    scheme, encoded = split_authorization(request.header(b"authorization") or "")
    if scheme != "basic":
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(expected="one Basic header")
    try:
        password = parse_basic(encoded)
    except Malformed as error:
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(expected=error.expected) from error
    named = parameters.get("client_id")
    if named not in (None, password.client_id):
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(
            expected=f"client_id {password.client_id} in the form, or none", received=named
        )
    return await check_client_password(password, op)
