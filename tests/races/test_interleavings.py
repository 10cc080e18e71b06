"""Scripted interleavings: between a request's read and its write, another request does its own.

What real threads meet by chance is met here each time (reliability, M2; ST-27, RT-17, RV-09).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.profile import OIDC, PROFILES
from ostiary.storage.authorizations import Authorizations
from ostiary.storage.interactions import Interactions
from tests.kit.outside import contents
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty, callback
from tests.kit.world import ENTERPRISE, PASSWORD, World, a_client

pytestmark = pytest.mark.both_engines(pooled=True)

OFFLINE = "openid profile offline_access"
ISSUER = ENTERPRISE.issuer_id


class Held:
    """Stops each caller of a store verb just before its statement, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, table: type, verb: str) -> None:
        original: Callable[..., Awaitable[object]] = getattr(table, verb)
        self._arrived: asyncio.Queue[asyncio.Event] = asyncio.Queue()
        self._open = False

        async def stopped(*arguments: Any, **options: Any) -> object:
            if not self._open:
                go = asyncio.Event()
                self._arrived.put_nowait(go)
                await go.wait()
            return await original(*arguments, **options)

        monkeypatch.setattr(table, verb, stopped)

    async def start(self, request: Awaitable[Any]) -> "Waiting":
        """Run the request until it has read, and is about to write."""
        task = asyncio.ensure_future(request)
        async with asyncio.timeout(10):
            return Waiting(task, await self._arrived.get())

    def let_all_pass(self) -> None:
        """Whoever comes from now on is not stopped."""
        self._open = True


class Waiting:
    def __init__(self, task: "asyncio.Future[Any]", go: asyncio.Event) -> None:
        self._task = task
        self._go = go

    async def finish(self) -> Any:
        self._go.set()
        async with asyncio.timeout(10):
            return await self._task


@pytest.fixture
def redeeming(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch, Authorizations, "redeem")


@pytest.fixture
def party(world: World) -> RelyingParty:
    return RelyingParty(world)


@pytest.fixture
async def strict(world: World) -> RelyingParty:
    client = await world.add_client(a_client("strict", ENTERPRISE, refresh_grace=0))
    return RelyingParty.of(world, client)


async def authorized(party: RelyingParty, scope: str = OFFLINE) -> tuple[Flow, str]:
    flow, response = await party.authorize(party.person(), scope=scope)
    return flow, response["code"]


