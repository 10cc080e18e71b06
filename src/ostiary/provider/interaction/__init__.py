"""Asking the person: the steps, in their order, and which of them comes next.

To add a step: a module with `STEP`, `REFUSAL` and `needed`, a line in STEPS, and its page.
"""

from dataclasses import dataclass
from typing import Protocol

from ostiary.domain.refusals import ReasonCode
from ostiary.domain.session import SignedIn
from ostiary.provider.interaction import consent, login, select_account, select_institution
from ostiary.provider.interaction.state import InteractionState


class Step(Protocol):
    STEP: str
    # The answer to prompt=none when this step is needed.
    REFUSAL: ReasonCode

    def needed(self, state: InteractionState) -> bool: ...


STEPS: tuple[Step, ...] = (select_account, login, select_institution, consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Nothing is left to ask: the client may have a code for this person."""

    signed_in: SignedIn


def next_step(state: InteractionState) -> Step | Cleared:
    """The first thing that still has to be asked, or else who has been asked everything."""
    step = next((step for step in STEPS if step.needed(state)), None)
    if step is not None or state.signed_in is None:
        return step or login
    return Cleared(signed_in=state.signed_in)
