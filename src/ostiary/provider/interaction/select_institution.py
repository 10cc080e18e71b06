"""Select institution: a member of several of the client's institutions says for which one it is."""

from ostiary.domain.refusals import ReasonCode
from ostiary.provider.interaction.state import InteractionState

STEP = "select_institution"
REFUSAL = ReasonCode.INSTITUTION_REQUIRED


def needed(state: InteractionState) -> bool:
    return state.signed_in is not None and state.signed_in.institution_id is None
