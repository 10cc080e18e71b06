"""Authorizations: one row from the code to the last refresh, changed by one conditional statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.domain.audit import AuditEvent
from ostiary.domain.authorization import Authorization, Standing
from ostiary.protocol.tokens import Authentication
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.database import Database, Row, Step
from ostiary.storage.pushed_requests import complete_steps
from ostiary.storage.sessions import touch_step

# Whoever has signed out meanwhile gets no code: their clients have been told already.
ADD = """
INSERT INTO authorizations (
    issuer_id, authorization_id, client_id, user_id, institution_id, session_id, scope, nonce,
    redirect_uri, code_challenge, auth_time, acr, amr, created_at, code_expires_at, ends_at,
    offline, claims_request, code_jkt, notify_logout, generation)
SELECT
    :issuer_id, :authorization_id, :client_id, :user_id, :institution_id, :session_id, :scope,
    :nonce, :redirect_uri, :code_challenge, :auth_time, :acr, :amr, :created_at, :code_expires_at,
    :ends_at, :offline, :claims_request, :code_jkt, :notify_logout, 0
WHERE EXISTS (
    SELECT 1 FROM sessions
    WHERE issuer_id = :issuer_id AND session_id = :session_id AND user_id = :user_id
        AND ended_at IS NULL
    /* postgresql: FOR NO KEY UPDATE */)
RETURNING authorization_id
"""
FIND_STANDING = """
SELECT authorizations.*, users.user_id AS known_user, users.disabled_at,
       users.valid_after, memberships.claims,
       sessions.expires_at AS session_expires_at, sessions.ended_at,
       spent_ids.spent_id AS revoked_token
FROM authorizations
LEFT JOIN users ON users.issuer_id = authorizations.issuer_id
    AND users.user_id = authorizations.user_id
LEFT JOIN memberships ON memberships.issuer_id = authorizations.issuer_id
    AND memberships.user_id = authorizations.user_id
    AND memberships.institution_id = authorizations.institution_id
LEFT JOIN sessions ON sessions.issuer_id = authorizations.issuer_id
    AND sessions.session_id = authorizations.session_id
LEFT JOIN spent_ids ON spent_ids.issuer_id = authorizations.issuer_id
    AND spent_ids.spent_id = :token_id
WHERE authorizations.issuer_id = :issuer_id
    AND authorizations.authorization_id = :authorization_id
"""
REDEEM = """
UPDATE authorizations
SET redeemed_at = :now, refresh_until = :refresh_until, refresh_jkt = :refresh_jkt
WHERE issuer_id = :issuer_id AND authorization_id = :authorization_id
    AND redeemed_at IS NULL AND revoked_at IS NULL
RETURNING authorization_id
"""
ROTATE = """
UPDATE authorizations
SET generation = generation + 1, rotated_at = :now, refresh_until = :refresh_until
WHERE issuer_id = :issuer_id AND authorization_id = :authorization_id
    AND generation = :generation AND revoked_at IS NULL
RETURNING authorization_id
"""
EXTEND = """
UPDATE authorizations SET refresh_until = :refresh_until
WHERE issuer_id = :issuer_id AND authorization_id = :authorization_id
    AND generation = :generation AND revoked_at IS NULL
