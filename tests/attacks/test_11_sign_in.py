"""Catalogue section 11.1 as far as it is about guessing: who tries passwords, and whom that holds up."""

import asyncio
from collections import Counter
from dataclasses import replace
from ipaddress import ip_network

import pytest

from ostiary.app import Front
from ostiary.domain.audit import EventType
from ostiary.domain.issuer import Environment
from ostiary.domain.throttle import OF_ACCOUNT, OF_ADDRESS, OF_PAIR
from ostiary.management.keys import rotate_handle_key
from ostiary.management.users import unlock_user
from ostiary.web.forwarded import TrustedProxies
from tests.kit.person import Page, Person
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, MASTER_KEY, PASSWORD, World, an_event, world_over

WRONG = "not the password"
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.80"
LIVE = replace(ENTERPRISE, environment=Environment.PRODUCTION)


@pytest.fixture
async def bank(world: World) -> World:
    """Not a sandbox, where nobody is held up; asked from an address of its own."""
    await world.store.issuers.save(LIVE, an_event())
    return replace(world, peer=HOME)


async def at_password(world: World, username: str = "alice") -> Person:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    return await person.press("sign-in", username=username)


async def guess(world: World, username: str = "alice", password: str = WRONG) -> Page:
    """The page that says how it went."""
    person = await at_password(world, username)
    return (await person.press("sign-in", username=username, password=password)).page


async def guess_often(world: World, times: int, username: str = "alice") -> list[int]:
    """From the password page, without going back to it: the statuses."""
    person = await at_password(world, username)
    form = person.page.form_with("sign-in")
    statuses = []
    for _ in range(times):
        values = {**form.values, "username": username, "password": WRONG}
        statuses.append((await person.post(form.action, values)).page.status)
        await person.open(form.action.removesuffix("/login"))
    return statuses


async def is_let_in(world: World, username: str = "alice") -> bool:
    page = await guess(world, username, PASSWORD)
    return any("allow" in form.buttons for form in page.forms)


async def test_lg_04_after_five_wrong_passwords_there_is_a_wait_that_grows(bank: World) -> None:
    assert await guess_often(bank, 6) == [400] * 5 + [429]
    waits = []
    for _ in range(7):
        page = await guess(bank)
        assert (page.status, page.heading) == (429, "Too many tries")
        waits.append(int(page.headers["retry-after"]))
        bank.clock.time += waits[-1]
        assert await guess_often(bank, 1) == [400]
    assert waits == [30, 60, 120, 240, 480, 900, 900]


async def test_lg_04_the_right_password_does_not_shorten_the_wait_but_ends_the_count(
    bank: World,
) -> None:
    await guess_often(bank, 5)
    assert not await is_let_in(bank)
    bank.clock.time += OF_PAIR.first
    assert await is_let_in(bank)
    assert await guess_often(bank, 6) == [400] * 5 + [429]


async def test_lg_04_what_was_tried_long_ago_does_not_count(bank: World) -> None:
    await guess_often(bank, 4)
    bank.clock.time += OF_PAIR.forgotten + 1
    assert await guess_often(bank, 5) == [400] * 5


async def test_lg_04_from_many_addresses_a_hundred_in_a_row(bank: World) -> None:
    statuses = []
    for number in range(OF_ACCOUNT.tries + 1):
        attacker = replace(bank, peer=f"192.0.2.{number}")
        statuses += await guess_often(attacker, 1)
    assert statuses == [400] * OF_ACCOUNT.tries + [429]


async def test_lg_07_who_has_signed_in_from_an_address_is_not_shut_out_from_others(
    bank: World,
) -> None:
    assert await is_let_in(bank)
    for number in range(OF_ACCOUNT.tries):
        await guess_often(replace(bank, peer=f"192.0.2.{number}"), 1)
    assert not await is_let_in(replace(bank, peer=ELSEWHERE))
    assert await is_let_in(bank)


async def test_lg_07_who_has_signed_in_from_an_address_does_not_wait_for_what_others_try_there(
    bank: World,
) -> None:
    """An office, or a network's address: one guess after each wait would keep all of it out."""
    assert await is_let_in(bank)
    for number in range(OF_ADDRESS.tries):
        await guess_often(bank, 1, f"somebody-{number}")
    assert await guess_often(bank, 1, "somebody-else") == [429]
    assert await is_let_in(bank)


async def test_lg_07_one_address_holds_up_nobody_elsewhere(bank: World) -> None:
    await guess_often(replace(bank, peer=ELSEWHERE), 6)
    assert await is_let_in(bank)


async def test_lg_07_an_operator_lets_somebody_in_at_once(bank: World) -> None:
    await guess_often(bank, 5)
    now = bank.clock.time
    assert await unlock_user(bank.store, MASTER_KEY, LIVE, "ALICE", now)
    assert await is_let_in(bank)
    event, *_ = [
        each
        for each in await bank.store.audit.latest(LIVE.issuer_id)
        if each.type is EventType.USER_UNLOCKED
    ]
    assert event.user_id == await bank.user_id("alice")
    assert not await unlock_user(bank.store, MASTER_KEY, LIVE, "alice", now)


