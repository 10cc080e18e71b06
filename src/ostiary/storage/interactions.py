"""Interactions: what a person has proved so far, and the one change that ends each."""

from dataclasses import dataclass, replace

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.authorization import Authorization
from ostiary.domain.consent import Consent
from ostiary.domain.interaction import AuthorizationRequest, Interaction
from ostiary.domain.session import Session
from ostiary.storage import columns
from ostiary.storage.audit import event_step
from ostiary.storage.authorizations import add_step as add_authorization_step
from ostiary.storage.database import Database, Row, Step, Value
from ostiary.storage.pushed_requests import complete_steps
from ostiary.storage.records import Record
from ostiary.storage.sessions import add_step as add_session_step
from ostiary.storage.sessions import end_steps, renew_step, touch_step

ADD = """
INSERT INTO interactions (issuer_id, interaction_id, browser_id, request, created_at, expires_at,
                          pushed_id, account_chosen, another_account)
VALUES (:issuer_id, :interaction_id, :browser_id, :request, :created_at, :expires_at,
        :pushed_id, 0, 0)
RETURNING interaction_id
"""
FIND = """
SELECT * FROM interactions
WHERE issuer_id = :issuer_id AND interaction_id = :interaction_id
"""
SET_IDENTIFIER = """
UPDATE interactions
SET identifier = :identifier, signed_in_session = NULL, account_chosen = 1, another_account = 1,
    institution_id = NULL
WHERE issuer_id = :issuer_id AND interaction_id = :interaction_id AND finished_at IS NULL
RETURNING interaction_id
"""
CHOOSE_ACCOUNT = """
UPDATE interactions SET account_chosen = 1, another_account = :another_account
WHERE issuer_id = :issuer_id AND interaction_id = :interaction_id AND finished_at IS NULL
RETURNING interaction_id
"""
CHOOSE_INSTITUTION = """
UPDATE interactions SET institution_id = :institution_id
WHERE issuer_id = :issuer_id AND interaction_id = :interaction_id AND finished_at IS NULL
RETURNING interaction_id
"""
SIGN_IN = """
UPDATE interactions
SET signed_in_session = :session_id, account_chosen = 1, another_account = 0, institution_id = NULL
WHERE issuer_id = :issuer_id AND interaction_id = :interaction_id AND finished_at IS NULL
RETURNING interaction_id
"""
FINISH = """
UPDATE interactions SET finished_at = :now
WHERE issuer_id = :issuer_id AND interaction_id = :interaction_id AND finished_at IS NULL
RETURNING interaction_id
"""
# Of two consents at the same moment the later one is remembered: at worst the person is asked again.
SAVE_CONSENT = """
INSERT INTO consents (issuer_id, user_id, institution_id, client_id, scope, claims, client_print,
                      granted_at)
VALUES (:issuer_id, :user_id, :institution_id, :client_id, :scope, :claims, :client_print,
        :granted_at)
ON CONFLICT (issuer_id, user_id, institution_id, client_id) DO UPDATE
SET scope = excluded.scope, claims = excluded.claims, client_print = excluded.client_print,
    granted_at = excluded.granted_at
"""

