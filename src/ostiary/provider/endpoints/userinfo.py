"""The UserInfo endpoint. OIDC Core §5.3, RFC 6750, RFC 9449 §7."""

from dataclasses import dataclass

from ostiary.domain.access_token import AccessToken
from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import split_authorization
from ostiary.protocol.dpop import DPoPProof
from ostiary.protocol.scope import OPENID
from ostiary.protocol.tokens import Json
from ostiary.provider.access_tokens import check_access_token, check_alive
from ostiary.provider.claims import userinfo_claims
from ostiary.provider.dpop import find_proof, nonce_headers
from ostiary.provider.exchange import (
    EndpointRequest,
    Headers,
    JsonAnswer,
    JwtAnswer,
    refuse_repeated,
)
from ostiary.provider.op import OpenIDProvider

ENDPOINT = "me"
JWT_MEDIA_TYPE = "application/jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """`with_proof`: under the scheme DPoP, which says that a proof comes along."""

    text: str
    with_proof: bool


async def userinfo(request: EndpointRequest, op: OpenIDProvider) -> JsonAnswer | JwtAnswer:
    now = op.clock.now()
    presented = read_access_token(request)
    token = check_access_token(presented.text, op, now)
    proof = await check_binding(presented, token, request, op, now)
    client, standing = await check_alive(token, op, now)
    scope = token.scope & client.scopes
    if standing is None or OPENID not in scope:
        raise ReasonCode.SCOPE_INSUFFICIENT.refusal(expected=OPENID, received=" ".join(scope))
    members: dict[str, Json] = {
        **userinfo_claims(op, client, standing, scope),
        "sub": op.subjects.of(client, standing.authorization.user_id),
    }
    return _answer(members, client, op, nonce_headers(proof, op, now))


def _answer(
    members: dict[str, Json], client: Client, op: OpenIDProvider, headers: Headers
) -> JsonAnswer | JwtAnswer:
    """Plain JSON, or signed for a client that is registered for it. OIDC Core §5.3.2."""
    algorithm = client.userinfo_algorithm
    if algorithm is None:
        return JsonAnswer(members=members, headers=headers)
    claims: dict[str, Json] = {**members, "iss": op.issuer.url, "aud": client.client_id}
    token = op.signer.sign(claims, op.usable(algorithm, client))
    return JwtAnswer(token=token, media_type=JWT_MEDIA_TYPE, headers=headers)


def read_access_token(request: EndpointRequest) -> PresentedToken:
    """The one access token of the request: in the header, or in the form of a POST. RFC 6750 §2."""
    if request.query_parameters().get("access_token") is not None:
        raise ReasonCode.TOKEN_IN_QUERY.refusal()
    headers = request.header_values(b"authorization")
    in_form = None
    if request.method == "POST" and request.has_form():
        form = request.form_parameters()
        refuse_repeated(form)
        in_form = form.get("access_token")
    if len(headers) + (in_form is not None) > 1:
        raise ReasonCode.TOKEN_DOUBLE.refusal()
    if in_form is not None:
        return PresentedToken(text=in_form, with_proof=False)
    scheme, token = split_authorization(headers[0] if headers else "")
    if scheme not in {"bearer", "dpop"}:
        raise ReasonCode.TOKEN_MISSING.refusal(expected="Authorization: Bearer or DPoP")
    if not token:
        raise ReasonCode.TOKEN_INVALID.refusal(expected="a token behind the scheme")
    return PresentedToken(text=token, with_proof=scheme == "dpop")


async def check_binding(
    presented: PresentedToken,
    token: AccessToken,
    request: EndpointRequest,
    op: OpenIDProvider,
    now: int,
) -> DPoPProof | None:
    """RFC 9449 §7.1, §7.2: a bound token comes with a proof of its key, any other without."""
    if token.jkt is None:
        if presented.with_proof:
            raise ReasonCode.TOKEN_UNBOUND.refusal()
        return None
    if not presented.with_proof:
        raise ReasonCode.TOKEN_BOUND.refusal(expected="Authorization: DPoP", received="a bearer")
    proof = await find_proof(request, op, now, endpoint=ENDPOINT, access_token=presented.text)
    if proof is None:
        raise ReasonCode.TOKEN_BOUND.refusal(expected=f"a proof by {token.jkt}")
    if proof.jkt != token.jkt:
        raise ReasonCode.TOKEN_KEY_OTHER.refusal(expected=token.jkt, received=proof.jkt)
    return proof
