"""Catalogue section 14, RX-11, LL-06: what strangers can put into the metrics, and what stands there."""

import pytest

from ostiary.domain.observer import Observer
from ostiary.domain.refusals import ReasonCode
from ostiary.telemetry.exposition import expose
from ostiary.telemetry.instruments import MOST_SERIES, Instruments
from ostiary.telemetry.telemetry import Telemetry
from tests.attacks.test_14_logs import everything
from tests.attacks.wire import ask, encode, path_of, post, send
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, USERS, World, a_client
from tests.telemetry.counted import samples


def series(world: World) -> set[str]:
    return set(samples(expose(world.ostiary.telemetry.instruments)))


async def ask_as_nobody(world: World, number: int) -> None:
    """With everything made up that a request can be counted by."""
    name = f"made-up-{number}"
    await ask(world, RelyingParty(world, client_id=name).begin().sent)
    form = {"client_id": name, "client_secret": "x", "grant_type": name}
    await post(world, path_of(ENTERPRISE, "token"), encode(form))
    await send(world, "GET", f"/{name}")
    await send(world, "GET", f"{ENTERPRISE.base_path}/interaction/{name}")
    await send(world, f"MADE{number}", path_of(ENTERPRISE, "token"))
    await send(world, "GET", "/", host=f"{name}.example")


async def test_rx_11_what_requests_make_up_makes_no_series(world: World) -> None:
    for number in range(3):
        await ask_as_nobody(world, number)
    before = series(world)
    for number in range(3, 300):
        await ask_as_nobody(world, number)
    assert series(world) == before
    assert not [name for name in before if "made" in name.lower()]


def refuse_1e5_clients(observer: Observer) -> None:
    for number in range(100_000):
        client = a_client(f"client-{number}", ENTERPRISE) if number < 2 * MOST_SERIES else None
        observer.refused(ReasonCode.CODE_UNKNOWN, "token", client, "authorization_code")


@pytest.mark.parametrize(("by_client", "most"), [(False, 1), (True, MOST_SERIES + 1)])
def test_rx_11_1e5_clients_are_counted_in_a_bounded_number_of_series(
    *, by_client: bool, most: int
) -> None:
    telemetry = Telemetry(Instruments(), client_label=by_client)
    refuse_1e5_clients(telemetry)
    found = samples(expose(telemetry.instruments))
    requests = [value for name, value in found.items() if "token_requests" in name]
    assert (len(requests), sum(requests)) == (most, 100_000)


async def test_ll_06_metrics_name_no_person_and_carry_no_secret(world: World) -> None:
    secrets = await everything(world)
    exposed = expose(world.ostiary.telemetry.instruments).decode()
    assert exposed.count("ostiary_logins_total{") == 2
    people = [await world.user_id(name) for name in USERS]
    for value in (*secrets, *people, *USERS, "alice@example.com", "web", "127.0.0.1"):
        assert f'"{value}"' not in exposed
        assert len(value) < 16 or value not in exposed
