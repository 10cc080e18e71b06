"""A browser's signed-in state at the issuer."""

from dataclasses import dataclass

from ostiary.domain.consent import Consent
from ostiary.domain.issuer import Issuer, Lifetimes
from ostiary.domain.security_level import levels_up_to, strongest
from ostiary.protocol.tokens import Authentication, Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`generation` counts the sign-ins: only the cookie of the latest one counts."""

    session_id: bytes
    generation: int
    user_id: str
    auth_time: int
    amr: tuple[str, ...]
    level: str
    seen_at: int
    expires_at: int
    ended_at: int | None = None

    def authentication(self, issuer: Issuer, levels: frozenset[str]) -> Authentication:
        """`levels` are those of which the client wants one: the strongest that was reached is told.
        OIDC Core §5.5.1.1."""
        reached = levels.intersection(levels_up_to(self.level)) if levels else None
        told = strongest(reached) if reached else self.level
        return Authentication(
            auth_time=self.auth_time, acr=issuer.security_level(told), amr=self.amr
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session with the facts an authorization request decides on: one read.

    `institution_ids` are the client's institutions of which the person is a member and that the
    request leaves open; `claims` and `consent` are those of the one, once there is just one.
    """

    session: Session
    username: str
    disabled: bool
    # What began before this instant is over: the password was changed then.
    valid_after: int
    claims: Claims | None
    consent: Consent | None
    institution_ids: tuple[str, ...] = ()

    @property
    def institution_id(self) -> str | None:
        """For which institution it is; None while the person has to choose."""
        return self.institution_ids[0] if len(self.institution_ids) == 1 else None


def is_live(signed_in: SignedIn, generation: int, lifetimes: Lifetimes, now: int) -> bool:
    """Whether a cookie of this generation still stands for a signed-in person."""
    session = signed_in.session
    return (
        session.generation == generation
        and session.ended_at is None
        and not signed_in.disabled
        and signed_in.valid_after <= session.auth_time
        and now < session.expires_at
        and now < session.seen_at + lifetimes.session_idle
    )


def needs_touch(session: Session, lifetimes: Lifetimes, now: int) -> bool:
    """Whether use should be noted: at a tenth of the idle time, so that most requests write nothing."""
    return now >= session.seen_at + lifetimes.session_idle // 10
