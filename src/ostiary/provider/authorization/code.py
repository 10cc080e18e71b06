"""Issuing a code: the authorization that it stands for, and the answer that carries it."""

from ostiary.domain.authorization import Authorization
from ostiary.domain.client import Client, RefreshTokens
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.interaction import AuthorizationRequest
from ostiary.domain.issuer import Issuer
from ostiary.domain.quirks import Quirk
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.domain.session import SignedIn
from ostiary.provider.authorization.locate import ReturnAddress
from ostiary.provider.exchange import AuthorizationResponse
from ostiary.provider.interaction.state import InteractionState
from ostiary.provider.op import OpenIDProvider


def return_address(request: AuthorizationRequest, issuer: Issuer) -> ReturnAddress:
    """The address of a request that has been checked before."""
    return ReturnAddress(
        issuer_url=issuer.url,
        redirect_uri=request.redirect_uri,
        mode=request.response_mode,
        state=request.state,
    )


def plan_authorization(
    state: InteractionState, signed_in: SignedIn, authorization_id: bytes
) -> Authorization:
    """What the person has allowed, as it will be stored. Raises for the wrong person, and for one who
    has not proved enough."""
    request, client, issuer, now = state.request, state.client, state.issuer, state.now
    session, lifetimes = signed_in.session, issuer.lifetimes
    if not state.is_expected_person:
        raise ReasonCode.OTHER_USER_SIGNED_IN.refusal(
            expected=" ".join(sorted(request.expected_subjects or ())), received=session.user_id
        )
    if request.level_required and not state.reaches_level:
        raise ReasonCode.SECURITY_LEVEL_UNMET.refusal(
            expected=" ".join(sorted(request.levels)), received=session.level
        )
    code_expires_at = now + lifetimes.code
    lasting = gets_refresh_token(request.scope, client, issuer)
    return Authorization(
        authorization_id=authorization_id,
        client_id=client.client_id,
        user_id=session.user_id,
        institution_id=signed_in.institution_id or client.institution_id,
        session_id=session.session_id,
        scope=request.scope,
        nonce=request.nonce,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        authentication=session.authentication(issuer, request.levels),
        created_at=max(now, session.auth_time),
        code_expires_at=code_expires_at,
        ends_at=now + lifetimes.authorization
        if lasting
        else code_expires_at + lifetimes.access_token,
        offline=not OFFLINE_SCOPES.isdisjoint(request.scope),
        claims=request.claims,
        notify_logout=client.backchannel_logout_uri is not None,
        code_jkt=request.dpop_jkt,
    )


def gets_refresh_token(scope: frozenset[str], client: Client, issuer: Issuer) -> bool:
    """Whether the code will bring a refresh token. OIDC Core §11."""
    if "refresh_token" not in client.grant_types:
        return False
    return (
        not OFFLINE_SCOPES.isdisjoint(scope)
        or client.refresh_tokens is RefreshTokens.ALWAYS
        or Quirk.REFRESH_TOKEN_ALWAYS in issuer.quirks
    )


def code_response(
    authorization: Authorization, address: ReturnAddress, op: OpenIDProvider
) -> AuthorizationResponse:
    """RFC 6749 §4.1.2."""
    handle = Handle(id=authorization.authorization_id)
    code = op.handles.seal(handle, Purpose.CODE, authorization.client_id)
    return address.answer((("code", code),))
