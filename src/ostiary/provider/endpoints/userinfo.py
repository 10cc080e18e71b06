"""The UserInfo endpoint. OIDC Core §5.3, RFC 6750."""

from ostiary.domain.authorization import Standing
from ostiary.domain.instants import readable
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import split_authorization
from ostiary.protocol.jose.jws import verify_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import OPENID, parse_scope
from ostiary.protocol.tokens import ACCESS_TOKEN_TYPE, Claims
from ostiary.provider.claims import released_claims
from ostiary.provider.exchange import FORM, EndpointRequest, JsonAnswer, refuse_repeated
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.tokens import authorization_id_of


async def userinfo(request: EndpointRequest, op: OpenIDProvider) -> JsonAnswer:
    now = op.clock.now()
    claims = verify_access_token(read_bearer_token(request), op, now)
    scope = parse_scope(str(claims.get("scope") or "") or None)
    authorization_id = authorization_id_of(str(claims["jti"]))
    if OPENID not in scope or authorization_id is None:
        raise ReasonCode.SCOPE_INSUFFICIENT.refusal(expected=OPENID, received=" ".join(scope))
    standing = await _find_standing(authorization_id, op, now)
    return JsonAnswer(
        members={
            **released_claims(op.issuer, standing, scope),
            "sub": standing.authorization.user_id,
        }
    )


def read_bearer_token(request: EndpointRequest) -> str:
    """The one access token of the request: in the header, or in the form of a POST. RFC 6750 §2."""
    if request.query_parameters().get("access_token") is not None:
        raise ReasonCode.TOKEN_IN_QUERY.refusal()
    headers = request.header_values(b"authorization")
    in_form = None
    if request.method == "POST" and (request.header(b"content-type") or "").startswith(FORM):
        form = request.form_parameters()
        refuse_repeated(form)
        in_form = form.get("access_token")
    if len(headers) + (in_form is not None) > 1:
        raise ReasonCode.TOKEN_DOUBLE.refusal()
    if in_form is not None:
        return in_form
    scheme, token = split_authorization(headers[0] if headers else "")
    if scheme != "bearer":
        raise ReasonCode.TOKEN_MISSING.refusal(expected="Authorization: Bearer")
    if not token:
        raise ReasonCode.TOKEN_INVALID.refusal(expected="a token behind Bearer")
    return token


def verify_access_token(token: str, op: OpenIDProvider, now: int) -> Claims:
    """The claims of one of our own access tokens, for us and still good. RFC 9068 §4."""
    claims = op.find_verified(token)
    if claims is None:
        try:
            verified = verify_token(token, op.verification_keys)
        except Malformed as error:
            raise ReasonCode.TOKEN_INVALID.refusal(expected=error.expected) from error
        if verified.type != ACCESS_TOKEN_TYPE:
            raise ReasonCode.TOKEN_INVALID.refusal(
                expected=ACCESS_TOKEN_TYPE, received=verified.type
            )
        claims = verified.claims
        if claims.get("iss") != op.issuer.url or claims.get("aud") != op.issuer.url:
            raise ReasonCode.TOKEN_INVALID.refusal(
                expected=op.issuer.url, received=f"{claims.get('iss')} for {claims.get('aud')}"
            )
        op.remember_verified(token, claims)
    expires_at = claims["exp"]
    if not isinstance(expires_at, int):
        raise ReasonCode.TOKEN_INVALID.refusal(expected="a token with an expiry")
    if expires_at <= now:
        raise ReasonCode.TOKEN_EXPIRED.refusal(
            expected=f"before {readable(expires_at)}", received=readable(now)
        )
    return claims


async def _find_standing(authorization_id: bytes, op: OpenIDProvider, now: int) -> Standing:
    """The authorization behind the token, if anything may still be done under it."""
    standing = await op.store.authorizations.find_standing(op.issuer.issuer_id, authorization_id)
    if standing is None or not standing.may_act(now):
        raise ReasonCode.TOKEN_REVOKED.refusal()
    client = await op.find_client(standing.authorization.client_id)
    if client is None or client.disabled_at is not None:
        raise ReasonCode.TOKEN_REVOKED.refusal(expected="a client that is switched on")
    return standing
