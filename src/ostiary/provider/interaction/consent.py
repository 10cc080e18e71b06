"""Consent: the person agrees to what the client asks. OIDC Core §3.1.2.4."""

from ostiary.domain.consent import Consent, client_print
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.prompt import Prompt
from ostiary.provider.claims import data_beyond_scope
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
    return not _is_covered(state)


def find_given(state: InteractionState) -> Consent | None:
    """What the person has agreed to before, if the client is still what it was then."""
    consent = state.signed_in.consent if state.signed_in else None
    if consent is None or consent.client_print != client_print(state.client):
        return None
    return consent


def asked_data(state: InteractionState) -> frozenset[str]:
    """What is asked for besides that which the scopes release."""
    return data_beyond_scope(state.issuer.face, state.client, state.request)


def given(state: InteractionState) -> Consent:
    """What is remembered once the person agrees: this, and what they have agreed to before."""
    before = find_given(state)
    return Consent(
        scope=state.request.scope | (before.scope if before else frozenset()),
        data=asked_data(state) | (before.data if before else frozenset()),
        client_print=client_print(state.client),
    )


def _is_covered(state: InteractionState) -> bool:
    consent, scope = find_given(state), state.request.scope
    # A request for nothing in particular still asks for who it is.
    if consent is None or not scope or not scope <= consent.scope:
        return False
    data = asked_data(state)
    return not data or data <= consent.data | _released_by(consent.scope, state)


def _released_by(scope: frozenset[str], state: InteractionState) -> frozenset[str]:
    face = state.issuer.face
    return frozenset(face.data[name] for name in face.claims_for(scope))
