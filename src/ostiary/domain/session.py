"""A browser's signed-in state at the issuer."""

from dataclasses import dataclass

from ostiary.domain.issuer import Issuer, Lifetimes
from ostiary.protocol.tokens import Authentication, Claims

STANDARD_LEVEL = "standard"


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

    def authentication(self, issuer: Issuer) -> Authentication:
        return Authentication(
            auth_time=self.auth_time, acr=issuer.security_level(self.level), amr=self.amr
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session with the facts an authorization request decides on: one read.

    `claims` is None when the person is no member of the client's institution.
    """

    session: Session
    username: str
    disabled: bool
    # What began before this instant is over: the password was changed then.
    valid_after: int
    claims: Claims | None
    consented: frozenset[str]


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
