"""Catalogue section 13, ST-17 to ST-20: clocks that jump, and clocks that differ."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.kit.fapi_party import FapiParty
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import ENTERPRISE, START, MovableClock, World, world_over

OFFLINE = "openid profile offline_access"
HOUR, DAY, YEAR = 3_600, 86_400, 31_557_600
# The last second of 32 bits, and the first beyond; a leap day; a change to summer time.
INSTANTS = {
    "2038": 2_147_483_647,
    "beyond 2038": 2_147_483_648,
    "leap day": 1_835_395_200,
    "summer time": 1_806_195_599,
    "year 2106": 4_294_967_296,
}


async def check_no_5xx(party: RelyingParty, tokens: dict[str, str]) -> list[int]:
    """What is asked with old tokens is answered, one way or the other."""
    answers = [
        await party.userinfo(tokens["access_token"]),
        await party.refresh(tokens["refresh_token"]),
        await party.revoke(tokens["refresh_token"]),
        await party.token(grant_type="client_credentials"),
    ]
    async with party.world.http() as http:
        answers += [await http.get(ENTERPRISE.endpoint("jwks"))]
    statuses = [answer.status_code for answer in answers]
    assert max(statuses) < 500
    return statuses


@pytest.mark.parametrize("jump", [HOUR, DAY, 10 * YEAR], ids=["an hour", "a day", "ten years"])
async def test_st_17_forward_tokens_expire_and_on_return_the_state_is_sane(
    world: World, jump: int
) -> None:
    party = RelyingParty(world)
    tokens = await party.tokens(scope=OFFLINE)
    world.clock.time += jump
    statuses = await check_no_5xx(party, tokens)
    assert statuses[0] == 401, "the access token has expired"
    assert statuses[1] == (400 if jump > 400 * DAY else 200)
    there = await party.tokens(scope=OFFLINE)
    assert (await party.userinfo(there["access_token"])).status_code == 200
    world.clock.time -= jump
    back = await party.tokens(scope=OFFLINE)
    assert (await party.userinfo(back["access_token"])).status_code == 200
    assert (await party.refresh(back["refresh_token"])).status_code == 200
    # What was given out in that time is not from here, and does no harm.
    assert (await party.userinfo(there["access_token"])).status_code in {200, 401}


@pytest.mark.parametrize("jump", [HOUR, DAY], ids=["an hour", "a day"])
async def test_st_18_backward_nothing_that_was_used_or_revoked_lives_again(
    world: World, jump: int
) -> None:
    world.clock.time += DAY
    party = RelyingParty(world)
    flow, response = await party.authorize(party.person(), scope=OFFLINE)
    tokens = (await party.redeem(flow, response["code"])).json()
    revoked = await party.tokens(scope=OFFLINE)
    assert (await party.revoke(revoked["access_token"])).status_code == 200
    assert (await party.revoke(revoked["refresh_token"])).status_code == 200
    world.clock.time -= jump
    assert (await party.userinfo(revoked["access_token"])).status_code == 401
    assert (await party.refresh(revoked["refresh_token"])).status_code == 400
    assert (await party.redeem(flow, response["code"])).status_code == 400
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    fresh = await party.tokens(scope=OFFLINE)
    for name in ("access_token", "id_token"):
        claims = payload(fresh[name])
        assert int(str(claims["iat"])) <= world.clock.time < int(str(claims["exp"]))
    assert (await party.userinfo(fresh["access_token"])).status_code == 200


async def test_st_18_backward_a_spent_assertion_and_proof_stay_spent(world: World) -> None:
    party = await FapiParty(world, ENTERPRISE).register()
    flow, code = await party.authorize()
    assertion, proof = party.assertion(), party.proof("token")
    assert (await party.redeem(flow, code, proof, **assertion)).status_code == 200
    again, code = await party.authorize()
    world.clock.time -= 5
    assert (await party.redeem(again, code, None, **assertion)).status_code == 401
    answer = await party.redeem(again, code, proof)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    assert (await party.redeem(again, code)).status_code == 200


@pytest.fixture(params=["Pacific/Kiritimati", "America/St_Johns", "UTC"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("instant", INSTANTS.values(), ids=INSTANTS)
async def test_st_19_the_day_and_the_zone_make_no_difference(world: World, instant: int) -> None:
    world.clock.time = instant
    party = RelyingParty(world)
    tokens = await party.tokens(scope=OFFLINE)
    claims = payload(tokens["access_token"])
    assert (claims["iat"], claims["exp"]) == (instant, instant + 600)
    world.clock.time += 599
    assert (await party.userinfo(tokens["access_token"])).status_code == 200
    world.clock.time += 1
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert (await party.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("apart", [30, -30], ids=["ahead", "behind"])
async def test_st_20_processes_thirty_seconds_apart_work_as_one(world: World, apart: int) -> None:
    clock = MovableClock()
    clock.time = START + apart
    other_world = world_over(world.path, clock)
    here = await FapiParty(world, ENTERPRISE).register()
    there = FapiParty(other_world, ENTERPRISE)
    flow, code = await here.authorize()
    answer = await there.redeem(flow, code)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    for party in (here, there):
        rp = replace(party.rp, key=party.dpop_key)
        assert (await rp.userinfo(tokens["access_token"])).status_code == 200
    await other_world.ostiary.close()
