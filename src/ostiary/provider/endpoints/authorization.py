"""The authorization endpoint. RFC 6749 §3.1, §4.1.1, OIDC Core §3.1.2.1, RFC 9207."""

from ostiary.accounts.sessions import find_signed_in
from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.interaction import AuthorizationRequest
from ostiary.domain.refusals import Refusal
from ostiary.domain.session import SignedIn, needs_touch
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.prompt import Prompt
from ostiary.provider.authorization.checks import Asked, check_request
from ostiary.provider.authorization.code import code_response, plan_authorization
from ostiary.provider.authorization.locate import ReturnAddress, locate
from ostiary.provider.cookies import browser_cookie_name, session_cookie_name
from ostiary.provider.exchange import AuthorizationResponse, EndpointRequest, ShowInteraction
from ostiary.provider.interaction import Cleared, next_step
from ostiary.provider.interaction.begin import begin_interaction
from ostiary.provider.interaction.state import InteractionState
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.ids import new_id


async def authorization(
    request: EndpointRequest, op: OpenIDProvider
) -> AuthorizationResponse | ShowInteraction:
    parameters = _read(request)
    client, address = await locate(parameters, op)
    try:
        return await _decide(request, parameters, client, address, op)
    except Refusal as refusal:
        return address.refuse(refusal)


def _read(request: EndpointRequest) -> Parameters:
    """From the query, and for a POST from the form too: what stands in both is repeated."""
    query = request.query_parameters()
    return request.form_parameters().merged(query) if request.method == "POST" else query


async def _decide(
    request: EndpointRequest,
    parameters: Parameters,
    client: Client,
    address: ReturnAddress,
    op: OpenIDProvider,
) -> AuthorizationResponse | ShowInteraction:
    now = op.clock.now()
    checked = check_request(
        Asked(
            parameters=parameters,
            client=client,
            profile=op.profile(client),
            issuer=op.issuer,
            verification_keys=op.verification_keys,
        ),
        address,
    )
    handle = op.handles.open(request.cookie(session_cookie_name(op.issuer)) or "", Purpose.SESSION)
    state = InteractionState(
        request=checked,
        client=client,
        signed_in=await find_signed_in(op.store, op.issuer, handle, client, now),
        interaction=None,
        now=now,
    )
    step = next_step(state)
    if isinstance(step, Cleared):
        return await _issue_code(state, step.signed_in, address, op)
    if Prompt.NONE in checked.prompt:
        raise step.REFUSAL.refusal()
    return await _show_interaction(request, checked, op, now)


async def _issue_code(
    state: InteractionState, signed_in: SignedIn, address: ReturnAddress, op: OpenIDProvider
) -> AuthorizationResponse:
    planned = plan_authorization(
        state.request,
        state.client,
        signed_in,
        op.issuer,
        authorization_id=new_id(state.now),
        now=state.now,
    )
    touch = needs_touch(signed_in.session, op.issuer.lifetimes, state.now)
    await op.store.authorizations.add(op.issuer.issuer_id, planned, touch=touch)
    return code_response(planned, address, op)


async def _show_interaction(
    request: EndpointRequest, checked: AuthorizationRequest, op: OpenIDProvider, now: int
) -> ShowInteraction:
    cookie = request.cookie(browser_cookie_name(op.issuer)) or ""
    browser = op.handles.open(cookie, Purpose.BROWSER) or Handle(id=new_id(now))
    interaction = await begin_interaction(op, checked, browser.id, now)
    return ShowInteraction(
        interaction_id=interaction.interaction_id,
        browser=op.handles.seal(browser, Purpose.BROWSER),
    )
