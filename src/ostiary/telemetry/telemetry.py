"""From what happened to what is counted. One for the process, and for its one event loop."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ostiary.domain.client import Client
from ostiary.domain.observer import Observer, Outcome, outcome_of
from ostiary.domain.refusals import ReasonCode
from ostiary.provider.grants import GRANTS
from ostiary.telemetry import metrics
from ostiary.telemetry.instruments import OTHER, Instruments
from ostiary.web.asgi import Application
from ostiary.web.request_facts import CURRENT, RequestFacts

if TYPE_CHECKING:
    from ostiary.telemetry.tracing import Tracing

# As plain text: a label is looked up by it, and an enum's hash is slow.
OK, REFUSED, FAILED = Outcome.OK.value, Outcome.REFUSED.value, Outcome.FAILED.value
ANY_METHOD: Final = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
TOKEN_TYPES: Final = ("access_token", "id_token", "refresh_token")
# What is good for one use, by the reason for which a second one is refused.
SINGLE_USE: Final = {
    ReasonCode.CODE_REUSED: "code",
    ReasonCode.REFRESH_TOKEN_REUSED: "refresh_token",
    ReasonCode.CLIENT_ASSERTION_USED: "client_assertion",
    ReasonCode.DPOP_PROOF_REPLAYED: "dpop_proof",
    ReasonCode.PUSHED_REQUEST_USED: "request_uri",
}


class Telemetry(Observer):
    """`client_label`: authorization and token requests are also counted by client. `request_lines`:
    every request has a line in the log."""

    def __init__(
        self,
        instruments: Instruments,
        *,
        tracing: "Tracing | None" = None,
        client_label: bool = False,
        request_lines: bool = False,
    ) -> None:
        self.instruments: Final = instruments
        self.request_lines: Final = request_lines
        self._tracing: Final = tracing
        self._client_label: Final = client_label
        number, histogram = instruments.number, instruments.histogram
        self._durations: Final = histogram(metrics.REQUEST_DURATION)
        self._active: Final = number(metrics.ACTIVE_REQUESTS)
        self._authorizations: Final = number(metrics.AUTHORIZATION_REQUESTS)
        self._token_requests: Final = number(metrics.TOKEN_REQUESTS)
        self._tokens: Final = number(metrics.TOKENS_ISSUED)
        self._client_auth_failures: Final = number(metrics.CLIENT_AUTH_FAILURES)
        self._refresh_reuse: Final = number(metrics.REFRESH_REUSE)
        self._single_use_conflicts: Final = number(metrics.SINGLE_USE_CONFLICTS)
        self._logins: Final = number(metrics.LOGINS)
        self._consents: Final = number(metrics.CONSENTS)
        self._lockouts: Final = number(metrics.LOCKOUTS)
        self._rate_limited: Final = number(metrics.RATE_LIMITED)
        self._password_hash: Final = histogram(metrics.PASSWORD_HASH)
        self._cleanup_rows: Final = number(metrics.CLEANUP_ROWS)
        self._active.set(0)

    def around(self, application: Application) -> Application:
        """The same, with a span for each request where there are traces."""
        return self._tracing.requests(application) if self._tracing else application

    # ---- requests -----------------------------------------------------------------------------

    def request_began(self) -> None:
        self._active.add()

    def request_ended(self, facts: RequestFacts, seconds: float) -> None:
        self._active.add(by=-1)
        method = facts.scope["method"]
        # OpenTelemetry's name for a method that nobody has heard of.
        known = method if method in ANY_METHOD else "_OTHER"
        # Without an answer the server gives one of its own.
        self._durations.observe(seconds, known, facts.route, facts.status or 500)

    # ---- the protocol -------------------------------------------------------------------------

    def refused(
        self, code: ReasonCode, endpoint: str, client: Client | None, grant_type: str | None
    ) -> None:
        reason = code.name.lower()
        _note(client, reason)
        if endpoint == "auth":
            self._count_authorization(client, outcome_of(code.value.status).value, reason)
        elif endpoint == "token":
            known = OTHER if grant_type not in GRANTS else str(grant_type)
            labels = known, outcome_of(code.value.status).value, reason
            self._token_requests.add(*labels, self._of_client(client))
        if code in SINGLE_USE:
            self._single_use_conflicts.add(SINGLE_USE[code])
        if code is ReasonCode.REFRESH_TOKEN_REUSED:
            self._refresh_reuse.add()

    def authorization_answered(self, client: Client, *, asked: bool) -> None:
        _note(client, None)
        self._count_authorization(client, "asked" if asked else OK, "")

    def client_unproved(self, method: str, code: ReasonCode) -> None:
        self._client_auth_failures.add(method, code.name.lower())

    def tokens_issued(self, client: Client, grant_type: str, members: Mapping[str, object]) -> None:
        _note(client, None)
        self._token_requests.add(grant_type, OK, "", self._of_client(client))
        for kind in TOKEN_TYPES:
            if kind in members:
                self._tokens.add(kind)

    def _count_authorization(self, client: Client | None, outcome: str, reason: str) -> None:
        institution = client.institution_id if client else ""
        self._authorizations.add(institution, outcome, reason, self._of_client(client))

    def _of_client(self, client: Client | None) -> str:
        return client.client_id if client and self._client_label else ""

    # ---- people -------------------------------------------------------------------------------

    def sign_in_tried(self, client: Client, method: str, reason: str | None) -> None:
        _note(client, reason)
        outcome = OK if reason is None else REFUSED
        self._logins.add(client.institution_id, method, outcome, reason or "")

    def consent_answered(self, client: Client, *, given: bool) -> None:
        _note(client, None)
        self._consents.add("given" if given else "denied")

    def locked_out(self, scope: str) -> None:
        self._lockouts.add(scope)

    def rate_limited(self, rule: str) -> None:
        self._rate_limited.add(rule)

    def password_hashed(self, seconds: float) -> None:
        self._password_hash.observe(seconds)
        if self._tracing is not None:
            self._tracing.password_hashed(seconds)

    # ---- housekeeping -------------------------------------------------------------------------

    def swept(self, table: str, rows: int) -> None:
        self._cleanup_rows.add(table, by=rows)

    def job_ran(self, job: str, seconds: float, *, succeeded: bool) -> None:
        numbers = self.instruments.number
        numbers(metrics.JOB_RUNS).add(job, OK if succeeded else FAILED)
        numbers(metrics.JOB_DURATION).set(seconds, job)
        if succeeded:
            numbers(metrics.JOB_LAST_SUCCESS).set(time.time(), job)


def _note(client: Client | None, reason: str | None) -> None:
    """For the request's line in the log."""
    facts = CURRENT.get()
    if facts is None:
        return
    if client is not None:
        facts.client_id, facts.institution = client.client_id, client.institution_id
    if reason is not None:
        facts.reason = reason
