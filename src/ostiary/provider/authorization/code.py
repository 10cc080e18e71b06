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
    state: InteractionState, signed_in: SignedIn, issuer: Issuer, authorization_id: bytes
) -> Authorization:
    """What the person has allowed, as it will be stored. Raises for the wrong person."""
    request, client, now, session = state.request, state.client, state.now, signed_in.session
    if request.expected_subject not in (None, session.user_id):
        raise ReasonCode.OTHER_USER_SIGNED_IN.refusal(
            expected=request.expected_subject, received=session.user_id
        )
    lifetimes = issuer.lifetimes
    code_expires_at = now + lifetimes.code
    lasting = gets_refresh_token(request.scope, client, issuer)
    return Authorization(
        authorization_id=authorization_id,
        client_id=client.client_id,
        user_id=session.user_id,
        institution_id=client.institution_id,
        session_id=session.session_id,
        scope=request.scope,
        nonce=request.nonce,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        authentication=session.authentication(issuer),
        created_at=max(now, session.auth_time),
        code_expires_at=code_expires_at,
        ends_at=now + lifetimes.authorization
        if lasting
        else code_expires_at + lifetimes.access_token,
        offline=not OFFLINE_SCOPES.isdisjoint(request.scope),
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