RETURNING authorization_id
"""
REVOKE = """
UPDATE authorizations SET revoked_at = :now
WHERE issuer_id = :issuer_id AND authorization_id = :authorization_id AND revoked_at IS NULL
RETURNING authorization_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizations:
    database: Database

    async def add(
        self,
        issuer_id: str,
        authorization: Authorization,
        *,
        touch: bool,
        pushed_id: bytes | None = None,
    ) -> bool:
        """With `touch`, the session's use is noted in the same transaction.

        False, and nothing done, when the session has ended or the pushed request has been used.
        """
        now = authorization.created_at
        steps = [add_step(issuer_id, authorization), *complete_steps(issuer_id, pushed_id, now)]
        if touch:
            steps.append(touch_step(issuer_id, authorization.session_id, now))
        return await self.database.change(*steps) is not None

    async def find_standing(
        self, issuer_id: str, authorization_id: bytes, *, token_id: bytes | None = None
    ) -> Standing | None:
        """The authorization with its user, membership and session.

        `token_id` is the access token in question, by the spent id that it has once it is revoked.
        """
        row = await self.database.read_one(
            FIND_STANDING,
            {
                "issuer_id": issuer_id,
                "authorization_id": authorization_id,
                "token_id": token_id,
            },
        )
        return None if row is None else _standing(row)

    async def redeem(
        self,
        issuer_id: str,
        authorization_id: bytes,
        *,
        refresh_until: int | None,
        refresh_jkt: str | None,
        now: int,
    ) -> bool:
        """Spend the code: true for exactly one caller."""
        row = await self.database.change(
            Step(
                REDEEM,
                {
                    "issuer_id": issuer_id,
                    "authorization_id": authorization_id,
                    "refresh_until": refresh_until,
                    "refresh_jkt": refresh_jkt,
                    "now": now,
                },
            )
        )
        return row is not None

    async def rotate(
        self,
        issuer_id: str,
        authorization_id: bytes,
        *,
        generation: int,
        refresh_until: int,
        now: int,
    ) -> bool:
        """Go on from `generation` to the next: true for exactly one caller."""
        row = await self.database.change(
            Step(
                ROTATE,
                {
                    "issuer_id": issuer_id,
                    "authorization_id": authorization_id,
                    "generation": generation,
                    "refresh_until": refresh_until,
                    "now": now,
                },
            )
        )
        return row is not None

    async def extend(
        self, issuer_id: str, authorization_id: bytes, *, generation: int, refresh_until: int
    ) -> bool:
        """Give the refresh token its lifetime again; false when it has ended or gone on."""
        row = await self.database.change(
            Step(
                EXTEND,
                {
                    "issuer_id": issuer_id,
                    "authorization_id": authorization_id,
                    "generation": generation,
                    "refresh_until": refresh_until,
                },
            )
        )
        return row is not None

    async def revoke(self, issuer_id: str, authorization_id: bytes, event: AuditEvent) -> bool:
        """End it, with everything that it gave. False when it had ended before."""
        row = await self.database.change(
            Step(
                REVOKE,
                {"issuer_id": issuer_id, "authorization_id": authorization_id, "now": event.at},
            ),
            event_step(issuer_id, event),
        )
        return row is not None


def add_step(issuer_id: str, authorization: Authorization) -> Step:
    return Step(
        ADD,
        required=True,
        parameters={
            "issuer_id": issuer_id,
            "authorization_id": authorization.authorization_id,
            "client_id": authorization.client_id,
            "user_id": authorization.user_id,
            "institution_id": authorization.institution_id,
            "session_id": authorization.session_id,
            "scope": columns.scope_value(authorization.scope),
            "nonce": authorization.nonce,
            "redirect_uri": authorization.redirect_uri,
            "code_challenge": authorization.code_challenge,
            "auth_time": authorization.authentication.auth_time,
            "acr": authorization.authentication.acr,
            "amr": " ".join(authorization.authentication.amr),
            "created_at": authorization.created_at,
            "code_expires_at": authorization.code_expires_at,
            "ends_at": authorization.ends_at,
            "offline": int(authorization.offline),
            "claims_request": authorization.claims,
            "code_jkt": authorization.code_jkt,
            "notify_logout": int(authorization.notify_logout),
        },
    )


def _standing(row: Row) -> Standing:
    values = columns.by_name(row)
    return Standing(
        authorization=_authorization(values),
        user_disabled=values["known_user"] is None or values["disabled_at"] is not None,
        user_valid_after=values["valid_after"] or 0,
        # A session that is no longer kept has ended.
        session_until=0 if values["ended_at"] is not None else values["session_expires_at"] or 0,
        claims=columns.stored_claims(values["claims"]),
        token_revoked=values["revoked_token"] is not None,
    )


def _authorization(values: Mapping[str, Any]) -> Authorization:
    return Authorization(
        authorization_id=values["authorization_id"],
        client_id=values["client_id"],
        user_id=values["user_id"],
        institution_id=values["institution_id"],
        session_id=values["session_id"],
        scope=columns.stored_scope(values["scope"]),
        nonce=values["nonce"],
        redirect_uri=values["redirect_uri"],
        code_challenge=values["code_challenge"],
        authentication=Authentication(
            auth_time=values["auth_time"],
            acr=values["acr"],
            amr=tuple(values["amr"].split()),
        ),
        created_at=values["created_at"],
        code_expires_at=values["code_expires_at"],
        ends_at=values["ends_at"],
        offline=bool(values["offline"]),
        claims=values["claims_request"],
        code_jkt=values["code_jkt"],
        refresh_jkt=values["refresh_jkt"],
        notify_logout=bool(values["notify_logout"]),
        redeemed_at=values["redeemed_at"],
        refresh_until=values["refresh_until"],
        generation=values["generation"],
        rotated_at=values["rotated_at"],
        revoked_at=values["revoked_at"],
    )
