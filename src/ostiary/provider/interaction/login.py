"""Login: the person proves who they are. OIDC Core §3.1.2.3."""

from ostiary.domain.refusals import ReasonCode
from ostiary.domain.session import SignedIn
from ostiary.protocol.prompt import Prompt
from ostiary.provider.interaction.state import InteractionState

STEP = "login"
REFUSAL = ReasonCode.LOGIN_REQUIRED

# A sign-in further ahead than clocks differ did not happen: the clock has been turned back.
CLOCK_SKEW = 60


def needed(state: InteractionState) -> bool:
    signed_in = state.signed_in
    if signed_in is None or not signed_in.institution_ids:
        return True  # nobody, or nobody whom an institution of the client knows
    if state.signed_in_here:
        return False
    return (
        state.another_account
        or Prompt.LOGIN in state.request.prompt
        or _too_old(state, signed_in)
        or not state.is_expected_person
        or not state.reaches_level
    )


def _too_old(state: InteractionState, signed_in: SignedIn) -> bool:
    auth_time = signed_in.session.auth_time
    if auth_time > state.now + CLOCK_SKEW:
        return True
    max_age = state.request.max_age
    # Strictly: max_age=0 asks for a sign-in even in the second of the last one.
    return max_age is not None and (max_age == 0 or state.now - auth_time > max_age)
