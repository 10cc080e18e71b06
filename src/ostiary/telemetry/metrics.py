"""The table of all metrics: what is exported, documented, drawn and watched stands here.

Names of what HTTP itself is about are OpenTelemetry's in Prometheus' spelling. A label has few
values: never a person, an address or a token, and a client only where an operator asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Seconds; those of the service figures, and two above them for what has gone wrong.
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
# A statement takes microseconds over SQLite.
STORE_BUCKETS: Final = (0.00005, 0.0002, 0.001, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0)


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """`by_client`: has the label `client_id` too where `metrics.client_label` is on. `by_largest`: of
    several processes the largest value counts, not the sum."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    by_client: bool = False
    by_largest: bool = False

    @property
    def outlives_process(self) -> bool:
        """Counters, and when something was last done."""
        return self.kind is not Kind.GAUGE or self.by_largest


def _counter(name: str, meaning: str, *labels: str, by_client: bool = False) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, meaning=meaning, labels=labels, by_client=by_client)


def _gauge(name: str, meaning: str, *labels: str, by_largest: bool = False) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, meaning=meaning, labels=labels, by_largest=by_largest)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name=name, kind=Kind.HISTOGRAM, meaning=meaning, labels=labels, buckets=buckets)


REQUEST_DURATION: Final = _histogram(
    "http_server_request_duration_seconds",
    "Time from a request's head to the last byte handed on. `http_route` is the path's pattern; `other` "
    "is an address where nothing is.",
    BUCKETS,
    *("http_request_method", "http_route", "http_response_status_code"),
)
ACTIVE_REQUESTS: Final = _gauge(
    "http_server_active_requests", "Requests that are being answered at this moment."
)

AUTHORIZATION_REQUESTS: Final = _counter(
    "ostiary_authorization_requests_total",
    "Requests at the authorization endpoint: `ok` with a code at once, `asked` where the person is asked "
    "something first, or why not.",
    *("institution", "outcome", "reason"),
    by_client=True,
)
TOKEN_REQUESTS: Final = _counter(
    "ostiary_token_requests_total",
    "Requests at the token endpoint.",
    *("grant_type", "outcome", "reason"),
    by_client=True,
)
TOKENS_ISSUED: Final = _counter(
    "ostiary_tokens_issued_total",
    "Tokens handed out: `access_token`, `id_token`, `refresh_token`.",
    "type",
)
CLIENT_AUTH_FAILURES: Final = _counter(
    "ostiary_client_auth_failures_total",
    "Clients that did not prove who they are, by how they tried.",
    *("method", "reason"),
)
REFRESH_REUSE: Final = _counter(
    "ostiary_refresh_reuse_total",
    "Refresh tokens of an earlier generation: somebody has copied one. Each has ended its "
    "authorization.",
)
SINGLE_USE_CONFLICTS: Final = _counter(
    "ostiary_single_use_conflicts_total",
    "What is good for one use and came again: `code`, `refresh_token`, `client_assertion`, `dpop_proof`, "
    "`request_uri`.",
    "kind",
)

LOGINS: Final = _counter(
    "ostiary_logins_total",
    "Attempts to sign in; `method` as in the `amr` of an ID token.",
    *("institution", "method", "outcome", "reason"),
)
CONSENTS: Final = _counter(
    "ostiary_consents_total", "Answers on the consent page: `given` or `denied`.", "outcome"
)
LOCKOUTS: Final = _counter(
    "ostiary_lockouts_total", "Attempts to sign in that were put off, and for whose sake.", "scope"
)
RATE_LIMITED: Final = _counter(
    "ostiary_rate_limited_total", "Requests that were one too many, by the rule.", "rule"
)
PASSWORD_HASH: Final = _histogram(
    "ostiary_password_hash_seconds",
    "Time to verify a password, with the wait for a place in the pool.",
    BUCKETS,
)
PASSWORD_HASH_QUEUE: Final = _gauge(
    "ostiary_password_hash_queue", "Passwords being verified or waiting for it."
)

