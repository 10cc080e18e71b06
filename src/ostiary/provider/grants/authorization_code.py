"""Authorization code grant: one code, once, for tokens.

RFC 6749 §4.1.3, RFC 7636 §4.6, OIDC Core §3.1.3, RFC 9449 §5, §10.
"""

from ostiary.domain.authorization import Standing
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.instants import readable
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.protocol.pkce import verifier_matches
from ostiary.provider.authorization.code import gets_refresh_token
from ostiary.provider.dpop import check_key
from ostiary.provider.exchange import JsonAnswer
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.revocation import revoke_authorization
from ostiary.provider.tokens import token_response

GRANT_TYPE = "authorization_code"

# What these find is a sign that somebody else holds the code: it ends with all that it gave.
_REVOKING = frozenset({ReasonCode.CODE_REUSED, ReasonCode.CODE_VERIFIER_WRONG})


async def exchange(request: GrantRequest, op: OpenIDProvider) -> JsonAnswer:
    # parse
    code = request.parameters.get("code")
    if code is None:
        raise ReasonCode.CODE_MISSING.refusal()
    handle = op.handles.open(code, Purpose.CODE, request.client.client_id)
    if handle is None:
        raise ReasonCode.CODE_UNKNOWN.refusal(expected="a code given to this client")

    # validate
    found = await op.store.authorizations.find_standing(op.issuer.issuer_id, handle.id)
    try:
        standing = check_code(found, request)
    except Refusal as refusal:
        if found is not None and refusal.code in _REVOKING:
            await revoke_authorization(found.authorization, refusal.code, op, request.now)
        raise

    # decide
    authorization = standing.authorization
    refresh_until = None
    if gets_refresh_token(authorization.scope, request.client, op.issuer):
        refresh_until = min(request.now + op.issuer.lifetimes.refresh_token, authorization.ends_at)
    members = token_response(
        op, request.client, standing, authorization.scope, request.now, jkt=request.jkt
    )
    if refresh_until is not None:
        members["refresh_token"] = op.handles.seal(
            Handle(id=handle.id), Purpose.REFRESH_TOKEN, request.client.client_id
        )

    # persist: the first redemption wins; any other ends what the first received
    if not await op.store.authorizations.redeem(
        op.issuer.issuer_id,
        handle.id,
        refresh_until=refresh_until,
        # A confidential client's is bound to its credentials already. RFC 9449 §5.
        refresh_jkt=request.jkt if request.client.public else None,
        now=request.now,
    ):
        await revoke_authorization(authorization, ReasonCode.CODE_REUSED, op, request.now)
        raise ReasonCode.CODE_REUSED.refusal(expected="a code presented once")

    # respond
    return JsonAnswer(members=members)


def check_code(found: Standing | None, request: GrantRequest) -> Standing:
    """The authorization, proved to be one whose code this client may redeem now."""
    if found is None:
        raise ReasonCode.CODE_UNKNOWN.refusal(expected="a code that is still kept")
    authorization = found.authorization
    if authorization.redeemed_at is not None:
        raise ReasonCode.CODE_REUSED.refusal(
            expected="a code presented once",
            received=f"one redeemed at {readable(authorization.redeemed_at)}",
        )
    # A code is good for its 60th second, and not for its 61st.
    if request.now > authorization.code_expires_at:
        raise ReasonCode.CODE_EXPIRED.refusal(
            expected=f"by {readable(authorization.code_expires_at)}", received=readable(request.now)
        )
    if not found.may_act(request.now) or not found.is_of(request.client):
        raise ReasonCode.AUTHORIZATION_ENDED.refusal()
    redirect_uri = request.parameters.get("redirect_uri")
    if redirect_uri != authorization.redirect_uri:
        raise ReasonCode.REDIRECT_URI_CHANGED.refusal(
            expected=authorization.redirect_uri, received=redirect_uri
        )
    check_code_verifier(request.parameters.get("code_verifier"), authorization.code_challenge)
    check_key(request.jkt, authorization.code_jkt)
    return found


def check_code_verifier(verifier: str | None, challenge: str | None) -> None:
    """RFC 7636 §4.6; a verifier without a challenge is a downgrade (RFC 9700 §4.8.2)."""
    if challenge is None:
        if verifier is not None:
            raise ReasonCode.CODE_VERIFIER_UNEXPECTED.refusal()
        return
    if verifier is None:
        raise ReasonCode.CODE_VERIFIER_MISSING.refusal(expected="the verifier of the challenge")
    if not verifier_matches(verifier, challenge):
        raise ReasonCode.CODE_VERIFIER_WRONG.refusal(expected=f"the verifier of {challenge}")
