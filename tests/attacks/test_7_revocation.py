"""Catalogue section 7: revocation."""

import asyncio
import json

import httpx2
import pytest

from ostiary.storage.database import StoreUnavailable
from ostiary.storage.sqlite import SqliteDatabase
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, is_challenge, is_json
from tests.attacks.wire import encode, path_of, post, send
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, SECRET, World, world_over

REVOCATION = path_of(ENTERPRISE, "token/revocation")
OFFLINE = "openid profile offline_access"
KINDS = ("access_token", "refresh_token")


def is_done(answer: httpx2.Response) -> None:
    check_answer(answer)
    assert answer.status_code == 200
    assert answer.content == b""
    assert "no-store" in answer.headers["cache-control"]


async def is_alive(rp: RelyingParty, tokens: dict[str, str]) -> None:
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


async def is_dead(rp: RelyingParty, tokens: dict[str, str]) -> None:
    is_challenge(await rp.userinfo(tokens["access_token"]), 401, "invalid_token")
    is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")


@pytest.mark.parametrize(
    ("credentials", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"client_id": "web"}, 401, "invalid_client"),
        ({"client_id": "web", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "spa", "client_secret": "x"}, 401, "invalid_client"),
        ({"client_secret": SECRET}, 401, "invalid_client"),
    ],
)
async def test_rv_01_without_client_authentication(
    world: World, credentials: dict[str, str | None], status: int, error: str
) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    async with unharmed(world):
        for kind in KINDS:
            body = encode({**credentials, "token": tokens[kind]})
            is_json(await post(world, REVOCATION, body), status, error)
    await is_alive(rp, tokens)


@pytest.mark.parametrize(
    "token", ["x", "x.y.z", "or_", "or_" + "A" * 56, "é", " ", "0", "null", "or_é", "x" * 30_000]
)
async def test_rv_02_garbage(world: World, token: str) -> None:
    async with unharmed(world):
        is_done(await RelyingParty(world).revoke(token))


async def test_rv_02_a_megabyte(world: World) -> None:
    async with unharmed(world):
        answer = await RelyingParty(world).revoke("x" * 1_000_000)
        is_json(answer, 413, "invalid_request")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("thief", ["other", "harbor", "service"])
async def test_rv_03_the_token_of_another_client(world: World, kind: str, thief: str) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    async with unharmed(world):
        answer = await RelyingParty(world, client_id=thief).revoke(tokens[kind])
        is_json(answer, 400, "unauthorized_client")
    await is_alive(rp, tokens)


@pytest.mark.parametrize("kind", KINDS)
async def test_rv_03_a_public_client_and_the_token_of_another(world: World, kind: str) -> None:
    """Everybody may call themselves by the name of a public client."""
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    async with unharmed(world):
        answer = await RelyingParty(world, client_id="spa", secret=None).revoke(tokens[kind])
        is_json(answer, 400, "unauthorized_client")
    await is_alive(rp, tokens)


@pytest.mark.parametrize("kind", KINDS)
async def test_rv_03_the_same_client_at_another_issuer(world: World, kind: str) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    async with unharmed(world, issuer=CONSUMER):
        is_done(await RelyingParty(world, issuer=CONSUMER).revoke(tokens[kind]))
    await is_alive(rp, tokens)


async def test_rv_04_a_refresh_token_takes_its_access_tokens_along(world: World) -> None:
    rp = RelyingParty(world)
    first = await rp.tokens(scope=OFFLINE)
    second = (await rp.refresh(first["refresh_token"])).json()
    is_done(await rp.revoke(second["refresh_token"]))
    await is_dead(rp, first)
    await is_dead(rp, second)


@pytest.mark.parametrize("generation", [0, 1, 2])
async def test_rv_04_a_refresh_token_of_any_generation(world: World, generation: int) -> None:
    rp = RelyingParty(world)
    tokens = [await rp.tokens(scope=OFFLINE)]
    for _ in range(2):
        tokens.append((await rp.refresh(tokens[-1]["refresh_token"])).json())
    is_done(await rp.revoke(tokens[generation]["refresh_token"]))
    await is_dead(rp, tokens[-1])


async def test_rv_05_an_access_token_ends_alone(world: World) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    is_done(await rp.revoke(tokens["access_token"]))
    is_challenge(await rp.userinfo(tokens["access_token"]), 401, "invalid_token")
    # Documented: the refresh token lives on.
    refreshed = await rp.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert (await rp.userinfo(refreshed.json()["access_token"])).status_code == 200


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "id_token", "x", "x" * 10_000])
@pytest.mark.parametrize("kind", KINDS)
async def test_rv_06_a_wrong_hint(world: World, kind: str, hint: str) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    is_done(await rp.revoke(tokens[kind], token_type_hint=hint))
    is_challenge(await rp.userinfo(tokens["access_token"]), 401, "invalid_token")


@pytest.mark.parametrize("kind", KINDS)
async def test_rv_07_the_store_fails(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)

    async def fail(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteDatabase, "change", fail)
        answer = await rp.revoke(tokens[kind])
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    await is_alive(rp, tokens)


@pytest.mark.parametrize("kind", KINDS)
async def test_rv_08_dead_after_a_restart(world: World, kind: str) -> None:
    """Here another process over the same file; kill -9 in the tests of races."""
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    is_done(await rp.revoke(tokens[kind]))
    again = world_over(world.path, world.clock)
    try:
        answer = await RelyingParty(again).userinfo(tokens["access_token"])
        is_challenge(answer, 401, "invalid_token")
    finally:
        await again.ostiary.close()


async def test_rv_09_a_refresh_at_the_same_moment(world: World) -> None:
    rp = RelyingParty(world)
    for _ in range(10):
        tokens = await rp.tokens(scope=OFFLINE)
        refreshed, revoked = await asyncio.gather(
            rp.refresh(tokens["refresh_token"]), rp.revoke(tokens["refresh_token"])
        )
        is_done(revoked)
        await is_dead(rp, tokens)
        if refreshed.status_code == 200:
            await is_dead(rp, refreshed.json())


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_rv_10_other_methods(world: World, method: str) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    query = encode({"client_id": "web", "client_secret": SECRET, "token": tokens["refresh_token"]})
    async with unharmed(world):
        answer = await send(world, method, REVOCATION, query + b"&callback=x")
        check_answer(answer)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert "callback" not in answer.text
    await is_alive(rp, tokens)


async def test_rv_10_a_callback_parameter_is_ignored(world: World) -> None:
    rp = RelyingParty(world)
    tokens = await rp.tokens(scope=OFFLINE)
    answer = await rp.revoke(tokens["refresh_token"], callback="alert")
    is_done(answer)
    wrong = await rp.ask("token/revocation", callback="alert")
    is_json(wrong, 400, "invalid_request")
    assert json.loads(wrong.content)
    assert "alert" not in wrong.text
