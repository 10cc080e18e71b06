"""`ostiary logout`."""

import asyncio
from pathlib import Path

from ostiary.domain.logout_notice import LogoutNotice
from ostiary.storage.database import Step, Value
from ostiary.storage.store import Store
from tests.cli.terminal import run

NOW = 1_800_000_000
ADD = """
INSERT INTO logout_notices (issuer_id, session_id, client_id, user_id, created_at, attempts,
                            next_attempt_at)
VALUES (:issuer_id, :session_id, :client_id, :user_id, :now, 0, 0)
RETURNING client_id
"""


def a_notice(client_id: str) -> LogoutNotice:
    return LogoutNotice(
        session_id=b"s" * 16, client_id=client_id, user_id="alice-id", created_at=NOW
    )


async def fill(store: Store) -> None:
    """One of each state."""
    for client_id in ("delivered", "waiting", "new"):
        values: dict[str, Value] = {
            "issuer_id": "main",
            "session_id": b"s" * 16,
            "client_id": client_id,
            "user_id": "alice-id",
            "now": NOW,
        }
        await store.database.change(Step(ADD, values))
    notices = store.logout_notices
    await notices.claim("main", a_notice("delivered"), NOW)
    await notices.note_delivered("main", a_notice("delivered"), NOW + 1)
    await notices.claim("main", a_notice("waiting"), NOW)
    await notices.note_failed("main", a_notice("waiting"), "status 503")


def test_a_list_says_how_each_notice_stands(installed: Path) -> None:
    store = Store.open(Path("ostiary.sqlite3"))
    asyncio.run(fill(store))
    store.close()
    waiting, new, delivered = run("logout", "list", "--json").json
    assert waiting == {
        "issuer": "main",
        "client_id": "waiting",
        "user_id": "alice-id",
        "session_ended_at": "2027-01-15T08:00:00Z",
        "state": "waiting",
        "attempts": 1,
        "next_attempt_at": "2027-01-15T08:00:10Z",
        "delivered_at": None,
        "last_error": "status 503",
    }
    assert (new["state"], new["attempts"], new["next_attempt_at"]) == ("waiting", 0, None)
    assert delivered["state"] == "delivered"
    assert delivered["delivered_at"] == "2027-01-15T08:00:01Z"
    text = run("logout", "list").out
    assert "waiting" in text
    assert "status 503" in text
    assert "NEXT ATTEMPT" in text
    assert "2027-01-15T08:00:10Z" in text
    assert len(run("logout", "list", "--limit", "1", "--json").json) == 1


def test_a_list_of_nothing_is_empty(installed: Path) -> None:
    assert run("logout", "list", "--json").json == []
    assert run("logout", "list", "--issuer", "nobody").code == 4
