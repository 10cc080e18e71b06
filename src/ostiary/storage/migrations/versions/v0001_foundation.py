"""Foundation: issuers and their data, keys, sign-ins, authorizations, events, refusals."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE issuers (
    issuer_id     TEXT   NOT NULL PRIMARY KEY,
    url           TEXT   NOT NULL UNIQUE,
    host          TEXT   NOT NULL,
    data          TEXT   NOT NULL,
    version       BIGINT NOT NULL
) {clustered};

CREATE INDEX issuers_by_host ON issuers (host);

CREATE TABLE institutions (
    issuer_id      TEXT NOT NULL,
    institution_id TEXT NOT NULL,
    data           TEXT NOT NULL,
    PRIMARY KEY (issuer_id, institution_id)
) {clustered};

CREATE TABLE clients (
    issuer_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    revision  BIGINT NOT NULL,
    data      TEXT NOT NULL,
    PRIMARY KEY (issuer_id, client_id)
) {clustered};

CREATE TABLE users (
    issuer_id     TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    username      TEXT NOT NULL,
    canonical     TEXT NOT NULL,
    password_hash TEXT,
    valid_after   BIGINT NOT NULL,
    disabled_at   BIGINT,
    PRIMARY KEY (issuer_id, user_id),
    UNIQUE (issuer_id, canonical)
) {clustered};

CREATE TABLE memberships (
    issuer_id      TEXT NOT NULL,
    user_id        TEXT NOT NULL,
    institution_id TEXT NOT NULL,
    claims         TEXT NOT NULL,
    PRIMARY KEY (issuer_id, user_id, institution_id)
) {clustered};

CREATE TABLE consents (
    issuer_id  TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    client_id  TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, user_id, client_id)
) {clustered};

CREATE TABLE signing_keys (
    issuer_id    TEXT   NOT NULL,
    kid          TEXT   NOT NULL,
    algorithm    TEXT   NOT NULL,
    public_jwk   TEXT   NOT NULL,
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, kid)
) {clustered};

CREATE TABLE handle_keys (
    issuer_id  TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, number)
) {clustered};

CREATE TABLE sessions (
    issuer_id  TEXT   NOT NULL,
    session_id BYTEA  NOT NULL,
    generation BIGINT NOT NULL,
    user_id    TEXT   NOT NULL,
    auth_time  BIGINT NOT NULL,
    amr        TEXT   NOT NULL,
    level      TEXT   NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT,
    PRIMARY KEY (issuer_id, session_id)
) {clustered};

CREATE TABLE interactions (
    issuer_id         TEXT   NOT NULL,
    interaction_id    BYTEA  NOT NULL,
    browser_id        BYTEA  NOT NULL,
    request           TEXT   NOT NULL,
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    identifier        TEXT,
    signed_in_session BYTEA,
    account_chosen    BIGINT NOT NULL,
    another_account   BIGINT NOT NULL,
    finished_at       BIGINT,
    PRIMARY KEY (issuer_id, interaction_id)
) {clustered};

CREATE TABLE authorizations (
    issuer_id        TEXT   NOT NULL,
    authorization_id BYTEA  NOT NULL,
    client_id        TEXT   NOT NULL,
    user_id          TEXT   NOT NULL,
    institution_id   TEXT   NOT NULL,
    session_id       BYTEA  NOT NULL,
    scope            TEXT   NOT NULL,
    nonce            TEXT,
    redirect_uri     TEXT   NOT NULL,
    code_challenge   TEXT,
    auth_time        BIGINT NOT NULL,
    acr              TEXT   NOT NULL,
    amr              TEXT   NOT NULL,
    created_at       BIGINT NOT NULL,
    code_expires_at  BIGINT NOT NULL,
    ends_at          BIGINT NOT NULL,
    offline          BIGINT NOT NULL,
    redeemed_at      BIGINT,
    refresh_until    BIGINT,
    generation       BIGINT NOT NULL,
    rotated_at       BIGINT,
    revoked_at       BIGINT,
    PRIMARY KEY (issuer_id, authorization_id)
) {clustered};

CREATE TABLE audit_events (
    issuer_id      TEXT   NOT NULL,
    event_id       BYTEA  NOT NULL,
    at             BIGINT NOT NULL,
    type           TEXT   NOT NULL,
    actor          TEXT   NOT NULL,
    client_id      TEXT,
    user_id        TEXT,
    institution_id TEXT,
    reason         TEXT,
    details        TEXT   NOT NULL,
    PRIMARY KEY (issuer_id, event_id)
) {clustered};

CREATE TABLE refusals (
    issuer_id TEXT   NOT NULL,
    reference TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    code      TEXT   NOT NULL,
    endpoint  TEXT   NOT NULL,
    client_id TEXT,
    expected  TEXT,
    received  TEXT,
    PRIMARY KEY (issuer_id, reference)
) {clustered};
"""


def upgrade() -> None:
    # Rows that are found by their key live in it: SQLite then needs one look-up instead of two.
    clustered = "WITHOUT ROWID" if op.get_context().dialect.name == "sqlite" else ""
    for statement in filter(str.strip, TABLES.format(clustered=clustered).split(";")):
        op.execute(statement)
