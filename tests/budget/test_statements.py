"""What each request may cost the database: the table of the design, to the statement.

Counted by SQLite itself, on a warm process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ostiary.domain.issuer import Issuer
from ostiary.provider import served
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import CONSUMER, ENTERPRISE, World

OFFLINE = "openid profile email offline_access"


@dataclass(slots=True)
class Cost:
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    transactions: int = 0

    def read(self, statement: str) -> None:
        self.reads.append(statement)

    def write(self, statement: str) -> None:
        if statement == "COMMIT":
            self.transactions += 1
        elif not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            self.writes.append(statement)


@contextmanager
def counted(world: World) -> Iterator[Cost]:
    """The statements that run inside the block."""
    cost, database = Cost(), world.store.database
    connections = {database._reader: cost.read, database._writer: cost.write}
    for connection, note in connections.items():
        connection.set_trace_callback(note)
    yield cost
    for connection in connections:
        connection.set_trace_callback(None)


@pytest.fixture(autouse=True)
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the requests an issuer's version is looked at once a second; not while counting."""
    monkeypatch.setattr(served, "SECONDS_BETWEEN_LOOKS", 3600.0)


@pytest.fixture(params=[ENTERPRISE, CONSUMER], ids=lambda issuer: str(issuer.issuer_id))
def issuer(request: pytest.FixtureRequest) -> Issuer:
    found: Issuer = request.param
    return found


@pytest.mark.parametrize("name", ["/.well-known/openid-configuration", "jwks"])
async def test_discovery_and_jwks_cost_nothing(world: World, issuer: Issuer, name: str) -> None:
    url = f"{issuer.url}{name}" if name.startswith("/") else issuer.endpoint(name)
    async with world.http(issuer) as http:
        await http.get(url)
        with counted(world) as cost:
            answer = await http.get(url)
    assert answer.status_code == 200
    assert (cost.reads, cost.writes, cost.transactions) == ([], [], 0)


async def test_client_credentials_cost_nothing(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    await party.token(grant_type="client_credentials")
    with counted(world) as cost:
        answer = await party.token(grant_type="client_credentials")
    assert answer.status_code == 200
    assert (cost.reads, cost.writes, cost.transactions) == ([], [], 0)


async def test_authorization_with_a_live_session_costs_one_read_and_one_write(
    world: World, issuer: Issuer
) -> None:
    party = RelyingParty(world, issuer)
    person = await party.signed_in()
    with counted(world) as cost:
        await person.open(party.begin().url)
    assert "code" in callback(person)
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 1, 1)


async def test_a_session_that_was_long_unused_is_noted_in_the_same_transaction(
    world: World, issuer: Issuer
) -> None:
    party = RelyingParty(world, issuer)
    person = await party.signed_in()
    world.clock.time += issuer.lifetimes.session_idle // 2
    with counted(world) as cost:
        await person.open(party.begin().url)
    assert "code" in callback(person)
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 2, 1)


async def test_a_code_exchange_costs_one_read_and_one_write(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    flow, response = await party.authorize(party.person(), scope=OFFLINE)
    with counted(world) as cost:
        answer = await party.redeem(flow, response["code"])
    assert "refresh_token" in answer.json()
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 1, 1)


async def test_a_refresh_costs_one_read_and_one_write(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    tokens = await party.tokens(scope=OFFLINE)
    with counted(world) as cost:
        answer = await party.refresh(tokens["refresh_token"])
    assert answer.status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 1, 1)


async def test_a_refresh_repeated_inside_its_grace_writes_nothing(
    world: World, issuer: Issuer
) -> None:
    party = RelyingParty(world, issuer)
    tokens = await party.tokens(scope=OFFLINE)
    first = await party.refresh(tokens["refresh_token"])
    with counted(world) as cost:
        second = await party.refresh(tokens["refresh_token"])
    assert second.json()["refresh_token"] == first.json()["refresh_token"]
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 0, 0)


async def test_a_hundred_refreshes_leave_one_row(world: World) -> None:
    party = RelyingParty(world)
    token = (await party.tokens(scope=OFFLINE))["refresh_token"]
    for _ in range(100):
        token = (await party.refresh(token)).json()["refresh_token"]
    rows = await world.store.database.read_all("SELECT 1 AS one FROM authorizations", {})
    assert len(rows) == 1


async def test_userinfo_costs_one_read(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    tokens = await party.tokens()
    with counted(world) as cost:
        answer = await party.userinfo(tokens["access_token"])
    assert answer.status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 0, 0)


async def test_the_issuers_version_is_looked_at_beside_the_requests_with_one_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "SECONDS_BETWEEN_LOOKS", 0.0)
    async with world.http() as http:
        await http.get(ENTERPRISE.endpoint("jwks"))
        with counted(world) as cost:
            await http.get(ENTERPRISE.endpoint("jwks"))
    assert len(cost.reads) == 1
    assert "version" in cost.reads[0]


async def test_token_paths_hash_no_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    party = RelyingParty(world)
    flow, response = await party.authorize(party.person())

    async def verify(*_: object) -> bool:
        raise AssertionError("a password was hashed on a token path")

    monkeypatch.setattr(world.ostiary.passwords, "verify", verify)
    answer = await party.redeem(flow, response["code"])
    assert (await party.userinfo(answer.json()["access_token"])).status_code == 200
