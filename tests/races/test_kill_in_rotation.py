"""kill -9 between any two statements of a key rotation. Catalogue ST-04; S6."""

import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.domain.signing_keys import KeyState, states
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.relying_party import RelyingParty, header
from tests.kit.world import ENTERPRISE, START, MovableClock, World, world_over

ROOT = Path(__file__).parents[2]
# Each key of the rotation has an insertion, a version and an event.
FEWEST = 3 * (len(Algorithm) + 1)


def run_killed(template: Path, folder: Path) -> int:
    run = subprocess.run(
        (sys.executable, "-m", "tests.races.killed_rotation", template, folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout.splitlines()[-1])


async def check_keys(world: World) -> int:
    """Each algorithm has one key that signs, and what is signed verifies; how many keys there are."""
    keys = await world.store.keys.signing_keys(ENTERPRISE.issuer_id)
    state = states(keys, START)
    active = [key.algorithm for key in keys if state[key.kid] is KeyState.ACTIVE]
    assert sorted(active) == sorted(Algorithm)
    party = RelyingParty(world)
    tokens = await party.tokens(scope="openid profile offline_access")
    async with world.http() as http:
        published = (await http.get(ENTERPRISE.endpoint("jwks"))).json()["keys"]
    kids = {key["kid"] for key in published}
    assert {header(tokens[name])["kid"] for name in ("access_token", "id_token")} <= kids
    assert (await party.userinfo(tokens["access_token"])).status_code == 200
    assert (await party.refresh(tokens["refresh_token"])).status_code == 200
    events = await world.store.audit.latest(ENTERPRISE.issuer_id, 1000)
    rotated = [each for each in events if each.actor == "operator" and each.type.startswith("key.")]
    handle_keys = await world.store.keys.handle_keys(ENTERPRISE.issuer_id)
    added = len(keys) + len(handle_keys) - len(Algorithm) - 1
    assert len(rotated) == added, "a key without its event, or an event without its key"
    return added


@pytest.mark.timeout(120)
async def test_st_04_a_kill_behind_any_statement_leaves_keys_that_sign_and_verify(
    template: Path, tmp_path: Path
) -> None:
    total = run_killed(template, tmp_path)
    assert total >= FEWEST
    added = []
    for last in range(1, total + 1):
        world = world_over(tmp_path / f"{last}.db", MovableClock())
        added.append(await check_keys(world))
        await world.ostiary.close()
    assert added == sorted(added)
    assert set(added) == set(range(len(Algorithm) + 2)), "each key came by itself"
