"""Catalogue section 9: what clients are told when a session ends, and by whom they can be hurt."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

import pytest

from ostiary.app import SystemClock, compose
from ostiary.domain.logout_notice import LogoutNotice, NoticeState
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.housekeeping.housekeeper import keep_house
from ostiary.housekeeping.job import Household
from ostiary.housekeeping.logout import LOGOUT
from ostiary.housekeeping.tenure import SECONDS_HELD
from ostiary.outbound.fetcher import Fetcher
from ostiary.outbound.guarded import Limits
from ostiary.provider.logout_delivery import MOST_AT_ONCE, LogoutDelivery
from tests.attacks.expected import is_json
from tests.attacks.wire import cookies_of, resubmit
from tests.kit.leaving import BACKCHANNEL, logout_url, signed_in_with_tokens, tell
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, header, payload
from tests.kit.server import Site, make_site, start_server
from tests.kit.world import ENTERPRISE, MASTER_KEY, World, a_client, world_over
from tests.outbound.certificates import TestAuthority
from tests.outbound.internet import (
    PUBLIC,
    Internet,
    answer,
    endless,
    impatient,
    open_internet,
)

URL = "https://rp.example/backchannel"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
async def internet(authority: TestAuthority) -> AsyncIterator[Internet]:
    async with open_internet(authority) as opened:
        yield opened


def delivery(world: World, fetcher: Fetcher) -> LogoutDelivery:
    """Over the same store, with a fetcher of the test's."""
    clock = world.clock
    made = compose(world.store, MASTER_KEY, fetcher=fetcher, clock_of=lambda _issuer: clock)
    return made.logout_delivery


async def told_client(world: World, uri: str = URL, name: str = "told") -> RelyingParty:
    client = a_client(name, ENTERPRISE, backchannel_logout_uri=uri)
    return RelyingParty.of(world, await world.add_client(client))


async def leave(rp: RelyingParty, person: Person) -> None:
    await person.open(logout_url(rp))
    await person.press("sign-out")
    assert person.page.heading == "You have signed out"


async def leaving(world: World, uri: str = URL) -> RelyingParty:
    """A person has signed out, and the client at the address has to be told."""
    rp = await told_client(world, uri)
    person, _ = await signed_in_with_tokens(rp)
    await leave(rp, person)
    return rp


async def notice_of(world: World) -> LogoutNotice:
    (notice,) = await world.store.logout_notices.list(ENTERPRISE.issuer_id, limit=10)
    return notice


async def failed_with(world: World) -> str:
    notice = await notice_of(world)
    assert (notice.state, notice.attempts) == (NoticeState.WAITING, 1)
    assert notice.last_error
    return notice.last_error


# ---- LO-15: the client's server is hostile, or leads inside -------------------------------------


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("https://127.0.0.1/x", "address not public"),
        ("https://[::1]/x", "address not public"),
        ("https://169.254.169.254/latest", "address not public"),
        ("https://10.0.0.1/x", "address not public"),
        ("https://inside.example/x", "address not public"),
        ("http://localhost:8080/x", "not https"),
        ("https://rp.example:22/x", "port not allowed"),
        ("https://nowhere.example/x", "name not found"),
    ],
)
async def test_lo_15_nobody_inside_is_called(
    world: World, internet: Internet, uri: str, reason: str
) -> None:
    internet.names |= {"inside.example": [["192.168.1.1"]], "rp.example": [[PUBLIC]]}
    for literal in ("127.0.0.1", "::1", "169.254.169.254", "10.0.0.1"):
        internet.names[literal] = [[literal]]
    await leaving(world, uri)
    await delivery(world, internet.fetcher()).deliver_due()
    assert internet.connected == []
    assert await failed_with(world) == reason


async def test_lo_15_a_redirect_is_not_followed(world: World, internet: Internet) -> None:
    inside = {"Location": "https://169.254.169.254/latest/meta-data"}
    server = await internet.add(answer(b"", status=307, **inside), "rp.example")
    await leaving(world)
    await delivery(world, internet.fetcher()).deliver_due()
    assert len(server.requests) == 1
    assert internet.connected == [(PUBLIC, 443)]
    assert await failed_with(world) == "status 307"


async def test_lo_15_silence_and_slowness_end_at_the_limit(
    world: World, internet: Internet
) -> None:
    assert Limits().seconds == 5.0
    internet.names["rp.example"] = [[PUBLIC]]
    internet.add_silence(PUBLIC)
    await leaving(world)
    began = time.monotonic()
    await delivery(world, internet.fetcher(limits=impatient())).deliver_due()
    assert time.monotonic() - began < 2
    assert await failed_with(world) == "timed out"


