"""Who is told what happened, so that metrics, logs and traces can say so.

A use case tells the one fact that only it knows, at the place where it has come out. What becomes
of it is the observer's: nothing is answered, nothing is raised, and no answer depends on it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode


class Outcome(StrEnum):
    """How a request came out, and whose matter that is."""

    OK = "ok"
    REFUSED = "refused"  # the request's
    THROTTLED = "throttled"  # there were too many
    UNAVAILABLE = "unavailable"  # the store's
    FAILED = "failed"  # ours


def outcome_of(status: int) -> Outcome:
    match status:
        case 429:
            return Outcome.THROTTLED
        case 503:
            return Outcome.UNAVAILABLE
        case _ if status >= 500:
            return Outcome.FAILED
        case _ if status >= 400:
            return Outcome.REFUSED
        case _:
            return Outcome.OK


class Observer:
    """Looks away; telemetry's looks. Called on the event loop's own thread."""

    def refused(
        self, code: ReasonCode, endpoint: str, client: Client | None, grant_type: str | None
    ) -> None:
        """A request was turned down. `client` is the one that it says it is from, if there is such a
        one; neither it nor `grant_type` is proved."""

    def authorization_answered(self, client: Client, *, asked: bool) -> None:
        """An authorization request was let in: with a code at once, or on to ask the person."""

    def client_unproved(self, method: str, code: ReasonCode) -> None:
        """A client did not prove who it is."""

    def tokens_issued(self, client: Client, grant_type: str, members: Mapping[str, object]) -> None:
        """A token response with these members goes out."""

    def sign_in_tried(self, client: Client, method: str, reason: str | None) -> None:
        """A person has tried to sign in; `reason` says in a word why that was refused."""

    def consent_answered(self, client: Client, *, given: bool) -> None:
        """A person has agreed, or has not."""

    def locked_out(self, scope: str) -> None:
        """Signing in is put off for what `scope` names, such as "account" or "address"."""

    def rate_limited(self, rule: str) -> None:
        """A request was one too many by the rule of this name."""

    def password_hashed(self, seconds: float) -> None:
        """`seconds` with the wait for a place in the pool."""

    def swept(self, table: str, rows: int) -> None:
        """Dead rows were removed."""

    def job_ran(self, job: str, seconds: float, *, succeeded: bool) -> None:
        """A job of housekeeping has ended."""


NOBODY: Final = Observer()
