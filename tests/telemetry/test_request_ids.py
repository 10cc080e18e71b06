"""The name of a request: in its answer, on its page, and in every line of the log about it."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from ostiary.app import Front, compose
from ostiary.web.forwarded import TrustedProxies
from tests.attacks.test_14_logs import Log, events, log_as
from tests.attacks.wire import ask, path_of, send
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, MASTER_KEY, World

OF_THE_PROXY = [("x-request-id", "of-the-proxy.1")]


@pytest.fixture
def json_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    yield from log_as("json", monkeypatch)


async def test_every_answer_has_a_name_of_its_own(world: World) -> None:
    names = [
        (await send(world, "GET", path)).headers["x-request-id"]
        for path in (path_of(ENTERPRISE, "jwks"), "/none", "/static/ostiary.css", "/none") * 3
    ]
    assert len(set(names)) == 12
    assert all(len(name) >= 16 and name.isalnum() for name in names)


async def test_a_refusal_names_its_request_on_the_page_and_in_the_log(
    world: World, json_log: Log
) -> None:
    answer = await ask(world, RelyingParty(world, client_id="nobody").begin().sent)
    name = answer.headers["x-request-id"]
    assert name in answer.text
    (refused,) = events(json_log, "refused")
    assert refused["request_id"] == name


@pytest.mark.parametrize(("network", "believed"), [("203.0.113.9/32", True), ("10.0.0.0/8", False)])
async def test_a_name_is_taken_from_a_trusted_proxy_and_from_nobody_else(
    world: World, network: str, *, believed: bool
) -> None:
    ostiary = compose(
        world.store,
        MASTER_KEY,
        fetcher=world.elsewhere,
        clock_of=lambda _issuer: world.clock,
        front=Front(proxies=TrustedProxies(networks=(ip_network(network),))),
    )
    opened = replace(world, ostiary=ostiary)
    answer = await send(opened, "GET", path_of(ENTERPRISE, "jwks"), headers=OF_THE_PROXY)
    assert (answer.headers["x-request-id"] == "of-the-proxy.1") == believed
