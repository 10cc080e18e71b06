"""Catalogue section 7: introspection."""

from dataclasses import replace

import httpx2
import pytest

from ostiary.domain.client import AuthMethod
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.sqlite import SqliteDatabase
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, is_json
from tests.attacks.operating import (
    add_issuer,
    change_password,
    disable,
    remove_memberships,
    remove_user,
)
from tests.attacks.signing import sign_as_issuer
from tests.attacks.wire import encode, path_of, post, send
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import CONSUMER, ENTERPRISE, HARBOR, SECRET, World, a_client

INTROSPECTION = path_of(ENTERPRISE, "token/introspection")
OFFLINE = "openid profile offline_access"


@pytest.fixture
async def api(world: World) -> RelyingParty:
    client = await world.add_client(a_client("api", ENTERPRISE, may_introspect=True))
    return RelyingParty.of(world, client)


def is_inactive(answer: httpx2.Response) -> None:
    check_answer(answer)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == b'{"active":false}'
    assert "no-store" in answer.headers["cache-control"]


async def is_active(api: RelyingParty, token: str) -> None:
    assert (await api.introspect(token)).json()["active"] is True


@pytest.mark.parametrize(
    ("credentials", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"client_id": "api"}, 401, "invalid_client"),
        ({"client_id": "api", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": SECRET}, 401, "invalid_client"),
        ({"client_id": "spa"}, 401, "invalid_client"),
        ({"client_id": "native"}, 401, "invalid_client"),
        ({"client_id": "web", "client_secret": SECRET}, 403, "unauthorized_client"),
    ],
)
async def test_in_01_callers_who_may_not(
    world: World, api: RelyingParty, credentials: dict[str, str | None], status: int, error: str
) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    async with unharmed(world):
        for asked in (token, "x"):
            answer = await post(world, INTROSPECTION, encode({**credentials, "token": asked}))
            is_json(answer, status, error)


async def test_in_01_a_public_client_that_was_let_through_by_mistake(world: World) -> None:
    """The flag alone opens nothing: who proves nothing is no caller."""
    client = a_client(
        "open", ENTERPRISE, auth_method=AuthMethod.NONE, secrets=(), may_introspect=True
    )
    rp = RelyingParty.of(world, await world.add_client(client))
    token = (await rp.tokens())["access_token"]
    async with unharmed(world):
        is_json(await rp.introspect(token), 401, "invalid_client")


async def test_in_01_the_callers_own_access_token_is_no_credential(
    world: World, api: RelyingParty
) -> None:
    token = (await api.token(grant_type="client_credentials")).json()["access_token"]
    headers = [("authorization", f"Bearer {token}")]
    async with unharmed(world):
        answer = await post(world, INTROSPECTION, encode({"token": token}), headers=headers)
        is_json(answer, 401, "invalid_client")


async def test_in_02_tokens_of_another_institution(world: World, api: RelyingParty) -> None:
    harbor = RelyingParty(world, client_id="harbor")
    tokens = await harbor.tokens("harry", scope=OFFLINE)
    own = (await harbor.token(grant_type="client_credentials")).json()
    async with unharmed(world):
        for token in (tokens["access_token"], tokens["refresh_token"], own["access_token"]):
            is_inactive(await api.introspect(token))


async def test_in_02_a_client_of_two_institutions_and_the_person_of_the_other(
    world: World, api: RelyingParty
) -> None:
    """What counts is whose person the token is about, not where its client is at home too."""
    client = a_client("both", ENTERPRISE, further_institution_ids=(HARBOR,))
    both = RelyingParty.of(world, await world.add_client(client))
    token = (await both.tokens("harry"))["access_token"]
    seen = await world.store.clients.find(ENTERPRISE.issuer_id, "api")
    assert seen is not None
    async with unharmed(world):
        is_inactive(await api.introspect(token))
    await world.replace_client(seen, replace(seen, further_institution_ids=(HARBOR,)))
    await is_active(api, token)


async def test_in_02_tokens_of_another_issuer(world: World, api: RelyingParty) -> None:
    other = await add_issuer(world, issuer_id="second", url="http://second.localhost:9400")
    tokens = await RelyingParty(world, issuer=other).tokens(scope=OFFLINE)
    consumers = await RelyingParty(world, issuer=CONSUMER).tokens(scope=OFFLINE)
    async with unharmed(world):
        for token in (*tokens.values(), *consumers.values()):
            is_inactive(await api.introspect(str(token)))


