"""Databases of earlier versions: what was in them is there afterwards, with what the new one needs."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from ostiary.storage import migrations
from ostiary.storage.schema import ensure_schema
from ostiary.storage.store import Store

# As the first version wrote it.
FOUNDATION_CLIENT: dict[str, Any] = {
    "client_id": "spa",
    "name": "Spa",
    "institution_id": "garden",
    "auth_method": "none",
    "secrets": [],
    "redirect_uris": ["https://spa.example/cb"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid"],
    "response_modes": ["query"],
    "application_type": "web",
    "id_token_algorithm": "RS256",
    "require_pkce": True,
    "consent_required": True,
    "refresh_tokens": "offline_scope",
    "refresh_grace": 30,
    "profile_name": None,
    "disabled_at": None,
    "revision": 0,
}


def make_database(path: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", next(iter(migrations.__path__)))
    config.attributes["source"] = path
    command.upgrade(config, revision)


@pytest.fixture
def foundation(tmp_path: Path) -> Path:
    path = tmp_path / "foundation.db"
    make_database(path, "0001")
    return path


def add_client(path: Path, issuer_id: str = "left", **changes: object) -> None:
    client = FOUNDATION_CLIENT | changes
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO clients (issuer_id, client_id, revision, data) VALUES (?, ?, 0, ?)",
            (issuer_id, client["client_id"], json.dumps(client)),
        )
        connection.commit()


def origins(path: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT issuer_id, client_id, origin FROM client_origins ORDER BY 1, 2, 3"
        ).fetchall()


async def test_clients_of_the_first_version_get_the_origins_that_they_would_have_now(
    foundation: Path,
) -> None:
    add_client(foundation)
    add_client(foundation, "right")
    uris = [
        "https://two.example/a",
        "https://two.example/b",
        "https://two.example:443/c",
        "http://[::1]:5173/cb",
        "HTTPS://Three.Example:8443/cb",
    ]
    add_client(foundation, client_id="many", redirect_uris=uris)
    add_client(foundation, client_id="web", auth_method="client_secret")
    add_client(
        foundation,
        client_id="native",
        application_type="native",
        redirect_uris=["http://127.0.0.1/cb", "com.example.app:/cb"],
    )
    ensure_schema(foundation)
    assert origins(foundation) == [
        ("left", "many", "http://[::1]:5173"),
        ("left", "many", "https://three.example:8443"),
        ("left", "many", "https://two.example"),
        ("left", "spa", "https://spa.example"),
        ("right", "spa", "https://spa.example"),
    ]
    store = Store.open(foundation)
    try:
        now = [
            (issuer_id, client.client_id, origin)
            for issuer_id in ("left", "right")
            for client in await store.clients.list(issuer_id)
            for origin in client.origins
        ]
    finally:
        store.close()
    assert sorted(now) == origins(foundation)


def test_a_database_without_clients_has_no_origins(foundation: Path) -> None:
    ensure_schema(foundation)
    assert origins(foundation) == []
