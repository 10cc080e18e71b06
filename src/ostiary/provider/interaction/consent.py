"""Consent: the person agrees to what the client asks. OIDC Core §3.1.2.4."""

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.prompt import Prompt
from ostiary.provider.interaction.state import InteractionState

STEP = "consent"
REFUSAL = ReasonCode.CONSENT_REQUIRED


def needed(state: InteractionState) -> bool:
    if state.consented_here:
        return False
    if Prompt.CONSENT in state.request.prompt:
        return True
    if not state.client.consent_required:
        return False
    if state.client.native and state.client.public:
        return True  # any program may claim to be it: remembering would hand out codes unasked
    scope = state.request.scope
    # A request for nothing in particular still asks for who it is.
    return state.signed_in is None or not scope or not scope <= state.signed_in.consented