REQUEST = Record(AuthorizationRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInChange:
    """A sign-in that succeeded: the session as it is now, and the one that it replaces, if any."""

    session: Session
    renews: bool
    ends: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The end of an interaction in a code: with the consent given in it and the pushed request that
    it used, if any."""

    authorization: Authorization
    consent: Consent | None
    event: AuditEvent | None
    pushed_id: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    database: Database

    async def add(self, issuer_id: str, interaction: Interaction) -> None:
        await self.database.change(
            Step(
                ADD,
                {
                    **_key(issuer_id, interaction.interaction_id),
                    "browser_id": interaction.browser_id,
                    "request": REQUEST.dump(interaction.request),
                    "created_at": interaction.created_at,
                    "expires_at": interaction.expires_at,
                    "pushed_id": interaction.pushed_id,
                },
            )
        )

    async def find(self, issuer_id: str, interaction_id: bytes) -> Interaction | None:
        row = await self.database.read_one(FIND, _key(issuer_id, interaction_id))
        return None if row is None else _interaction(row)

    async def set_identifier(self, issuer_id: str, interaction_id: bytes, identifier: str) -> None:
        """What the person typed as username: who has to sign in, whoever is signed in."""
        await self.database.change(
            Step(SET_IDENTIFIER, {**_key(issuer_id, interaction_id), "identifier": identifier})
        )

    async def choose_account(self, issuer_id: str, interaction_id: bytes, *, another: bool) -> None:
        await self.database.change(
            Step(
                CHOOSE_ACCOUNT,
                {**_key(issuer_id, interaction_id), "another_account": int(another)},
            )
        )

    async def choose_institution(
        self, issuer_id: str, interaction_id: bytes, institution_id: str
    ) -> None:
        await self.database.change(
            Step(
                CHOOSE_INSTITUTION,
                {**_key(issuer_id, interaction_id), "institution_id": institution_id},
            )
        )

    async def sign_in(
        self, issuer_id: str, interaction_id: bytes, change: SignInChange, event: AuditEvent
    ) -> bool:
        """Note the sign-in and its session.

        False, and nothing done, when the interaction is over or the session to renew has ended.
        """
        session = change.session
        steps = [(renew_step if change.renews else add_session_step)(issuer_id, session)]
        if change.ends is not None:
            steps += [
                *end_steps(issuer_id, change.ends, event.at),
                event_step(
                    issuer_id, replace(event, type=EventType.SESSION_ENDED, reason="replaced")
                ),
            ]
        row = await self.database.change(
            Step(SIGN_IN, {**_key(issuer_id, interaction_id), "session_id": session.session_id}),
            *steps,
            event_step(issuer_id, event),
        )
        return row is not None

    async def complete(self, issuer_id: str, interaction_id: bytes, end: Completion) -> bool:
        """Finish with a code: true for exactly one caller."""
        authorization, now = end.authorization, end.authorization.created_at
        # The session before the pushed request, as without an interaction: who takes up the same two
        # at the same moment does not wait for the other in a circle.
        steps = [
            add_authorization_step(issuer_id, authorization),
            *complete_steps(issuer_id, end.pushed_id, now),
            touch_step(issuer_id, authorization.session_id, now),
        ]
        if end.consent is not None:
            steps.append(_consent_step(issuer_id, authorization, end.consent))
        if end.event is not None:
            steps.append(event_step(issuer_id, end.event))
        row = await self.database.change(
            Step(FINISH, {**_key(issuer_id, interaction_id), "now": now}), *steps
        )
        return row is not None

    async def refuse(
        self,
        issuer_id: str,
        interaction_id: bytes,
        now: int,
        event: AuditEvent | None,
        *,
        pushed_id: bytes | None = None,
    ) -> bool:
        """Finish without a code: true for exactly one caller."""
        events = [] if event is None else [event_step(issuer_id, event)]
        row = await self.database.change(
            Step(FINISH, {**_key(issuer_id, interaction_id), "now": now}),
            *complete_steps(issuer_id, pushed_id, now),
            *events,
        )
        return row is not None


def _key(issuer_id: str, interaction_id: bytes) -> dict[str, Value]:
    return {"issuer_id": issuer_id, "interaction_id": interaction_id}


def _consent_step(issuer_id: str, authorization: Authorization, consent: Consent) -> Step:
    return Step(
        SAVE_CONSENT,
        {
            "issuer_id": issuer_id,
            "user_id": authorization.user_id,
            "institution_id": authorization.institution_id,
            "client_id": authorization.client_id,
            "scope": columns.scope_value(consent.scope),
            "claims": " ".join(sorted(consent.data)),
            "client_print": consent.client_print,
            "granted_at": authorization.created_at,
        },
    )


def _interaction(row: Row) -> Interaction:
    return Interaction(
        interaction_id=columns.binary(row, "interaction_id"),
        browser_id=columns.binary(row, "browser_id"),
        request=REQUEST.load(columns.text(row, "request")),
        created_at=columns.integer(row, "created_at"),
        expires_at=columns.integer(row, "expires_at"),
        identifier=columns.optional_text(row, "identifier"),
        signed_in_session=columns.optional_binary(row, "signed_in_session"),
        account_chosen=bool(columns.integer(row, "account_chosen")),
        another_account=bool(columns.integer(row, "another_account")),
        institution_id=columns.optional_text(row, "institution_id"),
        pushed_id=columns.optional_binary(row, "pushed_id"),
        finished_at=columns.optional_integer(row, "finished_at"),
    )
