"""The catalogue's checks after every case (section 0.1), in one place.

    async with unharmed(world):
        answer = await ...
        is_page(answer)

What an answer itself has to look like stands in `expected`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

import structlog
from structlog.typing import EventDict

from ostiary.domain.issuer import Issuer
from tests.attacks.wire import ask, returned
from tests.kit import outside
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, PASSWORD, SECRET, World

# What a refusal may leave behind, and the honest requests around it.
RECORDS = {"audit_events", "refusals", "secret_uses", "jwks_fetches"}


@asynccontextmanager
async def unharmed(
    world: World, *changed: str, issuer: Issuer = ENTERPRISE
) -> AsyncIterator[list[EventDict]]:
    """Nothing but records changes in it, but for the tables named; gives what is logged in it."""
    before = contents(world)
    with structlog.testing.capture_logs() as logs:
        yield logs
        await world.ostiary.beside.drain()
    after = contents(world)
    allowed = RECORDS | set(changed)
    assert [name for name in after if after[name] != before.get(name)] == [
        name for name in after if name in allowed and after[name] != before.get(name)
    ], "rows were changed"
    check_logs(logs)
    await honest_requests_succeed(world, issuer)


def check_logs(logs: list[EventDict]) -> None:
    """No defect, and no secret of the tests."""
    for line in logs:
        assert line["event"] not in ("defect", "busy"), line
        text = repr(line)
        assert not any(secret in text for secret in (SECRET, PASSWORD)), line
        assert not any(prefix in text for prefix in ("oc_A", "or_A", "os_A", "ob_A", "eyJ")), line


def contents(world: World) -> dict[str, tuple[int, str]]:
    """Of each table, how many rows it has and what they say."""
    return {
        name: (len(rows), sha256(repr(rows).encode()).hexdigest())
        for name, rows in outside.contents(world.source).items()
    }


def rows_of(world: World, table: str) -> int:
    return contents(world)[table][0]


async def honest_requests_succeed(world: World, issuer: Issuer = ENTERPRISE) -> None:
    """A client still gets a token, and a browser the answer that it should get."""
    rp = RelyingParty(world, issuer=issuer)
    granted = await rp.token(grant_type="client_credentials", scope="openid")
    assert granted.status_code == 200, granted.text
    flow = rp.begin(prompt="none")
    answer = await ask(world, flow.sent, issuer=issuer)
    assert answer.status_code == 303
    parameters = returned(answer)
    assert parameters["error"] == "login_required"
    assert parameters["state"] == flow.state