async def test_lo_15_of_a_long_answer_little_is_read(world: World, internet: Internet) -> None:
    server = await internet.add(endless(bytes(50_000)), "rp.example")
    await leaving(world)
    await delivery(world, internet.fetcher()).deliver_due()
    await server.until_left_alone()
    assert (await notice_of(world)).state is NoticeState.DELIVERED


async def test_lo_15_an_untrusted_certificate_is_told_nothing(
    world: World, internet: Internet
) -> None:
    tls = internet.authority.server("rp.example", lifetime=-timedelta(days=1))
    server = await internet.add(answer(b""), "rp.example", tls=tls)
    await leaving(world)
    await delivery(world, internet.fetcher()).deliver_due()
    assert server.requests == []
    assert (await failed_with(world)).startswith("certificate not trusted")


async def test_lo_15_a_refusal_is_tried_again_later(world: World, internet: Internet) -> None:
    server = await internet.add(answer(b"", status=401), "rp.example")
    await leaving(world)
    telling = delivery(world, internet.fetcher())
    await telling.deliver_due()
    await telling.deliver_due()
    assert len(server.requests) == 1
    assert await failed_with(world) == "status 401"


async def test_lo_15_signing_out_waits_for_nobody(world: World, internet: Internet) -> None:
    """The deliverer is at work, and the client's server says nothing for ever."""
    internet.names["rp.example"] = [[PUBLIC]]
    internet.add_silence(PUBLIC)
    rp = await told_client(world)
    person, _ = await signed_in_with_tokens(rp)
    async with running(world, delivery(world, internet.fetcher())):
        began = time.monotonic()
        await leave(rp, person)
        assert time.monotonic() - began < 1.0


async def test_lo_15_many_at_once_are_told_a_few_at_a_time(
    world: World, internet: Internet
) -> None:
    """So that other servers can be asked for something meanwhile."""
    server = await internet.add(answer(b""), "rp.example")

    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await answer(b"")(writer)

    server.reply = slowly
    first = await told_client(world)
    person = first.person()
    await first.authorize(person)
    for number in range(2 * MOST_AT_ONCE):
        await (await told_client(world, name=f"told-{number}")).authorize(person)
    await leave(first, person)
    await delivery(world, internet.fetcher()).deliver_due()
    assert len(server.requests) == 2 * MOST_AT_ONCE + 1
    assert 1 < server.most_at_once <= MOST_AT_ONCE


@asynccontextmanager
async def running(world: World, telling: LogoutDelivery) -> AsyncIterator[None]:
    household = Household(
        store=world.store,
        master_key=MASTER_KEY,
        logout_delivery=telling,
        observer=world.ostiary.telemetry,
        clock_of=lambda _issuer: world.clock,
        clockwatch=Clockwatch(SystemClock()),
    )
    task = asyncio.create_task(keep_house(household, [LOGOUT]))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_lo_15_a_running_deliverer_is_woken_by_the_end_of_a_session(world: World) -> None:
    rp = await told_client(world, f"{BACKCHANNEL}/woken")
    world.elsewhere.statuses[f"{BACKCHANNEL}/woken"] = 200
    person, _ = await signed_in_with_tokens(rp)
    async with running(world, world.ostiary.logout_delivery):
        await asyncio.sleep(0.05)
        await leave(rp, person)
        async with asyncio.timeout(2):
            while not world.elsewhere.forms:
                await asyncio.sleep(0.01)


# ---- LO-16: what the token says -----------------------------------------------------------------


async def test_lo_16_a_logout_token_can_be_taken_for_nothing_else(world: World) -> None:
    uri = f"{BACKCHANNEL}/16"
    rp = await told_client(world, uri)
    world.elsewhere.statuses[uri] = 200
    person, tokens = await signed_in_with_tokens(rp)
    await leave(rp, person)
    ((_, token),) = await tell(world)
    claims = payload(token)
    assert header(token)["typ"] == "logout+jwt"
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "jti", "sid", "events"}
    assert claims["aud"] == rp.client_id
    assert claims["sid"] == payload(tokens["id_token"])["sid"]
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 120
    assert "nonce" not in claims
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (await rp.userinfo(token)).status_code == 401
    is_json(await rp.refresh(token), 400, "invalid_grant")
    hinted = rp.begin(prompt="none", id_token_hint=token)
    await person.open(hinted.url)
    assert "error=invalid_request" in (person.left_to or "")


