"""What each request may cost the database: the table of the design, to the statement.

Counted by SQLite itself, or at PostgreSQL's driver, on a warm process.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from ostiary.domain.client import AuthMethod
from ostiary.domain.issuer import Issuer
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.public_key import PublicKey, parse_public_key
from ostiary.protocol.tokens import Json
from ostiary.provider import op, served
from ostiary.storage.postgresql.pool import SHOW_ISSUER
from tests.kit.client_key import ClientKey
from tests.kit.leaving import signed_in_with_tokens
from tests.kit.outside import contents
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import CONSUMER, ENTERPRISE, World, a_client, sqlite_of, world_over

pytestmark = pytest.mark.both_engines

OFFLINE = "openid profile email offline_access"


@dataclass(slots=True)
class Cost:
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    transactions: int = 0
    # How often PostgreSQL was told whose rows to show.
    told: int = 0

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
    cost = Cost()
    with counted_on_sqlite(world, cost) if world.on_sqlite else counted_on_postgresql(cost):
        yield cost


@contextmanager
def counted_on_sqlite(world: World, cost: Cost) -> Iterator[None]:
    database = sqlite_of(world.store)
    connections = {database._reader: cost.read, database._writer: cost.write}
    for connection, note in connections.items():
        connection.set_trace_callback(note)
    yield
    for connection in connections:
        connection.set_trace_callback(None)


@contextmanager
def counted_on_postgresql(cost: Cost) -> Iterator[None]:
    """What the driver is asked for: a round trip each."""
    driver: Any = asyncpg.Connection
    originals = driver.fetch, driver.execute
    in_transaction = False

    def noting(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def note(connection: object, statement: str, *arguments: object) -> Any:
            nonlocal in_transaction
            if statement == SHOW_ISSUER:
                cost.told += 1
            elif statement.lstrip().startswith("SELECT"):
                cost.read(statement)
            else:
                cost.write(statement)
                # A change of one statement is committed by itself.
                cost.transactions += statement not in ("BEGIN", "COMMIT") and not in_transaction
                in_transaction = statement == "BEGIN" or (in_transaction and statement != "COMMIT")
            return await original(connection, statement, *arguments)

        return note

    driver.fetch, driver.execute = map(noting, originals)
    try:
        yield
    finally:
        driver.fetch, driver.execute = originals


@pytest.fixture(autouse=True)
async def _warm(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the requests an issuer's version is looked at once a second, and the use of a secret
    noted once an hour; neither while counting."""
    monkeypatch.setattr(served, "SECONDS_BETWEEN_LOOKS", 3600.0)
    for issuer in (ENTERPRISE, CONSUMER):
        await RelyingParty(world, issuer).token(grant_type="client_credentials")
    await world.ostiary.beside.drain()


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


@pytest.mark.parametrize("published", [False, True])
async def test_an_assertion_costs_one_write(
    world: World, issuer: Issuer, *, published: bool
) -> None:
    key = ClientKey.make()
    source = {"jwks_uri": "https://rp.example/jwks"} if published else {}
    world.elsewhere.documents["https://rp.example/jwks"] = {"keys": [key.public_jwk]}
    signer = a_client(
        "signer",
        issuer,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        secrets=(),
        public_keys=() if published else (key.public_jwk,),
        **source,
    )
    party = RelyingParty.of(world, await world.add_client(signer, issuer), issuer)
    party.secret = None

    async def ask() -> int:
        form: dict[str, Any] = key.assertion("signer", issuer.url, world.clock.time)
        return (await party.token(grant_type="client_credentials", **form)).status_code

    assert await ask() == 200
    await world.ostiary.beside.drain()
    with counted(world) as cost:
        assert await ask() == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (0, 1, 1)
    assert len(world.elsewhere.asked) == published


async def test_a_registered_key_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def counted(jwk: Json, algorithms: frozenset[ClientAlgorithm]) -> PublicKey:
        read.append(jwk)
        return parse_public_key(jwk, algorithms)

    monkeypatch.setattr(op, "parse_public_key", counted)
    key = ClientKey.make()
    method = {"auth_method": AuthMethod.PRIVATE_KEY_JWT, "secrets": ()}
    await world.add_client(a_client("signer", ENTERPRISE, public_keys=(key.public_jwk,), **method))
    party = RelyingParty(world, client_id="signer", secret=None)
    for _ in range(3):
        form: dict[str, Any] = key.assertion("signer", ENTERPRISE.url, world.clock.time)
        assert (await party.token(grant_type="client_credentials", **form)).status_code == 200
    assert read == [key.public_jwk]


async def test_the_use_of_a_secret_is_noted_once_an_hour_beside_the_answers(
    world: World, issuer: Issuer
) -> None:
    party = RelyingParty(world, issuer)
    for wait, writes in ((3599, 0), (1, 1), (0, 0)):
        world.clock.time += wait
        with counted(world) as cost:
            assert (await party.token(grant_type="client_credentials")).status_code == 200
            await world.ostiary.beside.drain()
        assert len(cost.writes) == writes
    uses = await world.store.secret_uses.list(issuer.issuer_id, "web")
    assert uses == {"1": world.clock.time}


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


