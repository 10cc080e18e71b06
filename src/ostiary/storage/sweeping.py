"""What is removed when nothing asks for it any more: one line a table, in SWEEPS.

A table is walked in batches along its key, or along an index by time, so that no statement looks at
more than a batch and an insertion costs no further index. What is dead stays dead, so the batch that
was read is the batch that is removed.

Audit events are never swept, nor are consents, clients, people and what they have set up; counted
requests are forgotten by who counts them.
"""

from dataclasses import dataclass
from typing import Final

from ostiary.domain.issuer import DAY, HOUR
from ostiary.domain.throttle import KNOWN_FOR
from ostiary.storage.database import Database, Step, Value

# Not EXISTS: PostgreSQL would read all sessions first.
FIND_AUTHORIZATIONS = """
SELECT authorization_id AS place, CASE WHEN
    (ends_at < :before OR revoked_at < :before OR refresh_until < :before
        OR redeemed_at IS NULL AND code_expires_at < :before)
    AND (notify_logout = 0 OR COALESCE((
        SELECT expires_at FROM sessions
        WHERE sessions.issuer_id = :issuer_id AND sessions.session_id = authorizations.session_id
            AND sessions.ended_at IS NULL), 0) < :now)
    THEN 1 ELSE 0 END AS dead
FROM authorizations
WHERE issuer_id = :issuer_id AND authorization_id > :after AND authorization_id < :young
ORDER BY authorization_id LIMIT :limit
"""
REMOVE_AUTHORIZATIONS = """
DELETE FROM authorizations
WHERE issuer_id = :issuer_id AND authorization_id > :after AND authorization_id <= :last
    AND (ends_at < :before OR revoked_at < :before OR refresh_until < :before
        OR redeemed_at IS NULL AND code_expires_at < :before)
    AND (notify_logout = 0 OR COALESCE((
        SELECT expires_at FROM sessions
        WHERE sessions.issuer_id = :issuer_id AND sessions.session_id = authorizations.session_id
            AND sessions.ended_at IS NULL), 0) < :now)
RETURNING authorization_id
"""
FIND_SESSIONS = """
SELECT session_id AS place, CASE WHEN
    (expires_at < :before OR ended_at < :before)
    THEN 1 ELSE 0 END AS dead
FROM sessions
WHERE issuer_id = :issuer_id AND session_id > :after AND session_id < :young
ORDER BY session_id LIMIT :limit
"""
REMOVE_SESSIONS = """
DELETE FROM sessions
WHERE issuer_id = :issuer_id AND session_id > :after AND session_id <= :last
    AND (expires_at < :before OR ended_at < :before)
RETURNING session_id
"""
FIND_INTERACTIONS = """
SELECT interaction_id AS place, CASE WHEN
    (expires_at < :before OR finished_at < :before)
    THEN 1 ELSE 0 END AS dead
FROM interactions
WHERE issuer_id = :issuer_id AND interaction_id > :after AND interaction_id < :young
ORDER BY interaction_id LIMIT :limit
"""
REMOVE_INTERACTIONS = """
DELETE FROM interactions
WHERE issuer_id = :issuer_id AND interaction_id > :after AND interaction_id <= :last
    AND (expires_at < :before OR finished_at < :before)
RETURNING interaction_id
"""
FIND_PUSHED_REQUESTS = """
SELECT pushed_id AS place, CASE WHEN
    (expires_at < :before)
    THEN 1 ELSE 0 END AS dead
FROM pushed_requests
WHERE issuer_id = :issuer_id AND pushed_id > :after AND pushed_id < :young
ORDER BY pushed_id LIMIT :limit
"""
REMOVE_PUSHED_REQUESTS = """
DELETE FROM pushed_requests
WHERE issuer_id = :issuer_id AND pushed_id > :after AND pushed_id <= :last
    AND (expires_at < :before)
RETURNING pushed_id
"""
FIND_LOGOUT_NOTICES = """
SELECT session_id AS place, CASE WHEN
    (next_attempt_at IS NULL AND created_at < :before)
    THEN 1 ELSE 0 END AS dead
FROM logout_notices
WHERE issuer_id = :issuer_id AND session_id > :after AND session_id < :young
ORDER BY session_id LIMIT :limit
"""
REMOVE_LOGOUT_NOTICES = """
DELETE FROM logout_notices
WHERE issuer_id = :issuer_id AND session_id > :after AND session_id <= :last
    AND (next_attempt_at IS NULL AND created_at < :before)
RETURNING session_id
"""
FIND_THROTTLES = """
SELECT key AS place, CASE WHEN
    (failed_at < :before AND free_at < :before AND succeeded_at < :before)
    THEN 1 ELSE 0 END AS dead
FROM throttles
WHERE issuer_id = :issuer_id AND key > :after
ORDER BY key LIMIT :limit
"""
REMOVE_THROTTLES = """
DELETE FROM throttles
WHERE issuer_id = :issuer_id AND key > :after AND key <= :last
    AND (failed_at < :before AND free_at < :before AND succeeded_at < :before)
RETURNING key
"""
# The oldest first, along an index: whatever is found is dead.
FIND_SPENT_IDS = """
SELECT spent_id AS place, 1 AS dead FROM spent_ids
WHERE issuer_id = :issuer_id AND expires_at < :before
ORDER BY expires_at LIMIT :limit
"""
REMOVE_SPENT_IDS = """
DELETE FROM spent_ids
WHERE issuer_id = :issuer_id AND spent_id IN (
    SELECT spent_id FROM spent_ids
    WHERE issuer_id = :issuer_id AND expires_at < :before
    ORDER BY expires_at LIMIT :limit)
RETURNING spent_id
"""
FIND_REFUSALS = """
SELECT reference AS place, 1 AS dead FROM refusals
WHERE issuer_id = :issuer_id AND at < :before
ORDER BY at LIMIT :limit
"""
REMOVE_REFUSALS = """
DELETE FROM refusals
WHERE issuer_id = :issuer_id AND reference IN (
    SELECT reference FROM refusals
    WHERE issuer_id = :issuer_id AND at < :before
    ORDER BY at LIMIT :limit)
RETURNING reference
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One table: `find` reads a batch and says of each row whether it is dead, `remove` takes the dead
    of it away. A row is dead `keep` seconds after it was of use for the last time."""

    table: str
    find: str
    remove: str
    keep: int
    # For docs/reference/retention.md: until when a row is of use, and why it is kept longer.
    until: str
    because: str


