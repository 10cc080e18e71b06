"""Expired rows by the thousand, as a service leaves them behind that was never swept."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

ADD = {
    "authorizations": """
INSERT INTO authorizations (issuer_id, authorization_id, client_id, user_id, institution_id,
    session_id, scope, redirect_uri, auth_time, acr, amr, created_at, code_expires_at, ends_at,
    offline, redeemed_at, refresh_until, generation)
VALUES (:issuer, :id, 'web', 'somebody', 'garden', :id, 'openid profile email offline_access',
    'https://rp.example/cb', :at, 'urn:acr', 'pwd', :at, :at + 60, :at + 3600, 1, :at, :at + 1800, 3)
""",
    "sessions": """
INSERT INTO sessions (issuer_id, session_id, generation, user_id, auth_time, amr, level, seen_at,
    expires_at)
VALUES (:issuer, :id, 0, 'somebody', :at, 'pwd', 'standard', :at, :at + 3600)
""",
    "spent_ids": """
INSERT INTO spent_ids (issuer_id, spent_id, expires_at) VALUES (:issuer, :random, :at)
""",
}


def add_expired(path: Path, issuer_id: str, table: str, rows: int, *, newest: int) -> None:
    """So many rows of one table, the last of which was made at `newest`, a hundred a second."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        made = _rows(issuer_id, rows, newest)
        while batch := list(islice(made, 100_000)):
            connection.executemany(ADD[table], batch)
            connection.commit()


def _rows(issuer_id: str, rows: int, newest: int) -> Iterator[dict[str, str | int | bytes]]:
    for number in range(rows):
        at = newest - (rows - number) // 100
        unlike = number.to_bytes(11)
        row_id = at.to_bytes(5) + unlike
        yield {"issuer": issuer_id, "at": at, "id": row_id, "random": os.urandom(16)}