async def test_a_push_costs_one_write(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    await party.push(party.begin())
    with counted(world) as cost:
        answer = await party.push(party.begin())
    assert answer.status_code == 201
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (0, 1, 1)


async def test_a_pushed_authorization_is_read_and_counted_beside_that(
    world: World, issuer: Issuer
) -> None:
    party = RelyingParty(world, issuer)
    person = await party.signed_in()
    flow = await party.begin_pushed()
    with counted(world) as cost:
        await person.open(flow.url)
    assert "code" in callback(person)
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (2, 2, 1)


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
    assert len(contents(world.source)["authorizations"]) == 1


async def test_userinfo_costs_one_read(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    tokens = await party.tokens()
    with counted(world) as cost:
        answer = await party.userinfo(tokens["access_token"])
    assert answer.status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 0, 0)


# ---- DPoP: one write more, for the proof ----------------------------------------------------------


@pytest.fixture
def bound(world: World, issuer: Issuer) -> RelyingParty:
    return RelyingParty(world, issuer, key=ClientKey.make())


async def test_a_proof_costs_one_write(bound: RelyingParty) -> None:
    await bound.token(grant_type="client_credentials")
    with counted(bound.world) as cost:
        answer = await bound.token(grant_type="client_credentials")
    assert answer.json()["token_type"] == "DPoP"
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (0, 1, 1)


async def test_a_code_exchange_and_a_refresh_with_a_proof_cost_one_write_more(
    bound: RelyingParty,
) -> None:
    flow, response = await bound.authorize(bound.person(), scope=OFFLINE)
    with counted(bound.world) as cost:
        answer = await bound.redeem(flow, response["code"])
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 2, 2)
    with counted(bound.world) as cost:
        assert (await bound.refresh(answer.json()["refresh_token"])).status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 2, 2)


async def test_userinfo_with_a_proof_costs_one_write_more(bound: RelyingParty) -> None:
    tokens = await bound.tokens()
    with counted(bound.world) as cost:
        assert (await bound.userinfo(tokens["access_token"])).status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 1, 1)


async def test_a_proof_that_is_refused_writes_nothing(bound: RelyingParty) -> None:
    with counted(bound.world) as cost:
        answer = await bound.token(grant_type="client_credentials", proof=bound.proof("me"))
        assert answer.status_code == 400
    assert not any("spent_ids" in statement for statement in cost.writes)


# ---- introspection and revocation ------------------------------------------------------------------


async def test_introspection_costs_one_read(world: World, issuer: Issuer) -> None:
    client = await world.add_client(a_client("api", issuer, may_introspect=True), issuer)
    api = RelyingParty.of(world, client, issuer)
    tokens = await api.tokens(scope=OFFLINE)
    own = (await api.token(grant_type="client_credentials")).json()
    await world.ostiary.beside.drain()  # the first use of its secret
    for token in (tokens["access_token"], tokens["refresh_token"], own["access_token"]):
        with counted(world) as cost:
            answer = await api.introspect(token)
        assert answer.json()["active"] is True
        assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 0, 0)
    with counted(world) as cost:
        assert (await api.introspect("banana")).json() == {"active": False}
    assert (cost.reads, cost.writes) == ([], [])


async def test_revocation_costs_one_change_with_its_event(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    tokens = await party.tokens(scope=OFFLINE)
    with counted(world) as cost:
        assert (await party.revoke(tokens["access_token"])).status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (0, 2, 1)
    with counted(world) as cost:
        assert (await party.revoke(tokens["refresh_token"])).status_code == 200
    assert (len(cost.reads), len(cost.writes), cost.transactions) == (1, 2, 1)
    with counted(world) as cost:
        assert (await party.revoke("banana")).status_code == 200
    assert (cost.reads, cost.writes) == ([], [])


@pytest.mark.parametrize("origin", ["https://spa.example", "https://evil.test"])
async def test_who_asks_from_what_page_is_looked_up_once(
    world: World, issuer: Issuer, origin: str
) -> None:
    """Registered or not; and never for a request that comes from no page."""
    url, headers = issuer.endpoint("token"), {"origin": origin}
    async with world.http(issuer) as http:
        with counted(world) as first:
            await http.post(url, headers=headers)
        with counted(world) as second:
            await http.post(url, headers=headers)
    assert sum("client_origins" in read for read in first.reads) == 1
    assert (second.reads, second.writes) == ([], [])


async def test_signing_out_costs_one_read_and_one_transaction(world: World, issuer: Issuer) -> None:
    """However many clients are to be told: their notices are one statement of it."""
    person, tokens = await signed_in_with_tokens(RelyingParty(world, issuer))
    url = f"{issuer.endpoint('logout')}?id_token_hint={tokens['id_token']}"
    await person.http.get(issuer.endpoint("logout"))
    with counted(world) as cost:
        await person.http.get(url)
    reads = [read for read in cost.reads if "FROM issuers" not in read]
    assert (len(reads), len(cost.writes), cost.transactions) == (1, 3, 1)


async def test_the_issuers_version_is_looked_at_beside_the_requests_with_one_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "SECONDS_BETWEEN_LOOKS", 0.0)
    started = world_over(world.source, world.clock)
    async with started.http() as http:
        await http.get(ENTERPRISE.endpoint("jwks"))
        with counted(started) as cost:
            await http.get(ENTERPRISE.endpoint("jwks"))
    await started.ostiary.close()
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


async def test_postgresql_is_told_once_whose_rows_to_show(world: World, issuer: Issuer) -> None:
    party = RelyingParty(world, issuer)
    tokens = await party.tokens()
    with counted(world) as cost:
        for _ in range(3):
            assert (await party.userinfo(tokens["access_token"])).status_code == 200
    assert (len(cost.reads), cost.told) == (3, 0)
