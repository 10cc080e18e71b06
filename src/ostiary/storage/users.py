"""Users, their memberships and password hashes."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.audit import AuditEvent
from ostiary.domain.user import Membership, User, canonical_username
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Row, Step
from ostiary.storage.sessions import end_of_user_steps

FIND_BY_USERNAME = "SELECT * FROM users WHERE issuer_id = :issuer_id AND canonical = :canonical"
EXISTS = "SELECT user_id FROM users WHERE issuer_id = :issuer_id AND user_id = :user_id"
FIND_MEMBER = """
SELECT users.* FROM users
JOIN memberships ON memberships.issuer_id = users.issuer_id
    AND memberships.user_id = users.user_id AND memberships.institution_id = :institution_id
WHERE users.issuer_id = :issuer_id AND users.canonical = :canonical
"""
LIST = "SELECT * FROM users WHERE issuer_id = :issuer_id ORDER BY canonical"
MEMBERSHIPS = """
SELECT institution_id, claims FROM memberships
WHERE issuer_id = :issuer_id AND user_id = :user_id ORDER BY institution_id
"""
ADD = """
INSERT INTO users (issuer_id, user_id, username, canonical, password_hash, valid_after,
                   disabled_at)
VALUES (:issuer_id, :user_id, :username, :canonical, :password_hash, 0, :disabled_at)
RETURNING user_id
"""
SAVE_MEMBERSHIP = """
INSERT INTO memberships (issuer_id, user_id, institution_id, claims)
VALUES (:issuer_id, :user_id, :institution_id, :claims)
ON CONFLICT (issuer_id, user_id, institution_id) DO UPDATE SET claims = excluded.claims
RETURNING user_id
"""
# Everybody becomes a member of institution zero, which knows nothing of them: what a bank says of its
# members is not for another institution's clients.
FILL_ZERO = """
INSERT INTO memberships (issuer_id, user_id, institution_id, claims)
SELECT issuer_id, user_id, :zero, :claims FROM users
WHERE issuer_id = :issuer_id
ON CONFLICT (issuer_id, user_id, institution_id) DO NOTHING
RETURNING user_id
"""
# A new password ends what the old one began, up to this second, whether a row of it is touched or
# not. So does switching off, for when the user is switched on again.
CHANGE_PASSWORD = """
UPDATE users SET password_hash = :password_hash, valid_after = :valid_after
WHERE issuer_id = :issuer_id AND user_id = :user_id RETURNING user_id
"""  # noqa: S105  a statement
REHASH = """
UPDATE users SET password_hash = :password_hash
WHERE issuer_id = :issuer_id AND user_id = :user_id AND password_hash = :seen RETURNING user_id
"""
DISABLE = """
UPDATE users SET disabled_at = :disabled_at, valid_after = :valid_after
WHERE issuer_id = :issuer_id AND user_id = :user_id RETURNING user_id
"""
ENABLE = """
UPDATE users SET disabled_at = NULL
WHERE issuer_id = :issuer_id AND user_id = :user_id RETURNING user_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    database: Database

    async def find_by_username(self, issuer_id: str, username: str) -> User | None:
        row = await self.database.read_one(
            FIND_BY_USERNAME, {"issuer_id": issuer_id, "canonical": canonical_username(username)}
        )
        return None if row is None else _user(row)

    async def exists(self, issuer_id: str, user_id: str) -> bool:
        parameters = {"issuer_id": issuer_id, "user_id": user_id}
        return await self.database.read_one(EXISTS, parameters) is not None

    async def find_member(self, issuer_id: str, institution_id: str, username: str) -> User | None:
        """The user of this name, if a member of the institution."""
        row = await self.database.read_one(
            FIND_MEMBER,
            {
                "issuer_id": issuer_id,
                "institution_id": institution_id,
                "canonical": canonical_username(username),
            },
        )
        return None if row is None else _user(row)

    async def list(self, issuer_id: str) -> Sequence[User]:
        rows = await self.database.read_all(LIST, {"issuer_id": issuer_id})
        return [_user(row) for row in rows]

    async def memberships(self, issuer_id: str, user_id: str) -> Sequence[Membership]:
        rows = await self.database.read_all(
            MEMBERSHIPS, {"issuer_id": issuer_id, "user_id": user_id}
        )
        return [
            Membership(
                institution_id=columns.text(row, "institution_id"),
                claims=columns.claims(row) or {},
            )
            for row in rows
        ]

    async def add(
        self, issuer_id: str, user: User, memberships: Sequence[Membership], event: AuditEvent
    ) -> None:
        """Raises Conflict when the username is taken, in any spelling of it."""
        await self.database.change(
            Step(
                ADD,
                {
                    "issuer_id": issuer_id,
                    "user_id": user.user_id,
                    "username": user.username,
                    "canonical": canonical_username(user.username),
                    "password_hash": user.password_hash,
                    "disabled_at": user.disabled_at,
                },
            ),
            *(_membership_step(issuer_id, user.user_id, each) for each in memberships),
            event_step(issuer_id, event),
        )

    async def save_membership(
        self, issuer_id: str, user_id: str, membership: Membership, event: AuditEvent
    ) -> None:
        await self.database.change(
            _membership_step(issuer_id, user_id, membership), event_step(issuer_id, event)
        )

    async def fill_zero(self, issuer_id: str, zero: str, event: AuditEvent) -> None:
        """Make every user a member of institution zero who is not one yet."""
        await self.database.change(
            Step(FILL_ZERO, {"issuer_id": issuer_id, "zero": zero, "claims": "{}"}),
            event_step(issuer_id, event),
        )

    async def set_password(
        self, issuer_id: str, user_id: str, password_hash: str, event: AuditEvent
    ) -> None:
        """A new password, which ends every session and authorization of the user."""
        await self.database.change(
            Step(
                CHANGE_PASSWORD,
                {
                    "issuer_id": issuer_id,
                    "user_id": user_id,
                    "password_hash": password_hash,
                    "valid_after": event.at + 1,
                },
            ),
            *end_of_user_steps(issuer_id, user_id, event.at),
            event_step(issuer_id, event),
        )

    async def rehash(self, issuer_id: str, user: User, password_hash: str) -> None:
        """The same password under newer parameters, unless it has been changed meanwhile."""
        await self.database.change(
            Step(
                REHASH,
                {
                    "issuer_id": issuer_id,
                    "user_id": user.user_id,
                    "password_hash": password_hash,
                    "seen": user.password_hash,
                },
            )
        )

    async def set_disabled(
        self, issuer_id: str, user_id: str, disabled_at: int | None, event: AuditEvent
    ) -> None:
        steps = (
            [_enable_step(issuer_id, user_id)]
            if disabled_at is None
            else [
                _disable_step(issuer_id, user_id, disabled_at),
                *end_of_user_steps(issuer_id, user_id, disabled_at),
            ]
        )
        await self.database.change(*steps, event_step(issuer_id, event))


def _disable_step(issuer_id: str, user_id: str, disabled_at: int) -> Step:
    return Step(
        DISABLE,
        {
            "issuer_id": issuer_id,
            "user_id": user_id,
            "disabled_at": disabled_at,
            "valid_after": disabled_at + 1,
        },
    )


def _enable_step(issuer_id: str, user_id: str) -> Step:
    return Step(ENABLE, {"issuer_id": issuer_id, "user_id": user_id})


def _membership_step(issuer_id: str, user_id: str, membership: Membership) -> Step:
    return Step(
        SAVE_MEMBERSHIP,
        {
            "issuer_id": issuer_id,
            "user_id": user_id,
            "institution_id": membership.institution_id,
            "claims": columns.claims_value(membership.claims),
        },
    )


def _user(row: Row) -> User:
    return User(
        user_id=columns.text(row, "user_id"),
        username=columns.text(row, "username"),
        password_hash=columns.optional_text(row, "password_hash"),
        disabled_at=columns.optional_integer(row, "disabled_at"),
        valid_after=columns.integer(row, "valid_after"),
    )
