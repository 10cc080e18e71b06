"""What a client sends by itself, with no browser between: a form and its credentials. RFC 6749 §3.2."""

from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.client_auth import authenticate_client
from ostiary.provider.exchange import EndpointRequest, refuse_repeated
from ostiary.provider.op import OpenIDProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRequest:
    """Its client is proved."""

    parameters: Parameters
    client: Client


async def read_client_request(request: EndpointRequest, op: OpenIDProvider) -> ClientRequest:
    """All of it stands in the form, where no log keeps it. RFC 6749 §2.3.1, §3.2."""
    if request.query:
        raise ReasonCode.PARAMETERS_IN_QUERY.refusal()
    parameters = request.form_parameters()
    refuse_repeated(parameters)
    client = await authenticate_client(request, parameters, op)
    op.limits.count_client(op.issuer, client)
    return ClientRequest(parameters=parameters, client=client)


def read_token(request: ClientRequest) -> str:
    """The token that the request is about. RFC 7009 §2.1, RFC 7662 §2.1.

    `token_type_hint` is not looked at: what we give out tells by itself what it is.
    """
    token = request.parameters.get("token")
    if token is None:
        raise ReasonCode.TOKEN_PARAMETER_MISSING.refusal()
    return token