@pytest.mark.parametrize("spelling", ["ALICE", " alice ", "\uff41lice", "Alice"])
async def test_lg_05_one_count_however_the_name_is_spelt(bank: World, spelling: str) -> None:
    await guess_often(bank, 5)
    assert await guess_often(bank, 1, spelling) == [429]


@pytest.mark.parametrize("username", ["nobody", "alice", "harry"])
async def test_lg_01_nobody_learns_by_the_wait_who_exists(bank: World, username: str) -> None:
    """Of the client's institution, of another, of none: the same pages at the same time."""
    assert await guess_often(bank, 6, username) == [400] * 5 + [429]
    page = await guess(bank, username)
    assert page.headers["retry-after"] == "30"
    assert username not in page.text


async def test_lg_06_one_address_tries_many_accounts(bank: World) -> None:
    statuses = []
    for number in range(OF_ADDRESS.tries + 1):
        statuses += await guess_often(bank, 1, f"user{number}")
    assert statuses == [400] * OF_ADDRESS.tries + [429]
    assert not await is_let_in(bank, "bob")
    assert await is_let_in(replace(bank, peer=ELSEWHERE), "bob")


async def test_lg_06_an_ipv6_network_is_one_address(bank: World) -> None:
    for number in range(5):
        await guess_often(replace(bank, peer=f"2001:db8::{number}"), 1)
    assert await guess_often(replace(bank, peer="2001:db8::ffff"), 1) == [429]
    assert await guess_often(replace(bank, peer="2001:db8:0:1::1"), 1) == [400]


async def test_lg_08_fifty_at_once_at_two_processes_are_all_counted(bank: World) -> None:
    """tests/races has the same with real ones."""
    second = bank.restarted(Front(), peer=HOME)
    person = await at_password(bank)
    form = person.page.form_with("sign-in")
    values = {**form.values, "username": "alice", "password": WRONG}

    async def guess_at(world: World) -> int:
        async with world.http() as http:
            http.cookies = person.http.cookies
            return (await http.post(form.action, data=values)).status_code

    statuses = await asyncio.gather(*(guess_at(each) for each in [bank, second] * 25))
    assert Counter(statuses) == {400: OF_PAIR.tries, 429: 50 - OF_PAIR.tries}
    await second.ostiary.close()


async def test_lg_09_an_address_that_is_only_said_is_not_believed(bank: World) -> None:
    person = await at_password(bank)
    form = person.page.form_with("sign-in")
    values = {**form.values, "username": "alice", "password": WRONG}
    statuses = []
    for number in range(6):
        person.http.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        statuses.append((await person.http.post(form.action, data=values)).status_code)
    assert statuses == [400] * 5 + [429]


async def test_lg_10_the_count_outlives_the_process(bank: World) -> None:
    await guess_often(bank, 5)
    again = replace(world_over(bank.path, bank.clock), peer=HOME)
    assert not await is_let_in(again)
    await again.ostiary.close()


async def test_lg_10_the_count_outlives_a_new_key_of_handles(bank: World) -> None:
    await guess_often(bank, 5)
    assert await rotate_handle_key(bank.store, MASTER_KEY, ENTERPRISE, bank.clock.time, lead=0)
    again = replace(world_over(bank.path, bank.clock), peer=HOME)
    assert not await is_let_in(again)
    await again.ostiary.close()


async def test_neither_names_nor_addresses_stand_in_the_counts(bank: World) -> None:
    await guess_often(bank, 5)
    rows = await bank.store.database.read_all("SELECT * FROM throttles", {})
    assert rows
    written = b"".join(value for row in rows for value in tuple(row) if isinstance(value, bytes))
    assert b"alice" not in written
    assert HOME.encode() not in written


async def test_each_wait_that_begins_is_an_event(bank: World) -> None:
    await guess_often(bank, 8)
    delayed = [
        event
        for event in await bank.store.audit.latest(LIVE.issuer_id)
        if event.type is EventType.SIGN_IN_DELAYED
    ]
    assert [event.details for event in delayed] == [{"tries": 5, "address": HOME}]


async def test_in_a_sandbox_nobody_waits(world: World) -> None:
    assert await guess_often(replace(world, peer=HOME), 7) == [400] * 7


async def test_behind_a_proxy_that_is_trusted_its_clients_are_counted(bank: World) -> None:
    proxies = TrustedProxies(networks=(ip_network("10.0.0.0/8"),))
    behind = bank.restarted(Front(proxies=proxies), peer="10.0.0.1")
    person = await at_password(behind)
    form = person.page.form_with("sign-in")
    values = {**form.values, "username": "alice", "password": WRONG}
    for number in range(6):
        person.http.headers["X-Forwarded-For"] = f"203.0.113.99, 192.0.2.{number}"
        assert (await person.http.post(form.action, data=values)).status_code == 400
    await behind.ostiary.close()
