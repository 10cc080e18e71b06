"""The authorization endpoint. RFC 6749 §3.1, §4.1.1, OIDC Core §3.1.2.1, RFC 9207."""

import re

import structlog

from ostiary.accounts.sessions import find_signed_in
from ostiary.domain.client import Client
from ostiary.domain.handles import Purpose
from ostiary.domain.interaction import AuthorizationRequest
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.domain.session import SignedIn, needs_touch
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.prompt import Prompt
from ostiary.provider.authorization.checks import Asked, check_request
from ostiary.provider.authorization.code import code_response, plan_authorization
from ostiary.provider.authorization.locate import ReturnAddress, locate
from ostiary.provider.authorization.pushed import locate_pushed, names_pushed_request
from ostiary.provider.cookies import session_cookie_name
from ostiary.provider.exchange import (
    AuthorizationResponse,
    EndpointRequest,
    Redirect,
    ShowInteraction,
)
from ostiary.provider.interaction import Cleared, next_step
from ostiary.provider.interaction.begin import begin_interaction
from ostiary.provider.interaction.state import InteractionState
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.ids import new_id

# Longer addresses are cut or refused on their way.
LONGEST_QUERY = 6000
# What can stand in an address as it is.
_AS_QUERY = re.compile(rb"[!\"$-~]+")

_log = structlog.get_logger("ostiary.authorization")


async def authorization(
    request: EndpointRequest, op: OpenIDProvider
) -> AuthorizationResponse | ShowInteraction | Redirect:
    if _comes_without_cookies(request):
        return Redirect(location=f"{op.issuer.endpoint('auth')}?{request.body.decode('ascii')}")
    parameters, now = _read(request), op.clock.now()
    pushed = None
    if names_pushed_request(parameters):
        client, address, pushed = await locate_pushed(parameters, op, now)
    else:
        client, address = await locate(parameters, op)
    # From here on every answer goes back to the client, also that we failed. RFC 6749 §4.1.2.1.
    try:
        checked = pushed.request if pushed else _check(parameters, client, address, op)
        pushed_id = pushed.pushed_id if pushed else None
        state = await _look(request, checked, client, op, now)
        return await _decide(state, address, op, pushed_id, request.address)
    except Refusal as refusal:
        return address.refuse(refusal)
    except StoreUnavailable as error:
        _log.warning("busy", error=str(error))
        return address.refuse(ReasonCode.BUSY.refusal())
    except Exception as error:
        defect = ReasonCode.SERVER_ERROR.refusal()
        defect.__cause__ = error
        return address.refuse(defect)


def _comes_without_cookies(request: EndpointRequest) -> bool:
    """Whether another site's form brought the request: browsers then leave our cookies at home, but
    send them along when the same request comes as a GET."""
    return (
        request.method == "POST"
        and request.header(b"sec-fetch-site") == "cross-site"
        and not request.query
        and len(request.body) <= LONGEST_QUERY
        and bool(request.form_parameters().values)
        and _AS_QUERY.fullmatch(request.body) is not None
    )


def _read(request: EndpointRequest) -> Parameters:
    """From the query, and for a POST from the form too: what stands in both is repeated."""
    query = request.query_parameters()
    return request.form_parameters().merged(query) if request.method == "POST" else query


def _check(
    parameters: Parameters, client: Client, address: ReturnAddress, op: OpenIDProvider
) -> AuthorizationRequest:
    asked = Asked(
        parameters=parameters,
        client=client,
        profile=op.profile(client),
        issuer=op.issuer,
        verification_keys=op.hint_keys,
    )
    return check_request(asked, address)


async def _look(
    request: EndpointRequest,
    checked: AuthorizationRequest,
    client: Client,
    op: OpenIDProvider,
    now: int,
) -> InteractionState:
    """The request, and who is signed in, with nobody asked yet."""
    handle = op.handles.open(request.cookie(session_cookie_name(op.issuer)) or "", Purpose.SESSION)
    return InteractionState(
        request=checked,
        client=client,
        issuer=op.issuer,
        subjects=op.subjects,
        signed_in=await find_signed_in(
            op.store, op.issuer, handle, client, now, checked.institution_id
        ),
        interaction=None,
        now=now,
    )


async def _decide(
    state: InteractionState,
    address: ReturnAddress,
    op: OpenIDProvider,
    pushed_id: bytes | None,
    client_address: str,
) -> AuthorizationResponse | ShowInteraction:
    """The code at once when nothing is left to ask, else on to the pages."""
    step = next_step(state)
    answer: AuthorizationResponse | ShowInteraction
    if isinstance(step, Cleared):
        answer = await _issue_code(state, step.signed_in, address, op, pushed_id)
    elif Prompt.NONE in state.request.prompt:
        raise step.REFUSAL.refusal()
    else:
        answer = await begin_interaction(
            op, state.request, state.now, address=client_address, pushed_id=pushed_id
        )
    op.observer.authorization_answered(state.client, asked=isinstance(answer, ShowInteraction))
    return answer


async def _issue_code(
    state: InteractionState,
    signed_in: SignedIn,
    address: ReturnAddress,
    op: OpenIDProvider,
    pushed_id: bytes | None,
) -> AuthorizationResponse:
    planned = plan_authorization(state, signed_in, new_id(state.now))
    touch = needs_touch(signed_in.session, op.issuer.lifetimes, state.now)
    if not await op.store.authorizations.add(
        op.issuer.issuer_id, planned, touch=touch, pushed_id=pushed_id
    ):
        if pushed_id is None:
            raise ReasonCode.LOGIN_REQUIRED.refusal(expected="a session that goes on")
        raise ReasonCode.PUSHED_REQUEST_USED.refusal(expected="a request_uri used once")
    return code_response(planned, address, op)
