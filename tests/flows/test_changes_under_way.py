"""What changes while a provider runs, or while a person is asked, and what then has to hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.app import compose
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.issuer import Environment
from ostiary.management.issuers import production_faults, save_issuer
from ostiary.provider import served
from ostiary.storage.store import Store
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import ENTERPRISE, MASTER_KEY, PASSWORD, START, World

pytestmark = pytest.mark.both_engines

WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "SECONDS_BETWEEN_LOOKS", 0.0)


async def test_an_issuer_that_has_moved_no_longer_answers_where_it_was(world: World) -> None:
    async with world.http() as http:
        assert (await http.get(WELL_KNOWN)).status_code == 200
        moved = replace(ENTERPRISE, url="http://moved.localhost:9400")
        await save_issuer(world.store, MASTER_KEY, moved, START)
        assert (await http.get(WELL_KNOWN)).status_code == 421
    async with world.http(moved) as http:
        assert (await http.get(WELL_KNOWN)).json()["issuer"] == moved.url


async def test_whoever_takes_over_a_host_answers_there(world: World) -> None:
    async with world.http() as http:
        assert (await http.get(WELL_KNOWN)).json()["issuer"] == ENTERPRISE.url
        moved = replace(ENTERPRISE, url="http://moved.localhost:9400")
        await save_issuer(world.store, MASTER_KEY, moved, START)
        heir = replace(ENTERPRISE, issuer_id="heir", name="Heir")
        await save_issuer(world.store, MASTER_KEY, heir, START)
        keys = (await http.get(ENTERPRISE.endpoint("jwks"))).json()
        own = await world.store.keys.signing_keys("heir")
    assert {key["kid"] for key in keys["keys"]} == {key.kid for key in own}


async def test_a_sandbox_applied_to_a_running_production_server_is_not_served(
    template: Path, world: World
) -> None:
    production = compose(
        Store.open(world.source),
        MASTER_KEY,
        fetcher=world.elsewhere,
        unfit=lambda issuer: production_faults([issuer]),
        clock_of=lambda _issuer: world.clock,
    )
    served_by = replace(world, ostiary=production)
    try:
        async with served_by.http() as http:
            assert ENTERPRISE.environment is Environment.SANDBOX
            assert (await http.get(WELL_KNOWN)).status_code == 421
            fit = replace(ENTERPRISE, environment=Environment.PRODUCTION)
            await save_issuer(world.store, MASTER_KEY, fit, START)
            assert (await http.get(WELL_KNOWN)).status_code == 200
    finally:
        await production.close()


async def test_a_request_without_scope_asks_for_consent(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    other = RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")
    await person.open(other.begin(scope="", prompt="none").url)
    assert callback(person)["error"] == "consent_required"
    await person.open(other.begin(scope="").url)
    assert "allow" in person.page.forms[0].buttons


async def test_a_page_opened_twice_at_its_end_is_finished_not_broken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = RelyingParty(world)
    first = await party.signed_in()
    waiting = Person(first.http)
    await waiting.open(party.begin(prompt="login").url)
    page = waiting.page.url

    async def nothing(*_: object) -> bool:
        return False

    await waiting.sign_in("alice", PASSWORD)
    assert "code" in callback(waiting)
    monkeypatch.setattr(type(world.store.interactions), "complete", nothing)
    again = Person(first.http)
    await again.open(party.begin(prompt="consent").url)
    await again.press("allow")
    assert again.page.heading == "You have already finished signing in"
    await again.open(page)
    assert again.page.heading == "You have already finished signing in"


async def test_a_sign_in_in_the_second_of_a_new_password_holds(world: World) -> None:
    user_id = await world.user_id("alice")
    event = AuditEvent(type=EventType.PASSWORD_CHANGED, at=world.clock.now(), actor="operator")
    hashed = world.ostiary.passwords.hash(PASSWORD)
    await world.store.users.set_password("enterprise", user_id, hashed, event)
    tokens = await RelyingParty(world).tokens()
    assert (await RelyingParty(world).userinfo(tokens["access_token"])).status_code == 200


async def test_who_signs_in_over_another_ends_that_session_with_an_event(world: World) -> None:
    party = RelyingParty(world)
    person = await party.signed_in("alice")
    await person.open(party.begin(prompt="login").url)
    await go_through(person, "bob")
    latest = await world.store.audit.latest("enterprise", limit=6)
    ended = [event for event in latest if event.type is EventType.SESSION_ENDED]
    assert [event.reason for event in ended] == ["replaced"]


async def test_a_session_that_ended_while_the_password_was_checked_is_not_renewed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = RelyingParty(world)
    person = await party.signed_in()
    await person.open(party.begin(prompt="login").url)
    verify = world.ostiary.passwords.verify

    async def sign_out_meanwhile(password_hash: str | None, password: str) -> bool:
        rows = await world.store.database.read_all("SELECT session_id FROM sessions", {})
        event = AuditEvent(type=EventType.SESSION_ENDED, at=START, actor="test")
        for row in rows:
            session_id = row["session_id"]
            assert isinstance(session_id, bytes)
            await world.store.sessions.end("enterprise", session_id, event)
        return await verify(password_hash, password)

    monkeypatch.setattr(world.ostiary.passwords, "verify", sign_out_meanwhile)
    await person.sign_in("alice", PASSWORD)
    assert "code" in callback(person)
    flow = party.begin(prompt="none")
    await person.open(flow.url)
    assert "code" in callback(person)
