"""Sessions, and the one read on which an authorization request decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.domain.audit import AuditEvent
from ostiary.domain.consent import Consent
from ostiary.domain.session import Session, SignedIn
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Step, Value
from ostiary.storage.logout_notices import notice_step, user_notices_step

FIND_SIGNED_IN = """
SELECT sessions.*, users.username, users.disabled_at, users.valid_after,
       memberships.claims, consents.scope, consents.claims AS consented_data, consents.client_print
FROM sessions
JOIN users ON users.issuer_id = sessions.issuer_id AND users.user_id = sessions.user_id
LEFT JOIN memberships ON memberships.issuer_id = sessions.issuer_id
    AND memberships.user_id = sessions.user_id AND memberships.institution_id = :institution_id
LEFT JOIN consents ON consents.issuer_id = sessions.issuer_id
    AND consents.user_id = sessions.user_id AND consents.institution_id = :institution_id
    AND consents.client_id = :client_id
WHERE sessions.issuer_id = :issuer_id AND sessions.session_id = :session_id
"""
ADD = """
INSERT INTO sessions (issuer_id, session_id, generation, user_id, auth_time, amr, level, seen_at,
                      expires_at, ended_at)
VALUES (:issuer_id, :session_id, :generation, :user_id, :auth_time, :amr, :level, :seen_at,
        :expires_at, :ended_at)
RETURNING session_id
"""
# The same person again: the session goes on under a new cookie, the old one is dead.
RENEW = """
UPDATE sessions
SET generation = :generation, auth_time = :auth_time, amr = :amr, level = :level,
    seen_at = :seen_at, expires_at = :expires_at
WHERE issuer_id = :issuer_id AND session_id = :session_id AND user_id = :user_id
    AND generation = :before AND ended_at IS NULL
RETURNING session_id
"""
TOUCH = """
UPDATE sessions SET seen_at = :now
WHERE issuer_id = :issuer_id AND session_id = :session_id AND seen_at < :now
RETURNING session_id
"""
END_OF_USER = """
UPDATE sessions SET ended_at = :now
WHERE issuer_id = :issuer_id AND user_id = :user_id AND ended_at IS NULL
RETURNING session_id
"""
END = """
UPDATE sessions SET ended_at = :now
WHERE issuer_id = :issuer_id AND session_id = :session_id AND ended_at IS NULL
RETURNING session_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    database: Database

    async def find_signed_in(
        self, issuer_id: str, session_id: bytes, client_id: str, institution_id: str
    ) -> SignedIn | None:
        """The session with its user, their membership in the institution, and their consent.

        `institution_ids` is this one, or empty for who is no member of it.
        """
        row = await self.database.read_one(
            FIND_SIGNED_IN,
            {
                "issuer_id": issuer_id,
                "session_id": session_id,
                "client_id": client_id,
                "institution_id": institution_id,
            },
        )
        if row is None:
            return None
        values = columns.by_name(row)
        claims = columns.stored_claims(values["claims"])
        return SignedIn(
            session=_session(values),
            username=values["username"],
            valid_after=values["valid_after"],
            disabled=values["disabled_at"] is not None,
            claims=claims,
            consent=_consent(values),
            institution_ids=() if claims is None else (institution_id,),
        )

    async def end(self, issuer_id: str, session_id: bytes, event: AuditEvent) -> bool:
        """With the notices to those who want to be told. False when it had ended before."""
        row = await self.database.change(
            *end_steps(issuer_id, session_id, event.at), event_step(issuer_id, event)
        )
        return row is not None


def add_step(issuer_id: str, session: Session) -> Step:
    return Step(ADD, _parameters(issuer_id, session))


def renew_step(issuer_id: str, session: Session) -> Step:
    """Takes effect if the stored session is of the generation before."""
    parameters = {**_parameters(issuer_id, session), "before": session.generation - 1}
    return Step(RENEW, parameters, required=True)


def touch_step(issuer_id: str, session_id: bytes, now: int) -> Step:
    return Step(TOUCH, {"issuer_id": issuer_id, "session_id": session_id, "now": now})


def end_steps(issuer_id: str, session_id: bytes, now: int) -> tuple[Step, Step]:
    """The end, and what is to be told of it."""
    ended = Step(END, {"issuer_id": issuer_id, "session_id": session_id, "now": now})
    return ended, notice_step(issuer_id, session_id, now)


def end_of_user_steps(issuer_id: str, user_id: str, now: int) -> tuple[Step, Step]:
    """The end of all that a person has, and what is to be told of it.

    In this order: from the end on no authorization is added, and those of before are seen.
    """
    ended = Step(END_OF_USER, {"issuer_id": issuer_id, "user_id": user_id, "now": now})
    return ended, user_notices_step(issuer_id, user_id, now)


def _parameters(issuer_id: str, session: Session) -> dict[str, Value]:
    return {
        "issuer_id": issuer_id,
        "session_id": session.session_id,
        "generation": session.generation,
        "user_id": session.user_id,
        "auth_time": session.auth_time,
        "amr": " ".join(session.amr),
        "level": session.level,
        "seen_at": session.seen_at,
        "expires_at": session.expires_at,
        "ended_at": session.ended_at,
    }


def _consent(values: Mapping[str, Any]) -> Consent | None:
    if values["client_print"] is None:
        return None
    return Consent(
        scope=columns.stored_scope(values["scope"]),
        data=frozenset(values["consented_data"].split()),
        client_print=values["client_print"],
    )


def _session(values: Mapping[str, Any]) -> Session:
    return Session(
        session_id=values["session_id"],
        generation=values["generation"],
        user_id=values["user_id"],
        auth_time=values["auth_time"],
        amr=tuple(values["amr"].split()),
        level=values["level"],
        seen_at=values["seen_at"],
        expires_at=values["expires_at"],
        ended_at=values["ended_at"],
    )
