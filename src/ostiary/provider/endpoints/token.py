"""The token endpoint. RFC 6749 §3.2."""

from ostiary.domain.refusals import ReasonCode
from ostiary.provider.client_auth import authenticate_client
from ostiary.provider.exchange import EndpointRequest, JsonAnswer, refuse_repeated
from ostiary.provider.grants import GRANTS
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider


async def token(request: EndpointRequest, op: OpenIDProvider) -> JsonAnswer:
    if request.query:
        raise ReasonCode.PARAMETERS_IN_QUERY.refusal()
    parameters = request.form_parameters()
    refuse_repeated(parameters)
    client = await authenticate_client(request, parameters, op)
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        raise ReasonCode.GRANT_TYPE_MISSING.refusal(expected=" ".join(GRANTS))
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise ReasonCode.GRANT_TYPE_UNSUPPORTED.refusal(
            expected=" ".join(GRANTS), received=grant_type
        )
    if grant_type not in client.grant_types:
        raise ReasonCode.GRANT_NOT_REGISTERED.refusal(
            expected=" ".join(sorted(client.grant_types)), received=grant_type
        )
    now = op.clock.now()
    return await grant.exchange(GrantRequest(parameters=parameters, client=client, now=now), op)