def assert_refused(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def assert_dead(party: RelyingParty, tokens: dict[str, str]) -> None:
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert_refused(await party.refresh(tokens["refresh_token"]))


def by_operator(kind: EventType, world: World) -> AuditEvent:
    return AuditEvent(type=kind, at=world.clock.now(), actor="operator")


# ---- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("first_reader_writes_first", [True, False])
async def test_of_two_that_read_an_unused_code_the_first_to_write_wins_and_is_undone(
    party: RelyingParty, redeeming: Held, *, first_reader_writes_first: bool
) -> None:
    flow, code = await authorized(party)
    readers = [await redeeming.start(party.redeem(flow, code)) for _ in range(2)]
    winner, loser = readers if first_reader_writes_first else readers[::-1]
    won = await winner.finish()
    assert won.status_code == 200
    # Until the other has written, what the winner got is good.
    assert (await party.userinfo(won.json()["access_token"])).status_code == 200
    assert_refused(await loser.finish())
    await assert_dead(party, won.json())


async def test_a_reader_that_comes_after_the_write_ends_what_it_gave(
    party: RelyingParty, redeeming: Held
) -> None:
    flow, code = await authorized(party)
    slow = await redeeming.start(party.redeem(flow, code))
    redeeming.let_all_pass()
    fast = await party.redeem(flow, code)
    assert fast.status_code == 200
    assert_refused(await slow.finish())
    await assert_dead(party, fast.json())


async def test_ac_08_a_code_revoked_between_read_and_write_gives_nothing(
    party: RelyingParty, redeeming: Held, world: World
) -> None:
    flow, code = await authorized(party)
    slow = await redeeming.start(party.redeem(flow, code))
    redeeming.let_all_pass()
    wrong = await party.redeem(flow, code, code_verifier="x" * 43)
    assert_refused(wrong)  # the wrong verifier burns the code
    assert_refused(await slow.finish())
    assert_refused(await party.redeem(flow, code))


async def test_rt_17_tokens_given_while_the_person_signs_out_are_dead(
    party: RelyingParty, redeeming: Held, world: World
) -> None:
    person = party.person()
    flow, response = await party.authorize(person, scope="openid profile")
    slow = await redeeming.start(party.redeem(flow, response["code"]))
    await person.open(ENTERPRISE.endpoint("logout"))
    await person.press("sign-out")
    answer = await slow.finish()
    if answer.status_code == 200:
        assert (await party.userinfo(answer.json()["access_token"])).status_code == 401
    else:
        assert_refused(answer)


@pytest.mark.parametrize("cause", ["disabled", "new password"])
async def test_ac_08_tokens_given_while_the_user_is_locked_out_are_dead(
    party: RelyingParty, redeeming: Held, world: World, cause: str
) -> None:
    flow, code = await authorized(party)
    user_id = await world.user_id("alice")
    slow = await redeeming.start(party.redeem(flow, code))
    world.clock.time += 1
    if cause == "disabled":
        event = by_operator(EventType.USER_CHANGED, world)
        await world.store.users.set_disabled(ISSUER, user_id, event.at, event)
    else:
        event = by_operator(EventType.PASSWORD_CHANGED, world)
        await world.store.users.set_password(ISSUER, user_id, "$new", event)
    answer = await slow.finish()
    if answer.status_code == 200:
        await assert_dead(party, answer.json())
    else:
        assert_refused(answer)


# ---- refresh tokens -----------------------------------------------------------------------------


@pytest.fixture
def rotating(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch, Authorizations, "rotate")


async def refresh_token(party: RelyingParty) -> str:
    return (await party.tokens(scope=OFFLINE))["refresh_token"]


async def test_two_that_read_one_generation_get_one_successor(
    party: RelyingParty, rotating: Held
) -> None:
    token = await refresh_token(party)
    readers = [await rotating.start(party.refresh(token)) for _ in range(2)]
    answers = [await reader.finish() for reader in reversed(readers)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    rotating.let_all_pass()
    assert (await party.refresh(answers[0].json()["refresh_token"])).status_code == 200


async def test_without_grace_the_slower_of_two_ends_what_the_faster_got(
    strict: RelyingParty, rotating: Held
) -> None:
    token = await refresh_token(strict)
    readers = [await rotating.start(strict.refresh(token)) for _ in range(2)]
    won = await readers[1].finish()
    assert won.status_code == 200
    assert_refused(await readers[0].finish())
    rotating.let_all_pass()
    await assert_dead(strict, won.json())


async def test_one_that_wakes_two_generations_later_is_a_replay(
    party: RelyingParty, rotating: Held
) -> None:
    token = await refresh_token(party)
    slow = await rotating.start(party.refresh(token))
    rotating.let_all_pass()
    second = (await party.refresh(token)).json()
    third = (await party.refresh(second["refresh_token"])).json()
    assert_refused(await slow.finish())
    await assert_dead(party, third)


async def test_one_that_wakes_when_the_grace_is_over_decided_in_its_time(
    party: RelyingParty, rotating: Held, world: World
) -> None:
    """The request began inside the grace: its answer is the one successor, and no other."""
    token = await refresh_token(party)
    slow = await rotating.start(party.refresh(token))
    rotating.let_all_pass()
    fast = (await party.refresh(token)).json()
    world.clock.time += 3600
    answer = await slow.finish()
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] == fast["refresh_token"]


async def test_a_refresh_token_revoked_between_read_and_write_gives_nothing(
    party: RelyingParty, rotating: Held
) -> None:
    flow, code = await authorized(party)
    token = (await party.redeem(flow, code)).json()["refresh_token"]
    slow = await rotating.start(party.refresh(token))
    assert_refused(await party.redeem(flow, code))  # the replay ends it
    assert_refused(await slow.finish())


async def test_rv_09_a_refresh_token_given_back_between_read_and_write_gives_nothing(
    party: RelyingParty, rotating: Held
) -> None:
    tokens = await party.tokens(scope=OFFLINE)
    slow = await rotating.start(party.refresh(tokens["refresh_token"]))
    assert (await party.revoke(tokens["refresh_token"])).status_code == 200
    assert_refused(await slow.finish())
    await assert_dead(party, tokens)


async def test_rv_09_a_refresh_between_read_and_write_of_a_revocation_is_dead_too(
    party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoking = Held(monkeypatch, Authorizations, "revoke")
    tokens = await party.tokens(scope=OFFLINE)
    slow = await revoking.start(party.revoke(tokens["refresh_token"]))
    refreshed = await party.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert (await slow.finish()).status_code == 200
    await assert_dead(party, refreshed.json())


async def test_rv_09_the_same_where_refresh_tokens_are_not_rotated(
    party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = replace(OIDC, name="steady", rotates_refresh_tokens=False)
    monkeypatch.setitem(PROFILES, "oidc", steady)
    extending = Held(monkeypatch, Authorizations, "extend")
    tokens = await party.tokens(scope=OFFLINE)
    slow = await extending.start(party.refresh(tokens["refresh_token"]))
    assert (await party.revoke(tokens["refresh_token"])).status_code == 200
    assert_refused(await slow.finish())
    await assert_dead(party, tokens)


# ---- interactions -------------------------------------------------------------------------------


@pytest.fixture
def completing(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch, Interactions, "complete")


async def at_consent(party: RelyingParty, **request: str) -> Person:
    person = party.person()
    await person.open(party.begin(prompt="consent", **request).url)
    await person.sign_in("alice", PASSWORD)
    return person


def same_browser(person: Person) -> Person:
    """Another tab, on the same page."""
    tab = Person(person.http)
    tab._page = person.page
    return tab


async def rows(world: World, table: str) -> int:
    return len(contents(world.source)[table])


async def test_of_two_that_allow_the_first_to_write_gets_the_code(
    party: RelyingParty, completing: Held, world: World
) -> None:
    person = await at_consent(party)
    tabs = [person, same_browser(person)]
    waiting = [await completing.start(tab.press("allow")) for tab in tabs]
    for each in reversed(waiting):
        await each.finish()
    assert "code" in callback(tabs[1])
    assert tabs[0].left_to is None
    assert "already" in tabs[0].page.heading
    assert await rows(world, "authorizations") == 1


async def test_a_no_between_read_and_write_of_a_yes_is_the_answer(
    party: RelyingParty, completing: Held, world: World
) -> None:
    person = await at_consent(party)
    tab = same_browser(person)
    yes = await completing.start(person.press("allow"))
    await tab.press("deny")
    assert callback(tab)["error"] == "access_denied"
    await yes.finish()
    assert person.left_to is None
    assert await rows(world, "authorizations") == 0
    assert await rows(world, "consents") == 0


async def test_of_two_consents_at_once_none_is_remembered_that_was_not_given(
    party: RelyingParty, completing: Held, world: World
) -> None:
    """Two tabs of one person: the later is remembered; for the other the person is asked again."""
    person = await at_consent(party, scope="openid profile")
    other = Person(person.http)
    await other.open(party.begin("openid email", prompt="consent").url)
    waiting = [await completing.start(tab.press("allow")) for tab in (person, other)]
    for each in waiting:
        await each.finish()
    assert all("code" in callback(tab) for tab in (person, other))
    read = await world.store.database.read_one("/* all issuers */ SELECT scope FROM consents", {})
    assert read is not None
    assert set(str(read["scope"]).split()) in ({"openid", "profile"}, {"openid", "email"})


async def test_a_code_allowed_while_the_person_signs_out_gives_nothing_that_lasts(
    party: RelyingParty, completing: Held
) -> None:
    flow = party.begin("openid profile", prompt="consent")
    person = party.person()
    await person.open(flow.url)
    await person.sign_in("alice", PASSWORD)
    tab = same_browser(person)
    waiting = await completing.start(person.press("allow"))
    await tab.open(ENTERPRISE.endpoint("logout"))
    await tab.press("sign-out")
    await waiting.finish()
    if person.left_to is not None and "code" in (answer := callback(person)):
        assert_refused(await party.redeem(flow, answer["code"]))


async def test_two_tabs_that_sign_in_at_once_both_go_on(
    party: RelyingParty, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    signing_in = Held(monkeypatch, Interactions, "sign_in")
    person = party.person()
    await person.open(party.begin().url)
    await person.press("sign-in", username="alice")
    tab = same_browser(person)
    waiting = [
        await signing_in.start(each.press("sign-in", password=PASSWORD)) for each in (person, tab)
    ]
    for each in waiting:
        await each.finish()
    assert [each.page.form_with("allow").action for each in (person, tab)]
