"""The pushed authorization request endpoint: a request is checked and kept. RFC 9126 §2."""

from ostiary.domain.interaction import AuthorizationRequest, PushedRequest
from ostiary.domain.quirks import Quirk
from ostiary.domain.refusals import ReasonCode
from ostiary.provider.authorization.checks import Asked, check_request
from ostiary.provider.authorization.locate import locate_for
from ostiary.provider.authorization.pushed import request_uri_of
from ostiary.provider.client_request import ClientRequest, read_client_request
from ostiary.provider.dpop import find_proof, nonce_headers
from ostiary.provider.exchange import EndpointRequest, JsonAnswer
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.ids import new_id


async def pushed_authorization(request: EndpointRequest, op: OpenIDProvider) -> JsonAnswer:
    # parse, validate
    now = op.clock.now()
    asked = await read_client_request(request, op)
    op.limits.count_push(op.issuer, asked.client, request.address)
    proof = await find_proof(request, op, now, endpoint="request")
    checked = check_push(asked, proof.jkt if proof else None, op)

    # persist
    lifetime = op.issuer.lifetimes.pushed_request
    pushed = PushedRequest(pushed_id=new_id(now), request=checked, expires_at=now + lifetime)
    await op.store.pushed_requests.add(op.issuer.issuer_id, pushed)

    # respond
    return JsonAnswer(
        members={"request_uri": request_uri_of(pushed, op), "expires_in": lifetime},
        status=200 if Quirk.PAR_STATUS_200 in op.issuer.quirks else 201,
        headers=nonce_headers(proof, op, now),
    )


def check_push(
    pushed: ClientRequest, proof_jkt: str | None, op: OpenIDProvider
) -> AuthorizationRequest:
    """The request, checked as the authorization endpoint would. RFC 9126 §2.1, RFC 9449 §10.1."""
    parameters, client = pushed.parameters, pushed.client
    if parameters.get("request_uri") is not None:
        raise ReasonCode.PUSHED_REQUEST_NESTED.refusal()
    asked = Asked(
        parameters=parameters,
        client=client,
        profile=op.profile(client),
        issuer=op.issuer,
        verification_keys=op.hint_keys,
        pushed=True,
        proof_jkt=proof_jkt,
    )
    return check_request(asked, locate_for(client, parameters, op))