STORE_DURATION: Final = _histogram(
    "ostiary_store_duration_seconds",
    "Time of a call of the database: `read` or `change`.",
    STORE_BUCKETS,
    "operation",
)
STORE_ERRORS: Final = _counter(
    "ostiary_store_errors_total",
    "Calls of the database that failed because it cannot be reached or written.",
    "operation",
)
DB_POOL: Final = _gauge(
    "ostiary_db_pool_connections",
    "Connections to PostgreSQL: `used` or `idle`; none over SQLite.",
    "state",
)
AUDIT_WRITE_FAILURES: Final = _counter(
    "ostiary_audit_write_failures_total",
    "Changes that failed with the audit event in them: neither was written.",
)

SIGNING_KEY_AGE: Final = _gauge(
    "ostiary_signing_key_age_seconds",
    "Time since the oldest key of this state was made, over all issuers.",
    *("alg", "state"),
    by_largest=True,
)
SECRET_EXPIRY: Final = _gauge(
    "ostiary_secret_expiry_seconds",
    "Time until the next client secret expires that has not yet; absent when none does.",
    by_largest=True,
)
OUTBOX_PENDING: Final = _gauge(
    "ostiary_outbox_pending",
    "What is still to be delivered (counted up to 10,000): `logout_notice`.",
    "kind",
    by_largest=True,
)
OUTBOX_OLDEST: Final = _gauge(
    "ostiary_outbox_oldest_seconds",
    "Age of the oldest of them; 0 when there is none.",
    "kind",
    by_largest=True,
)
CLEANUP_ROWS: Final = _counter(
    "ostiary_cleanup_rows_total", "Dead rows that were removed.", "table"
)
JOB_RUNS: Final = _counter(
    "ostiary_job_runs_total",
    "Runs of a job of housekeeping: `ok` or `failed`.",
    *("task", "outcome"),
)
JOB_LAST_SUCCESS: Final = _gauge(
    "ostiary_job_last_success_timestamp_seconds",
    "When a job of housekeeping last ended well, in any of the processes.",
    "task",
    by_largest=True,
)
JOB_DURATION: Final = _gauge(
    "ostiary_job_duration_seconds", "How long its last run took.", "task", by_largest=True
)

LOG_WRITE_FAILURES: Final = _counter(
    "ostiary_log_write_failures_total",
    "Log lines that could not be written, such as to a full disk. The service goes on without them.",
)
CLOCK_STEPS: Final = _counter(
    "ostiary_clock_steps_total",
    "Times at which the machine's clock was set by more than a second: `forward` or `back`.",
    "direction",
)
PROCESSES: Final = _gauge("ostiary_processes", "Processes that answer requests.")
BUILD_INFO: Final = _gauge(
    "ostiary_build_info", "Always 1.", *("version", "python"), by_largest=True
)

# In the order of the reference, with the headings of the dashboard.
SECTIONS: Final[Mapping[str, tuple[Metric, ...]]] = {
    "Requests": (REQUEST_DURATION, ACTIVE_REQUESTS, RATE_LIMITED),
    "The protocol": (
        *(AUTHORIZATION_REQUESTS, TOKEN_REQUESTS, TOKENS_ISSUED, CLIENT_AUTH_FAILURES),
        *(REFRESH_REUSE, SINGLE_USE_CONFLICTS),
    ),
    "People": (LOGINS, LOCKOUTS, CONSENTS, PASSWORD_HASH, PASSWORD_HASH_QUEUE),
    "The store": (STORE_DURATION, STORE_ERRORS, DB_POOL, AUDIT_WRITE_FAILURES),
    "Keys and housekeeping": (
        *(SIGNING_KEY_AGE, SECRET_EXPIRY, OUTBOX_PENDING, OUTBOX_OLDEST, CLEANUP_ROWS),
        *(JOB_RUNS, JOB_LAST_SUCCESS, JOB_DURATION),
    ),
    "The processes": (PROCESSES, BUILD_INFO, LOG_WRITE_FAILURES, CLOCK_STEPS),
}
METRICS: Final = tuple(metric for section in SECTIONS.values() for metric in section)
