"""Asking the person: the steps, in their order, and which of them comes next.

To add a step: a module with `STEP`, `REFUSAL` and `needed`, a line in STEPS, and its page.
"""

from typing import Protocol

from ostiary.domain.refusals import ReasonCode
from ostiary.provider.interaction import consent, login, select_account
from ostiary.provider.interaction.state import InteractionState


class Step(Protocol):
    STEP: str
    # The answer to prompt=none when this step is needed.
    REFUSAL: ReasonCode

    def needed(self, state: InteractionState) -> bool: ...


STEPS: tuple[Step, ...] = (select_account, login, consent)


def next_step(state: InteractionState) -> Step | None:
    """The first thing that still has to be asked; None when the client may have its code."""
    return next((step for step in STEPS if step.needed(state)), None)
