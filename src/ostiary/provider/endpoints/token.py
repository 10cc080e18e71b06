"""The token endpoint. RFC 6749 §3.2, RFC 9449 §5."""

from dataclasses import replace

from ostiary.domain.refusals import ReasonCode
from ostiary.provider.client_request import ClientRequest, read_client_request
from ostiary.provider.dpop import check_sent, find_proof, nonce_headers
from ostiary.provider.exchange import EndpointRequest, JsonAnswer
from ostiary.provider.grants import GRANTS, Grant
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider


async def token(request: EndpointRequest, op: OpenIDProvider) -> JsonAnswer:
    now = op.clock.now()
    asked = await read_client_request(request, op)
    grant = choose_grant(asked)
    proof = await find_proof(request, op, now, endpoint="token")
    check_sent(proof, asked.client, op)
    answer = await grant.exchange(
        GrantRequest(
            parameters=asked.parameters,
            client=asked.client,
            now=now,
            jkt=proof.jkt if proof else None,
        ),
        op,
    )
    op.observer.tokens_issued(asked.client, grant.GRANT_TYPE, answer.members)
    headers = nonce_headers(proof, op, now)
    return replace(answer, headers=headers) if headers else answer


def choose_grant(asked: ClientRequest) -> Grant:
    """The grant that is asked for, if there is one of this name and the client may use it."""
    grant_type = asked.parameters.get("grant_type")
    if grant_type is None:
        raise ReasonCode.GRANT_TYPE_MISSING.refusal(expected=" ".join(GRANTS))
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise ReasonCode.GRANT_TYPE_UNSUPPORTED.refusal(
            expected=" ".join(GRANTS), received=grant_type
        )
    if grant_type not in asked.client.grant_types:
        raise ReasonCode.GRANT_NOT_REGISTERED.refusal(
            expected=" ".join(sorted(asked.client.grant_types)), received=grant_type
        )
    return grant
