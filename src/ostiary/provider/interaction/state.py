"""What the steps decide on: the request, who is signed in, and what was proved for this request."""

from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.domain.interaction import AuthorizationRequest, Interaction
from ostiary.domain.issuer import Issuer
from ostiary.domain.security_level import levels_up_to
from ostiary.domain.session import SignedIn
from ostiary.domain.subjects import Subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionState:
    """`interaction` is None as long as nobody has been asked anything."""

    request: AuthorizationRequest
    client: Client
    issuer: Issuer
    subjects: Subjects
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
    def is_expected_person(self) -> bool:
        """Whether whoever is signed in is somebody for whom the request is."""
        expected = self.request.expected_subjects
        return expected is None or (
            self.signed_in is not None
            and self.subjects.of(self.client, self.signed_in.session.user_id) in expected
        )

    @property
    def reaches_level(self) -> bool:
        """Whether the sign-in is as sure as the request wants it."""
        wanted = self.request.levels
        return not wanted or (
            self.signed_in is not None
            and not wanted.isdisjoint(levels_up_to(self.signed_in.session.level))
        )

    @property
    def account_chosen(self) -> bool:
        return self.interaction is not None and self.interaction.account_chosen

    @property
    def another_account(self) -> bool:
        """Whether the person asked to sign in as somebody else."""
        return self.interaction is not None and self.interaction.another_account
