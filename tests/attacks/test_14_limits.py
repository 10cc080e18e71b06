"""Catalogue, CA-10, PA-13, IN-07, RX-08, RX-09: how much may be asked, and by whom that is counted."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from ostiary.app import Front
from ostiary.domain.issuer import Environment
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.provider.limits import MANY, MOST_NAMES, Limits, RequestLimits
from ostiary.storage.store import Store
from tests.attacks.operating import change_client
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, SECRET, MovableClock, World, an_event

HERE, ELSEWHERE, THERE = "198.51.100.7", "203.0.113.80", "192.0.2.1"
LIVE = replace(ENTERPRISE, environment=Environment.PRODUCTION)
FEW = Limits(per_address=200, per_client=20, failures=5, pushed_requests=8, sign_ins=6)


@pytest.fixture
async def bank(world: World) -> AsyncIterator[World]:
    """No sandbox, with small limits, asked from an address of its own."""
    await world.store.issuers.save(LIVE, an_event())
    bank = world.restarted(Front(limits=FEW), peer=HERE)
    yield bank
    await bank.ostiary.close()


async def ask_token(
    world: World, client_id: str = "web", secret: str = SECRET, **form: str
) -> httpx2.Response:
    fields = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    async with world.http() as http:
        return await http.post(LIVE.endpoint("token"), data={**fields, **form})


async def statuses(times: int, ask: object, *arguments: object, **named: object) -> Counter[int]:
    return Counter(
        [(await ask(*arguments, **named)).status_code for _ in range(times)]  # type: ignore[operator]
    )


# ---- guesses ------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 6585 §4")
async def test_ca_10_a_thousand_wrong_secrets_for_one_client(bank: World) -> None:
    assert await statuses(5, ask_token, bank, secret="wrong") == {401: 5}
    answer = await ask_token(bank, secret="wrong")
    assert answer.status_code == 429
    assert answer.json() == {
        "error": "temporarily_unavailable",
        "error_description": "too many requests",
    }
    assert 0 < int(answer.headers["retry-after"]) <= 60
    # Not even the right one: it could be the last guess.
    assert (await ask_token(bank)).status_code == 429


async def test_ca_10_the_client_itself_goes_on_from_elsewhere_and_its_neighbours_here(
    bank: World,
) -> None:
    await statuses(6, ask_token, bank, secret="wrong")
    assert (await ask_token(replace(bank, peer=ELSEWHERE))).status_code == 200
    assert (await ask_token(bank, "other")).status_code == 200


async def test_ca_10_one_address_guesses_for_many_clients(bank: World) -> None:
    for number in range(5 * MANY):
        assert (await ask_token(bank, f"client-{number}")).status_code == 401
    assert (await ask_token(bank, "one-more")).status_code == 429
    assert (await ask_token(bank)).status_code == 429


async def test_ca_10_after_a_minute_it_begins_anew(bank: World) -> None:
    await statuses(6, ask_token, bank, secret="wrong")
    bank.clock.time += 60
    assert (await ask_token(bank)).status_code == 200


async def test_refresh_tokens_and_codes_that_were_never_given_are_guesses(bank: World) -> None:
    unknown = {"grant_type": "refresh_token", "refresh_token": "or_" + "A" * 56}
    assert await statuses(6, ask_token, bank, **unknown) == {400: 5, 429: 1}
    guess = {"grant_type": "authorization_code", "code": "oc_" + "A" * 56}
    assert await statuses(6, ask_token, bank, "other", **guess) == {400: 5, 429: 1}


def test_ca_10_who_brings_many_names_makes_no_limit_forgotten() -> None:
    limits = RequestLimits(FEW, MovableClock())
    wrong = ReasonCode.CLIENT_AUTHENTICATION_FAILED
    for _ in range(FEW.failures):
        limits.note_refused(LIVE, HERE, "web", wrong)
    for number in range(2 * MOST_NAMES):
        limits.count_request(LIVE, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    with pytest.raises(Refusal):
        limits.check_guesser(LIVE, HERE, lambda: "web")


# ---- what is right may be too much --------------------------------------------------------------


async def test_each_client_has_its_minute_wherever_it_asks(bank: World) -> None:
    assert await statuses(20, ask_token, bank) == {200: 20}
    assert await statuses(2, ask_token, replace(bank, peer=ELSEWHERE)) == {429: 2}
    assert (await ask_token(bank, "other")).status_code == 200


async def test_each_address_has_its_minute(bank: World) -> None:
    async def discover(world: World) -> httpx2.Response:
        async with world.http() as http:
            return await http.get("/.well-known/openid-configuration")

    assert await statuses(201, discover, bank) == {200: 200, 429: 1}
    assert (await discover(replace(bank, peer=ELSEWHERE))).status_code == 200
    async with bank.http() as http:
        page = await http.get(f"{LIVE.base_path}/logout")
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "Too many requests" in page.text


async def test_who_asks_where_no_issuer_is_is_limited_too(bank: World) -> None:
    async def knock(world: World) -> httpx2.Response:
        async with world.http() as http:
            return await http.get("/", headers={"Host": "nobody.example"})

    assert await statuses(201, knock, bank) == {421: 200, 429: 1}
    assert int((await knock(bank)).headers["retry-after"]) <= 60
    assert (await knock(replace(bank, peer=ELSEWHERE))).status_code == 421
    bank.clock.time += 60
    assert (await knock(bank)).status_code == 421


async def test_this_machine_itself_is_nobody_in_particular(bank: World) -> None:
    here = replace(bank, peer="127.0.0.1")
    assert await statuses(7, ask_token, here, secret="wrong") == {401: 7}


@pytest.mark.spec("RFC 9126 §2.3")
async def test_pa_13_a_flood_of_pushed_requests(bank: World) -> None:
    async def push(world: World, client_id: str = "web") -> httpx2.Response:
        party = RelyingParty(world, client_id=client_id)
        return await party.push(party.begin())

    assert await statuses(10, push, bank) == {201: 8, 429: 2}
    assert (await push(replace(bank, peer=ELSEWHERE))).status_code == 429
    other = RelyingParty(bank, client_id="other", redirect_uri="https://other.example/cb")
    assert (await other.push(other.begin())).status_code == 201


async def test_pa_13_nobody_uses_up_what_a_public_client_may_push(bank: World) -> None:
    async def push(world: World) -> httpx2.Response:
        party = RelyingParty(
            world, client_id="spa", redirect_uri="https://spa.example/cb", secret=None
        )
        return await party.push(party.begin())

    assert await statuses(10, push, bank) == {201: 8, 429: 2}
    assert (await push(replace(bank, peer=ELSEWHERE))).status_code == 201


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_rx_08_a_flood_of_sign_ins_that_are_begun(bank: World) -> None:
    async def begin(world: World) -> httpx2.Response:
        async with world.http() as http:
            return await http.get(RelyingParty(world).begin().url)

    answers = [await begin(bank) for _ in range(7)]
    begun = [answer for answer in answers if "/interaction/" in answer.headers["location"]]
    assert len(begun) == 6
    assert "error=temporarily_unavailable" in answers[-1].headers["location"]
    assert "/interaction/" in (await begin(replace(bank, peer=ELSEWHERE))).headers["location"]


@pytest.mark.parametrize("token", ["or_" + "A" * 56, "e30.e30.AA", "x"])
async def test_in_07_rx_09_a_flood_of_unknown_tokens(bank: World, token: str) -> None:
    """Until the minute's limit all of them get the same answer; from then on none does."""
    await change_client(bank, "web", may_introspect=True)
    seen = await bank.store.issuers.find(LIVE.issuer_id)
    assert seen is not None
    patient = replace(FEW, per_client=1000)
    bank = bank.restarted(Front(limits=patient), peer=HERE)

    async def introspect() -> httpx2.Response:
        form = {"client_id": "web", "client_secret": SECRET, "token": token}
        async with bank.http() as http:
            return await http.post(LIVE.endpoint("token/introspection"), data=form)

    answers = [await introspect() for _ in range(5 * MANY + 1)]
    assert {answer.text for answer in answers[:-1]} == {'{"active":false}'}
    assert answers[-1].status_code == 429
    await bank.ostiary.close()


