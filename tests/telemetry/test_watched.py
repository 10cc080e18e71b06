"""What is read from the database when somebody asks for the metrics."""

from dataclasses import replace

import pytest

from ostiary.domain.client import ClientSecret
from ostiary.domain.signing_keys import ROTATION_PERIOD
from ostiary.management.keys import rotate_due
from ostiary.telemetry import watched
from ostiary.telemetry.instruments import Instruments
from ostiary.telemetry.watched import SECONDS_BETWEEN_LOOKS, Watched
from tests.kit.leaving import BACKCHANNEL, logout_url, signed_in_with_tokens
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, MASTER_KEY, START, World, a_client
from tests.telemetry.counted import counted

pytestmark = pytest.mark.both_engines


async def look(seen: Watched) -> dict[str, float]:
    total = Instruments()
    await seen.fill(total)
    return counted(total)


async def test_the_age_of_keys_is_that_of_the_oldest_in_each_state(world: World) -> None:
    seen = Watched(world.store, world.clock)
    age = "ostiary_signing_key_age_seconds{alg=ES256,state="
    assert (await look(seen))[f"{age}active}}"] == 86_400
    world.clock.time += ROTATION_PERIOD - 86_400
    await rotate_due(world.store, MASTER_KEY, ENTERPRISE, world.clock.time)
    world.clock.time += 60
    found = await look(seen)
    assert found[f"{age}active}}"] == ROTATION_PERIOD + 60
    assert found[f"{age}pending}}"] == 60


async def test_the_soonest_expiry_of_a_secret_is_found_wherever_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "PAGES", 1)
    monkeypatch.setattr(watched, "PAGE", 3)
    secret = ClientSecret(secret_id="2", sha256="0" * 64, created_at=START)
    for name, issuer, seconds in (
        ("past", ENTERPRISE, -5),
        ("aaa", CONSUMER, 900),
        ("zzz", ENTERPRISE, 500),
        ("unlimited", ENTERPRISE, None),
    ):
        expires_at = None if seconds is None else START + seconds
        expiring = replace(secret, expires_at=expires_at)
        await world.add_client(a_client(name, issuer, secrets=(expiring,)), issuer)
    seen = Watched(world.store, world.clock)
    looks = []
    for _ in range(12):
        looks.append((await look(seen)).get("ostiary_secret_expiry_seconds"))
        world.clock.time += SECONDS_BETWEEN_LOOKS
    assert looks[0] is None, "not before a whole round"
    passed = 11 * SECONDS_BETWEEN_LOOKS
    assert looks[-1] == 500 - passed


async def test_what_is_to_be_delivered_is_counted_with_its_age(world: World) -> None:
    client = await world.add_client(
        a_client("told", ENTERPRISE, backchannel_logout_uri=BACKCHANNEL)
    )
    rp = RelyingParty.of(world, client)
    person, tokens = await signed_in_with_tokens(rp)
    seen = Watched(world.store, world.clock)
    assert "ostiary_outbox_pending{kind=logout_notice}" not in await look(seen)
    await person.open(logout_url(rp, id_token_hint=tokens["id_token"]))
    world.clock.time += 120
    found = await look(seen)
    assert found["ostiary_outbox_pending{kind=logout_notice}"] == 1
    assert found["ostiary_outbox_oldest_seconds{kind=logout_notice}"] == 120


async def test_it_is_looked_at_every_few_seconds_and_not_more_often(world: World) -> None:
    seen = Watched(world.store, world.clock)
    age = "ostiary_signing_key_age_seconds{alg=ES256,state=active}"
    ages = []
    for seconds in (0, SECONDS_BETWEEN_LOOKS - 1, 1):
        world.clock.time += seconds
        ages.append((await look(seen))[age])
    assert ages == [86_400, 86_400, 86_400 + SECONDS_BETWEEN_LOOKS]


async def test_without_the_store_there_are_no_figures_instead_of_old_ones(world: World) -> None:
    seen = Watched(world.store, world.clock)
    assert any("signing_key_age" in name for name in await look(seen))
    world.store.close()
    world.clock.time += SECONDS_BETWEEN_LOOKS
    assert not any("signing_key_age" in name for name in await look(seen))
