"""client_secret_basic: id and secret in HTTP Basic. RFC 6749 §2.3.1."""

from collections.abc import Mapping

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import parse_basic, split_authorization
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth.registration import check_named
from ostiary.provider.client_auth.secrets import check_client_password
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

MECHANISM = "the Authorization header"
METHODS: Mapping[str, AuthMethod] = {"client_secret_basic": AuthMethod.CLIENT_SECRET}


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
    check_named(parameters, password.client_id)
    return await check_client_password(password, op)
