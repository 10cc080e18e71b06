"""What the steps decide on: the request, who is signed in, and what was proved for this request."""

from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.domain.interaction import AuthorizationRequest, Interaction
from ostiary.domain.session import SignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionState:
    """`interaction` is None as long as nobody has been asked anything."""

    request: AuthorizationRequest
    client: Client
    signed_in: SignedIn | None
    interaction: Interaction | None
    now: int
    consented_here: bool = False

    @property
    def signed_in_here(self) -> bool:
        """Whether whoever is signed in proved it for this request, not for an earlier one."""
        return (
            self.signed_in is not None
            and self.interaction is not None
            and self.interaction.signed_in_session == self.signed_in.session.session_id
        )

    @property
    def account_chosen(self) -> bool:
        return self.interaction is not None and self.interaction.account_chosen

    @property
    def another_account(self) -> bool:
        """Whether the person asked to sign in as somebody else."""
        return self.interaction is not None and self.interaction.another_account
