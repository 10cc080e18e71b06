"""Contract: pushed requests, spent ids, sender constraints, logout notices, pictures, origins."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from alembic import op
from sqlalchemy import Connection, text

revision = "0002"
down_revision = "0001"

# Remembered consents start anew: they are now kept for each institution, with the claims that were
# asked for and with what the client was. At worst a person is asked once more. Sign-ins under way
# begin again: what their requests hold has other names now.
#
# authorizations_to_notify holds all that is read by it, the column of its condition too: SQLite
# would else walk through all of the issuer's rows by their primary key.
CHANGES = """
DROP TABLE consents;

CREATE TABLE consents (
    issuer_id      TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    institution_id TEXT   NOT NULL,
    client_id      TEXT   NOT NULL,
    scope          TEXT   NOT NULL,
    claims         TEXT   NOT NULL,
    client_print   TEXT   NOT NULL,
    granted_at     BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, user_id, institution_id, client_id)
) {clustered};

UPDATE interactions SET finished_at = created_at WHERE finished_at IS NULL;
ALTER TABLE interactions ADD COLUMN institution_id TEXT;
ALTER TABLE interactions ADD COLUMN pushed_id BYTEA;

ALTER TABLE authorizations ADD COLUMN claims_request TEXT;
ALTER TABLE authorizations ADD COLUMN code_jkt TEXT;
ALTER TABLE authorizations ADD COLUMN refresh_jkt TEXT;
ALTER TABLE authorizations ADD COLUMN notify_logout BIGINT NOT NULL DEFAULT 0;

CREATE INDEX authorizations_to_notify
ON authorizations (issuer_id, session_id, notify_logout, client_id, user_id)
WHERE notify_logout = 1;

CREATE TABLE pushed_requests (
    issuer_id    TEXT   NOT NULL,
    pushed_id    BYTEA  NOT NULL,
    client_id    TEXT   NOT NULL,
    request      TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (issuer_id, pushed_id)
) {clustered};

CREATE TABLE spent_ids (
    issuer_id  TEXT   NOT NULL,
    spent_id   BYTEA  NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, spent_id)
) {clustered};

CREATE INDEX spent_ids_by_expiry ON spent_ids (expires_at);

CREATE TABLE client_origins (
    issuer_id TEXT NOT NULL,
    origin    TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (issuer_id, origin, client_id)
) {clustered};

CREATE TABLE secret_uses (
    issuer_id TEXT   NOT NULL,
    client_id TEXT   NOT NULL,
    secret_id TEXT   NOT NULL,
    used_at   BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, client_id, secret_id)
) {clustered};

CREATE TABLE jwks_fetches (
    issuer_id TEXT   NOT NULL,
    client_id TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    error     TEXT,
    PRIMARY KEY (issuer_id, client_id)
) {clustered};

CREATE TABLE logout_notices (
    issuer_id       TEXT   NOT NULL,
    session_id      BYTEA  NOT NULL,
    client_id       TEXT   NOT NULL,
    user_id         TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT,
    delivered_at    BIGINT,
    last_error      TEXT,
    PRIMARY KEY (issuer_id, session_id, client_id)
) {clustered};

CREATE INDEX logout_notices_due ON logout_notices (next_attempt_at)
WHERE next_attempt_at IS NOT NULL;

CREATE TABLE pictures (
    issuer_id  TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    media_type TEXT   NOT NULL,
    data       BYTEA  NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, user_id)
);

CREATE TABLE subject_keys (
    issuer_id  TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer_id)
) {clustered};
"""


def upgrade() -> None:
    clustered = "WITHOUT ROWID" if op.get_context().dialect.name == "sqlite" else ""
    for statement in filter(str.strip, CHANGES.format(clustered=clustered).split(";")):
        op.execute(statement)
    _fill_client_origins(op.get_bind())


def _fill_client_origins(connection: Connection) -> None:
    """For the clients that are there; later changes of a client write its own."""
    add = text("INSERT INTO client_origins VALUES (:issuer_id, :origin, :client_id)")
    clients = connection.execute(text("SELECT issuer_id, client_id, data FROM clients")).all()
    for issuer_id, client_id, data in clients:
        for origin in sorted(_origins(json.loads(data))):
            row = {"issuer_id": issuer_id, "origin": origin, "client_id": client_id}
            connection.execute(add, row)


def _origins(client: Mapping[str, Any]) -> set[str]:
    """As they are decided at this revision: a migration stays what it was."""
    if client["auth_method"] != "none" or client["application_type"] != "web":
        return set()
    found = set()
    for uri in client["redirect_uris"]:
        parts = urlsplit(uri)
        default = {"https": 443, "http": 80}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = "" if parts.port in (None, default) else f":{parts.port}"
        found.add(f"{parts.scheme}://{host}{port}")
    return found
