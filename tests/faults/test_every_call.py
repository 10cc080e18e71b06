"""The n-th call of the store fails, for every n. Catalogue ST-05, ST-06; reliability M7, S5.

A whole sign-in is gone through by people who try again when they are told to. Wherever the failure
falls, they are told to try again (503) or to begin anew, nothing succeeds twice, and what they end
with works.
"""

from itertools import count
from pathlib import Path

import pytest

from ostiary.storage.sqlite import SqliteDatabase
from tests.faults.faulty import Failing, FaultyDatabase
from tests.faults.persistent import Persistent, settle
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, MovableClock, a_client, copy_template, world_with

# The fewest calls that a sign-in can have; a wrapper that misses some would show here.
FEWEST = 15


async def faulty(template: Path, path: Path) -> tuple[RelyingParty, FaultyDatabase]:
    copy_template(template, path)
    database = FaultyDatabase(SqliteDatabase(path))
    world = world_with(database, MovableClock())
    client = await world.add_client(a_client("resource", ENTERPRISE, may_introspect=True))
    return RelyingParty.of(world, client), database


async def check_end(party: RelyingParty, tokens: dict[str, str]) -> None:
    """What the client ends with works, ends when it is given back, and the person can sign out."""
    assert (await party.userinfo(tokens["access_token"])).status_code == 200
    assert (await party.introspect(tokens["access_token"])).json()["active"] is True
    assert (await party.revoke(tokens["refresh_token"])).status_code == 200
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert (await party.refresh(tokens["refresh_token"])).status_code == 400


@pytest.mark.parametrize("failing", Failing, ids=lambda each: str(each.value))
async def test_st_05_st_06_whichever_call_fails_nothing_is_half_done_or_done_twice(
    template: Path, tmp_path: Path, failing: Failing
) -> None:
    told = 0
    for number in count(1):
        party, database = await faulty(template, tmp_path / f"{number}.db")
        database.fail_at(number, failing)
        person = Persistent(party)
        tokens = await person.sign_in()
        await settle(party)
        assert max(person.redeemed.values()) == 1
        untouched = database.failed is None
        database.fail_at(0, failing)
        await check_end(party, tokens)
        told += person.unavailable
        await party.world.ostiary.close()
        if untouched:
            break
    assert number > FEWEST
    assert told >= FEWEST // 2, "a failure that matters is told"


@pytest.mark.parametrize("failing", Failing, ids=lambda each: str(each.value))
@pytest.mark.parametrize("use", ["userinfo", "introspect", "revoke", "refresh"])
async def test_st_05_what_a_token_is_worth_is_never_answered_by_a_guess(
    template: Path, tmp_path: Path, use: str, failing: Failing
) -> None:
    """S5: where the store cannot say, the answer is 503: neither a yes nor "it is dead"."""
    party, database = await faulty(template, tmp_path / "one.db")
    tokens = await party.tokens(scope="openid profile offline_access")
    kind = "refresh_token" if use == "refresh" else "access_token"
    await settle(party)
    statuses = []
    for number in count(1):
        database.fail_at(number, failing)
        answer = await getattr(party, use)(tokens[kind])
        await settle(party)
        if database.failed is None:
            break
        statuses.append(answer.status_code)
        database.fail_at(0, failing)
        if use == "refresh" and answer.status_code == 503:
            # The client that lost an answer asks again, and has its tokens.
            again = await party.refresh(tokens["refresh_token"])
            assert again.status_code == 200, again.text
            tokens = again.json()
        elif use == "revoke":
            assert (await party.revoke(tokens[kind])).status_code == 200
            tokens = await party.tokens(scope="openid profile offline_access")
            await settle(party)
    assert 503 in statuses
    assert set(statuses) <= {200, 503}
    await party.world.ostiary.close()
