"""Scale: leases, seals, throttles, counted requests, keys in their turn, a restore's epoch; rows of
an issuer guarded by PostgreSQL itself."""

from alembic import op

revision = "0003"
down_revision = "0002"

CHANGES = """
CREATE TABLE leases (
    name   TEXT   NOT NULL,
    holder TEXT   NOT NULL,
    turn   BIGINT NOT NULL,
    PRIMARY KEY (name)
) {clustered};

CREATE TABLE jobs (
    name         TEXT   NOT NULL,
    ran_at       BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    done         BIGINT NOT NULL,
    total        BIGINT NOT NULL,
    failures     BIGINT NOT NULL,
    error        TEXT,
    PRIMARY KEY (name)
) {clustered};

CREATE TABLE throttles (
    issuer_id TEXT   NOT NULL,
    key       BYTEA  NOT NULL,
    failures  BIGINT NOT NULL,
    failed_at BIGINT NOT NULL,
    free_at   BIGINT NOT NULL,
    succeeded_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (issuer_id, key)
) {clustered};

CREATE TABLE request_counts (
    minute  BIGINT NOT NULL,
    process TEXT   NOT NULL,
    counts  TEXT   NOT NULL,
    PRIMARY KEY (minute, process)
) {clustered};

CREATE TABLE audit_seals (
    issuer_id TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    token     TEXT   NOT NULL,
    leaves    BYTEA  NOT NULL,
    PRIMARY KEY (issuer_id, number)
) {clustered};

CREATE TABLE audit_keys (
    issuer_id TEXT  NOT NULL,
    kid       TEXT  NOT NULL,
    sealed    BYTEA NOT NULL,
    PRIMARY KEY (issuer_id, kid)
) {clustered};

ALTER TABLE audit_events ADD COLUMN seal BIGINT;
CREATE INDEX audit_events_by_seal ON audit_events (issuer_id, seal, event_id);

ALTER TABLE issuers ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

ALTER TABLE signing_keys ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
UPDATE signing_keys SET sequence = (
    SELECT count(*) FROM signing_keys AS earlier
    WHERE earlier.issuer_id = signing_keys.issuer_id
        AND earlier.algorithm = signing_keys.algorithm
        AND (earlier.activates_at < signing_keys.activates_at
            OR earlier.activates_at = signing_keys.activates_at AND earlier.kid < signing_keys.kid));
CREATE UNIQUE INDEX signing_keys_in_turn ON signing_keys (issuer_id, algorithm, sequence);

ALTER TABLE handle_keys ADD COLUMN activates_at BIGINT NOT NULL DEFAULT 0;

CREATE INDEX refusals_by_time ON refusals (issuer_id, at);

DROP INDEX spent_ids_by_expiry;
CREATE INDEX spent_ids_by_expiry ON spent_ids (issuer_id, expires_at);

DROP INDEX logout_notices_due;
CREATE INDEX logout_notices_due
ON logout_notices (next_attempt_at, issuer_id, session_id, client_id)
WHERE next_attempt_at IS NOT NULL;

CREATE INDEX sessions_by_user ON sessions (issuer_id, user_id, ended_at);
"""

# What a statement that forgets the issuer in a condition would else show of another's. The name of
# the issuer is told to the connection from the statement's own parameters; '*' is for housekeeping.
GUARD = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY of_issuer ON {table}
    USING (current_setting('ostiary.issuer_id', true) IN (issuer_id, '*'));
"""
GUARDED = (
    *("institutions", "clients", "client_origins", "users", "memberships", "pictures", "consents"),
    *("signing_keys", "handle_keys", "subject_keys", "sessions", "interactions", "pushed_requests"),
    *("authorizations", "spent_ids", "secret_uses", "jwks_fetches", "logout_notices", "refusals"),
    *("audit_events", "audit_seals", "audit_keys", "throttles"),
)


def upgrade() -> None:
    on_sqlite = op.get_context().dialect.name == "sqlite"
    changes = CHANGES.format(clustered="WITHOUT ROWID" if on_sqlite else "")
    if not on_sqlite:
        changes += "".join(GUARD.format(table=table) for table in GUARDED)
    for statement in filter(str.strip, changes.split(";")):
        op.execute(statement)