async def test_lo_16_nobody_can_have_others_told(world: World) -> None:
    """A notice is written by the end of a session alone; a forged form ends none."""
    rp = await told_client(world)
    person, _ = await signed_in_with_tokens(rp)
    await person.open(logout_url(rp))
    form = person.page.form_with("sign-out")
    await resubmit(world, person, form.action, {**form.values, "csrf": "x", "choice": "sign-out"})
    assert cookies_of(person)
    assert await tell(world) == []
    assert await world.store.logout_notices.list(ENTERPRISE.issuer_id, limit=10) == []


# ---- LO-17: no notice is lost, and several processes share them ----------------------------------


async def test_lo_17_what_was_left_is_told_by_the_next_process(
    world: World, tmp_path: Path
) -> None:
    uri = f"{BACKCHANNEL}/17"
    await leaving(world, uri)
    again = world_over(world.path, world.clock)
    again.elsewhere.statuses[uri] = 200
    ((url, token),) = await tell(again)
    assert (url, payload(token)["aud"]) == (uri, "told")
    assert (await notice_of(world)).state is NoticeState.DELIVERED
    await again.ostiary.close()


async def test_lo_17_processes_that_find_the_same_notice_tell_it_once(world: World) -> None:
    uri = f"{BACKCHANNEL}/17"
    await leaving(world, uri)
    others = [world_over(world.path, world.clock) for _ in range(4)]
    for each in others:
        each.elsewhere.statuses[uri] = 200
    told = await asyncio.gather(*(tell(each) for each in others))
    assert sum(map(len, told)) == 1
    assert (await notice_of(world)).attempts == 1
    for each in others:
        await each.ostiary.close()


async def sign_out_at(site: Site) -> None:
    # A site speaks HTTP, which is all that a relying party wants of a world.
    rp = RelyingParty(cast("World", site), site.enterprise, client_id="told")
    person = rp.person()
    async with person.http:
        await rp.authorize(person)
        await leave(rp, person)


def left_at(site: Site) -> list[tuple[str, int, int | None]]:
    with closing(sqlite3.connect(f"file:{site.database}?mode=ro", uri=True)) as connection:
        return connection.execute(
            "SELECT client_id, attempts, delivered_at FROM logout_notices"
        ).fetchall()


def let_time_pass(site: Site) -> None:
    """The pause before the next attempt is over."""
    with closing(sqlite3.connect(site.database)) as connection:
        connection.execute("UPDATE logout_notices SET next_attempt_at = 1")
        connection.commit()


class Peer:
    """The client's server: it thinks about the first token until the caller is gone, and takes the
    second."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.thinking = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        form = parse_qs((await reader.readexactly(length)).decode())
        self.heard += form["logout_token"]
        if len(self.heard) == 1:
            self.thinking.set()
            await reader.read()
        else:
            await answer(b"")(writer)
        writer.close()


async def test_lo_17_a_process_killed_on_the_way_is_followed_by_one_that_tells_again(
    template: Path, tmp_path: Path
) -> None:
    """kill -9 while the client's server thinks: at least once means once more."""
    peer = Peer()
    async with await asyncio.start_server(peer.serve, "localhost", 0) as listening:
        origin = f"http://localhost:{listening.sockets[0].getsockname()[1]}"
        client = a_client("told", ENTERPRISE, backchannel_logout_uri=f"{origin}/out")
        site = await asyncio.to_thread(make_site, template, tmp_path / "ostiary.db", client)
        server = await asyncio.to_thread(start_server, site, allow=[origin])
        try:
            await sign_out_at(site)
            async with asyncio.timeout(10):
                await peer.thinking.wait()
        finally:
            await asyncio.to_thread(server.kill)
        assert left_at(site) == [("told", 1, None)]
        let_time_pass(site)
        server = await asyncio.to_thread(start_server, site, allow=[origin])
        try:
            # The dead process holds the lease still.
            async with asyncio.timeout(SECONDS_HELD + 10):
                while left_at(site)[0][2] is None:
                    await asyncio.sleep(0.02)
        finally:
            await asyncio.to_thread(server.stop)
    first, second = map(payload, peer.heard)
    assert first["jti"] != second["jti"]
    assert first["sid"] == second["sid"]
