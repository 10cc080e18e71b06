"""Select account: the person says which account to go on with. OIDC Core §3.1.2.1."""

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.prompt import Prompt
from ostiary.provider.interaction.state import InteractionState

STEP = "select_account"
REFUSAL = ReasonCode.ACCOUNT_SELECTION_REQUIRED


def needed(state: InteractionState) -> bool:
    return (
        Prompt.SELECT_ACCOUNT in state.request.prompt
        and state.signed_in is not None
        and not state.account_chosen
    )