# ---- several processes --------------------------------------------------------------------------


async def exchange(*worlds: World) -> None:
    for _ in range(2):
        for world in worlds:
            await world.ostiary.limits.exchange(world.store.request_counts)


async def test_ca_10_what_one_process_has_counted_the_others_know(bank: World) -> None:
    second = bank.restarted(Front(limits=FEW), peer=HERE)
    await statuses(3, ask_token, bank, secret="wrong")
    await statuses(2, ask_token, second, secret="wrong")
    await exchange(bank, second)
    assert (await ask_token(bank)).status_code == 429
    assert (await ask_token(second)).status_code == 429
    await second.ostiary.close()


async def test_what_is_told_twice_is_counted_once(bank: World) -> None:
    second = bank.restarted(Front(limits=FEW), peer=HERE)
    await statuses(2, ask_token, bank, secret="wrong")
    await statuses(2, ask_token, second, secret="wrong")
    await exchange(bank, second)
    await exchange(bank, second)
    assert (await ask_token(bank, secret="wrong")).status_code == 401
    assert (await ask_token(bank, secret="wrong")).status_code == 429
    await second.ostiary.close()


async def test_earlier_minutes_leave_nothing_behind(bank: World) -> None:
    await statuses(3, ask_token, bank, secret="wrong")
    await exchange(bank)
    bank.clock.time += 60
    await statuses(1, ask_token, bank, secret="wrong")
    await exchange(bank)
    rows = await bank.store.database.read_all("SELECT minute FROM request_counts", {})
    assert [row["minute"] for row in rows] == [bank.clock.time // 60]


async def test_who_is_asked_nothing_asks_the_database_nothing(bank: World) -> None:
    class Untouched:
        """Any use of it is an error."""

    store = Store(Untouched())  # type: ignore[arg-type]
    await bank.ostiary.limits.exchange(store.request_counts)