SWEEPS: Final = (
    Sweep(
        table="authorizations",
        find=FIND_AUTHORIZATIONS,
        remove=REMOVE_AUTHORIZATIONS,
        # Longer than any token lives that is signed (domain.signing_keys.RETIREMENT).
        keep=3 * DAY,
        until="it ends, is revoked, its refresh token expires, or its code does unredeemed",
        because="until then its last access token has expired, and a client that comes late learns "
        "precisely why it is refused. With a client to be told of the logout: also until its session "
        "is over",
    ),
    Sweep(
        table="sessions",
        find=FIND_SESSIONS,
        remove=REMOVE_SESSIONS,
        keep=DAY,
        until="it ends or expires",
        because="clocks may differ",
    ),
    Sweep(
        table="interactions",
        find=FIND_INTERACTIONS,
        remove=REMOVE_INTERACTIONS,
        keep=DAY,
        until="it is finished or expires",
        because="a page that was left open can still say what has become of it",
    ),
    Sweep(
        table="pushed_requests",
        find=FIND_PUSHED_REQUESTS,
        remove=REMOVE_PUSHED_REQUESTS,
        keep=2 * DAY,
        until="it expires",
        because="the interaction that began with it needs it to be completed",
    ),
    Sweep(
        table="logout_notices",
        find=FIND_LOGOUT_NOTICES,
        remove=REMOVE_LOGOUT_NOTICES,
        keep=30 * DAY,
        until="its session ends, once it was delivered or given up",
        because="`ostiary logout list` tells how it went",
    ),
    Sweep(
        table="throttles",
        find=FIND_THROTTLES,
        remove=REMOVE_THROTTLES,
        keep=KNOWN_FOR,
        until="the last attempt to sign in, or the last success",
        because="an address from which somebody has signed in is known for so long",
    ),
    Sweep(
        table="spent_ids",
        find=FIND_SPENT_IDS,
        remove=REMOVE_SPENT_IDS,
        keep=HOUR,
        until="what it stands for expires",
        because="a clock that is set back by less does not let it be used again",
    ),
    Sweep(
        table="refusals",
        find=FIND_REFUSALS,
        remove=REMOVE_REFUSALS,
        keep=30 * DAY,
        until="it is recorded",
        because="the reference on an error page leads to it: `ostiary refusal show`",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`last` is the place behind which the table goes on; None at its end."""

    seen: int
    removed: int
    last: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    database: Database

    async def sweep(
        self, issuer_id: str, sweep: Sweep, after: Value, now: int, limit: int
    ) -> Batch:
        """Look at the next rows behind `after`, and remove the dead among them."""
        before = max(0, now - sweep.keep)
        parameters: dict[str, Value] = {
            "issuer_id": issuer_id,
            "after": after,
            "before": before,
            # Ids begin with the instant at which they were made: what is younger cannot be dead.
            "young": before.to_bytes(5),
            "now": now,
            "limit": limit,
        }
        rows = await self.database.read_all(sweep.find, parameters)
        last = rows[-1]["place"] if rows else None
        dead = sum(1 for row in rows if row["dead"])
        gone = None
        if dead:
            gone = await self.database.change(Step(sweep.remove, {**parameters, "last": last}))
        # Nothing comes back when another sweeper was faster.
        removed = 0 if gone is None else dead
        return Batch(seen=len(rows), removed=removed, last=last if len(rows) == limit else None)