@pytest.mark.parametrize(
    "change", ["disabled", "left", "removed", "password", "revoked", "signed out", "expired"]
)
async def test_in_03_what_has_ended_is_not_active(
    world: World, api: RelyingParty, change: str
) -> None:
    rp = RelyingParty(world)
    person = rp.person()
    flow, response = await rp.authorize(person)
    token = (await rp.redeem(flow, response["code"])).json()["access_token"]
    await is_active(api, token)
    match change:
        case "disabled":
            await disable(world)
        case "left":
            await remove_memberships(world, "enterprise-alice-id")
        case "removed":
            await remove_user(world, "enterprise-alice-id")
        case "password":
            world.clock.time += 1
            await change_password(world)
        case "revoked":
            assert (await rp.revoke(token)).status_code == 200
        case "signed out":
            await person.open(ENTERPRISE.endpoint("logout"))
            await person.press("sign-out")
        case _:
            world.clock.time += 600
    async with unharmed(world):
        is_inactive(await api.introspect(token))


async def test_in_03_our_signature_but_not_for_us(world: World, api: RelyingParty) -> None:
    claims = payload((await RelyingParty(world).tokens())["access_token"])
    async with unharmed(world):
        for changes in (
            {"aud": "https://api.example.com"},
            {"iss": "https://evil.test"},
            {"exp": world.clock.time},
            {"exp": "never"},
            {"jti": "A" * 32},
            {"cnf": {"x5t#S256": "x"}},
        ):
            token = await sign_as_issuer(world, {**claims, **changes})  # type: ignore[dict-item]
            is_inactive(await api.introspect(token))
        untyped = await sign_as_issuer(world, claims, "JWT")  # type: ignore[arg-type]
        is_inactive(await api.introspect(untyped))


async def test_in_05_active_is_a_boolean(world: World, api: RelyingParty) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    assert b'"active":true' in (await api.introspect(token)).content
    assert b'"active":false' in (await api.introspect("x")).content


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_in_06_a_store_out_of_reach(
    world: World, api: RelyingParty, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = await api.tokens(scope=OFFLINE)
    assert (await api.introspect(tokens[kind])).json()["active"] is True

    async def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 3600.0)
    await api.introspect("x")
    monkeypatch.setattr(SqliteDatabase, "read_one", fail)
    answer = await api.introspect(tokens[kind])
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert b"active" not in answer.content


async def test_in_07_who_guesses_learns_nothing(world: World, api: RelyingParty) -> None:
    """A token that there is, elsewhere or no longer, looks like one that there never was."""
    theirs = await RelyingParty(world, client_id="harbor").tokens("harry", scope=OFFLINE)
    ended = await RelyingParty(world).tokens(scope=OFFLINE)
    for kind in ("access_token", "refresh_token"):
        await RelyingParty(world).revoke(ended[kind])
    guesses = [*theirs.values(), *ended.values(), "x", "or_" + "A" * 56, "a.b.c"]
    async with unharmed(world):
        answers = [await api.introspect(str(guess)) for guess in guesses]
    assert {answer.content for answer in answers} == {b'{"active":false}'}
    for each in answers:
        del each.headers["x-request-id"]  # of which each has its own
    assert len({(each.status_code, str(sorted(each.headers.items()))) for each in answers}) == 1


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "x", "", "a" * 10_000])
async def test_in_08_a_wrong_hint(world: World, api: RelyingParty, hint: str) -> None:
    tokens = await api.tokens(scope=OFFLINE)
    async with unharmed(world):
        for kind in ("access_token", "refresh_token"):
            answer = await api.introspect(tokens[kind], token_type_hint=hint)
            assert answer.json()["active"] is True


# ---- beyond the list ----------------------------------------------------------------------------


async def test_asking_about_a_reused_refresh_token_revokes_nothing(
    world: World, api: RelyingParty
) -> None:
    first = (await api.tokens(scope=OFFLINE))["refresh_token"]
    second = (await api.refresh(first)).json()["refresh_token"]
    third = (await api.refresh(second)).json()["refresh_token"]
    async with unharmed(world):
        is_inactive(await api.introspect(first))
    assert (await api.refresh(third)).status_code == 200


async def test_the_signed_answer_is_no_token(world: World, api: RelyingParty) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    body = encode({"client_id": "api", "client_secret": SECRET, "token": token})
    headers = [("accept", "application/token-introspection+jwt")]
    answer = await post(world, INTROSPECTION, body, headers=headers)
    assert payload(answer.text)["aud"] == "api"
    async with unharmed(world):
        is_inactive(await api.introspect(answer.text))
        assert (await RelyingParty(world).userinfo(answer.text)).status_code == 401


@pytest.mark.parametrize("origin", ["https://spa.example", "https://evil.test", "null"])
async def test_no_site_reads_it(world: World, api: RelyingParty, origin: str) -> None:
    body = encode({"client_id": "api", "client_secret": SECRET, "token": "x"})
    answer = await post(world, INTROSPECTION, body, headers=[("origin", origin)])
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_other_methods(world: World, method: str) -> None:
    async with unharmed(world):
        answer = await send(world, method, INTROSPECTION, b"token=x")
        check_answer(answer)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
