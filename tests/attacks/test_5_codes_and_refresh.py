"""Catalogue section 5: codes and refresh tokens."""

import asyncio
import re
from pathlib import Path

import pytest

from ostiary.domain.client import RefreshTokens
from ostiary.domain.issuer import DAY, HOUR
from ostiary.storage.authorizations import Authorizations
from ostiary.storage.database import Step
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import is_json
from tests.attacks.operating import (
    change_client,
    change_password,
    disable,
    remove_memberships,
    remove_user,
)
from tests.kit.outside import contents
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty, payload
from tests.kit.world import CONSUMER, ENTERPRISE, World, a_client, world_over

pytestmark = pytest.mark.both_engines

OFFLINE = "openid profile offline_access"


def other_party(world: World) -> RelyingParty:
    return RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")


async def a_code(world: World, scope: str = "openid profile") -> tuple[RelyingParty, Flow, str]:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), scope=scope)
    return rp, flow, answer["code"]


async def is_dead(rp: RelyingParty, tokens: dict[str, str]) -> None:
    """Neither the access token nor the refresh token is worth anything."""
    assert (await rp.userinfo(tokens["access_token"])).status_code == 401
    if "refresh_token" in tokens:
        is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")


async def revocations(world: World) -> list[str | None]:
    events = await world.store.audit.latest("enterprise", 1000)
    return [event.reason for event in events if event.type == "authorization.revoked"]


@pytest.mark.parametrize("seconds", [0, 1, 30, 61, 599])
async def test_ac_01_a_code_used_twice(world: World, seconds: int) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    tokens = (await rp.redeem(flow, code)).json()
    assert (await rp.userinfo(tokens["access_token"])).status_code == 200
    world.clock.time += seconds
    async with unharmed(world, "authorizations"):
        is_json(await rp.redeem(flow, code), 400, "invalid_grant")
    await is_dead(rp, tokens)
    assert await revocations(world) == ["code_reused"]


async def test_ac_01_also_with_a_wrong_verifier_or_address(world: World) -> None:
    for changes in (
        {"code_verifier": "x" * 43},
        {"redirect_uri": "https://x/"},
        {"code_verifier": None},
    ):
        rp, flow, code = await a_code(world, OFFLINE)
        tokens = (await rp.redeem(flow, code)).json()
        is_json(await rp.redeem(flow, code, **changes), 400, "invalid_grant")
        await is_dead(rp, tokens)


async def test_ac_01_only_this_authorization_ends(world: World) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    others = await rp.tokens(scope=OFFLINE)
    await rp.redeem(flow, code)
    await rp.redeem(flow, code)
    assert (await rp.userinfo(others["access_token"])).status_code == 200
    assert (await rp.refresh(others["refresh_token"])).status_code == 200


async def test_ac_02_fifty_at_once(world: World) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    answers = await asyncio.gather(*(rp.redeem(flow, code) for _ in range(50)))
    granted = [answer for answer in answers if answer.status_code == 200]
    assert len(granted) == 1
    for answer in answers:
        if answer.status_code != 200:
            is_json(answer, 400, "invalid_grant")
    await is_dead(rp, granted[0].json())


def further_world(world: World) -> World:
    """Another process on the same database, as far as the store can tell."""
    return world_over(world.source, world.clock)


async def test_ac_03_fifty_at_once_over_four_stores(world: World) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    others = [further_world(world) for _ in range(3)]
    parties = [rp, *(RelyingParty(other) for other in others)]
    answers = await asyncio.gather(*(parties[turn % 4].redeem(flow, code) for turn in range(48)))
    granted = [answer for answer in answers if answer.status_code == 200]
    assert len(granted) == 1
    await is_dead(rp, granted[0].json())
    for other in others:
        await other.ostiary.close()


async def test_ac_04_the_code_of_another_client(world: World) -> None:
    rp, flow, code = await a_code(world)
    other = other_party(world)
    public = RelyingParty(world, client_id="spa", secret=None)
    async with unharmed(world):
        for thief in (other, public):
            is_json(await thief.redeem(flow, code), 400, "invalid_grant")
            is_json(await thief.redeem(flow, code, code_verifier="x" * 43), 400, "invalid_grant")
    assert (await rp.redeem(flow, code)).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "https://rp.example/cb/",
        "https://rp.example/cb?x=1",
        "https://RP.example/cb",
        "https://evil.test/cb",
    ],
)
async def test_ac_05_another_redirect_uri(world: World, redirect_uri: str | None) -> None:
    rp, flow, code = await a_code(world)
    async with unharmed(world):
        is_json(await rp.redeem(flow, code, redirect_uri=redirect_uri), 400, "invalid_grant")
    assert (await rp.redeem(flow, code)).status_code == 200


@pytest.mark.parametrize(
    ("age", "status"), [(0, 200), (59, 200), (60, 200), (61, 400), (62, 400), (DAY, 400)]
)
async def test_ac_06_the_age_of_a_code(world: World, age: int, status: int) -> None:
    rp, flow, code = await a_code(world)
    world.clock.time += age
    assert (await rp.redeem(flow, code)).status_code == status


async def test_ac_07_a_code_has_one_spelling(world: World) -> None:
    rp, flow, code = await a_code(world)
    changed = [
        code[:-1] + ("A" if code[-1] != "A" else "B"),
        code[:5] + ("A" if code[5] != "A" else "B") + code[6:],
        code.swapcase(),
        code.upper(),
        " " + code,
        code + " ",
        code + "\n",
        code + "=",
        code[:-1],
        code + "A",
        code.removeprefix("oc_"),
        "or_" + code[3:],
        "oc_oc_" + code[3:],
        "oc_",
        code.replace("_", "-", 1),
        "x" * 50_000,
        "é" * 59,
        "oc_" + "A" * 56,
    ]
    async with unharmed(world):
        for text in changed:
            answer = await rp.redeem(flow, text)
            is_json(answer, 400, "invalid_grant")
            assert answer.json()["error_description"] == "the code is not valid"
    assert (await rp.redeem(flow, code)).status_code == 200


async def test_ac_07_a_code_that_is_guessed_asks_no_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp, flow, code = await a_code(world)
    await rp.redeem(flow, "x")

    async def find(*_: object) -> None:
        raise AssertionError("a look-up for a code that was never given")

    monkeypatch.setattr(Authorizations, "find_standing", find)
    is_json(
        await rp.redeem(flow, code[:-1] + ("A" if code[-1] != "A" else "B")), 400, "invalid_grant"
    )


@pytest.mark.parametrize("change", ["signed out", "disabled", "password", "left", "removed"])
async def test_ac_08_a_code_of_somebody_who_has_gone(world: World, change: str) -> None:
    rp = RelyingParty(world)
    person = rp.person()
    flow, answer = await rp.authorize(person)
    await end(world, change, person)
    is_json(await rp.redeem(flow, answer["code"]), 400, "invalid_grant")


async def end(world: World, change: str, person: Person) -> None:
    if change == "signed out":
        await person.open(ENTERPRISE.endpoint("logout"))
        await person.press("sign-out")
    elif change == "disabled":
        await disable(world)
    elif change == "password":
        world.clock.time += 1
        await change_password(world)
    elif change == "left":
        await remove_memberships(world, "enterprise-alice-id")
    else:
        await remove_user(world, "enterprise-alice-id")


async def test_ac_09_a_code_at_another_issuer(world: World) -> None:
    rp, flow, code = await a_code(world)
    foreign = RelyingParty(world, issuer=CONSUMER)
    async with unharmed(world, issuer=CONSUMER):
        is_json(await foreign.redeem(flow, code), 400, "invalid_grant")
    assert (await rp.redeem(flow, code)).status_code == 200


async def test_ac_10_failed_authentication_spends_nothing(world: World) -> None:
    rp, flow, code = await a_code(world)
    async with unharmed(world):
        is_json(await rp.redeem(flow, code, client_secret="wrong"), 401, "invalid_client")
        is_json(await rp.redeem(flow, code, client_secret=None), 401, "invalid_client")
        is_json(
            await rp.redeem(flow, code, client_id=None, client_secret=None), 400, "invalid_request"
        )
    assert (await rp.redeem(flow, code)).status_code == 200


async def test_ac_11_a_crash_between_the_change_and_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    redeem = Authorizations.redeem

    async def crash(*arguments: object, **named: object) -> bool:
        await redeem(*arguments, **named)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(Authorizations, "redeem", crash)
    with pytest.raises(KeyboardInterrupt):
        await rp.redeem(flow, code)
    monkeypatch.setattr(Authorizations, "redeem", redeem)
    is_json(await rp.redeem(flow, code), 400, "invalid_grant")
    assert (await rp.tokens(scope=OFFLINE))["refresh_token"]


async def test_ac_12_the_database_holds_nothing_that_can_be_presented(world: World) -> None:
    rp = RelyingParty(world)
    person = rp.person()
    flow, answer = await rp.authorize(person, scope=OFFLINE)
    tokens = (await rp.redeem(flow, answer["code"])).json()
    again = (await rp.refresh(tokens["refresh_token"])).json()
    cookies = [value for _, value in person.http.cookies.items()]
    assert len(cookies) == 2
    secrets = [
        answer["code"],
        flow.verifier,
        rp.secret or "",
        "correct horse battery staple",
        *cookies,
        *(
            members[name]
            for members in (tokens, again)
            for name in ("access_token", "refresh_token", "id_token")
        ),
    ]
    check_absent(world, secrets)


def everything_stored(world: World) -> bytes:
    """The file and its log, to the last byte; of PostgreSQL every row."""
    if isinstance(world.source, Path):
        files = world.path.parent.glob(world.path.name + "*")
        return b"".join(file.read_bytes() for file in files)
    values = [value for rows in contents(world.source).values() for row in rows for value in row]
    return b"\n".join(
        value if isinstance(value, bytes) else str(value).encode() for value in values
    )


def check_absent(world: World, secrets: list[str]) -> None:
    """Neither whole, nor its secret half, nor as bytes, in the database or its log."""
    from base64 import urlsafe_b64decode

    content = everything_stored(world)
    assert b"enterprise-alice-id" in content
    for secret in secrets:
        assert len(secret) > 8
        forms = [secret.encode(), secret[3:].encode(), secret[-24:].encode()]
        if handle := re.search(r"o[a-z]_([\w-]{56})$", secret):
            forms.append(urlsafe_b64decode(handle[1])[-20:])
        if secret.startswith("eyJ"):
            forms.append(secret.split(".")[2].encode())
        for form in forms:
            assert form not in content, secret


# ---- refresh tokens -----------------------------------------------------------------------------


async def offline(world: World, **client: int) -> tuple[RelyingParty, dict[str, str]]:
    if client:
        await change_client(world, "web", refresh_grace=client["refresh_grace"])
    rp = RelyingParty(world)
    return rp, await rp.tokens(scope=OFFLINE)


async def next_of(rp: RelyingParty, tokens: dict[str, str]) -> dict[str, str]:
    answer = await rp.refresh(tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    members: dict[str, str] = answer.json()
    return members


async def test_rt_01_a_rotated_token_used_again(world: World) -> None:
    rp, first = await offline(world)
    second = await next_of(rp, first)
    world.clock.time += 30
    async with unharmed(world, "authorizations"):
        is_json(await rp.refresh(first["refresh_token"]), 400, "invalid_grant")
    await is_dead(rp, second)
    assert (await rp.userinfo(first["access_token"])).status_code == 401
    assert await revocations(world) == ["refresh_token_reused"]


async def test_rt_02_fifty_at_once_without_grace(world: World) -> None:
    rp, first = await offline(world, refresh_grace=0)
    answers = await asyncio.gather(*(rp.refresh(first["refresh_token"]) for _ in range(50)))
    granted = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(granted) == 1
    # Which of the fifty the client itself has sent nobody knows, so nothing of it lives on.
    await is_dead(rp, granted[0])
    await is_dead(rp, first)
    assert await revocations(world) == ["refresh_token_reused"]


async def test_rt_02_fifty_at_once_with_grace_give_one_successor(world: World) -> None:
    rp, first = await offline(world)
    others = [further_world(world) for _ in range(3)]
    parties = [rp, *(RelyingParty(other) for other in others)]
    answers = await asyncio.gather(
        *(parties[turn % 4].refresh(first["refresh_token"]) for turn in range(48))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    for other in others:
        await other.ostiary.close()


async def test_rt_03_reuse_after_a_restart(world: World) -> None:
    rp, first = await offline(world)
    second = await next_of(rp, first)
    world.clock.time += 31
    restarted = further_world(world)
    again = RelyingParty(restarted)
    is_json(await again.refresh(first["refresh_token"]), 400, "invalid_grant")
    await is_dead(again, second)
    await restarted.ostiary.close()


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (29, 200), (30, 400)])
async def test_rt_04_the_predecessor_inside_and_outside_the_grace(
    world: World, seconds: int, status: int
) -> None:
    rp, first = await offline(world)
    await next_of(rp, first)
    world.clock.time += seconds
    assert (await rp.refresh(first["refresh_token"])).status_code == status


async def test_rt_04_the_grand_predecessor_inside_the_grace(world: World) -> None:
    rp, first = await offline(world)
    third = await next_of(rp, await next_of(rp, first))
    is_json(await rp.refresh(first["refresh_token"]), 400, "invalid_grant")
    await is_dead(rp, third)


async def test_rt_04_grace_does_not_begin_anew(world: World) -> None:
    rp, first = await offline(world)
    await next_of(rp, first)
    for _ in range(2):
        world.clock.time += 10
        await next_of(rp, first)
    world.clock.time += 10
    is_json(await rp.refresh(first["refresh_token"]), 400, "invalid_grant")


async def test_rt_05_the_same_refresh_again_gives_the_successor(world: World) -> None:
    rp, first = await offline(world)
    second = await next_of(rp, first)
    again = await next_of(rp, first)
    assert again["refresh_token"] == second["refresh_token"] != first["refresh_token"]
    assert again["scope"] == second["scope"]
    assert (await next_of(rp, again))["refresh_token"] not in (
        first["refresh_token"],
        second["refresh_token"],
    )


async def test_rt_06_the_descendant_has_been_revoked(world: World) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    first = (await rp.redeem(flow, code)).json()
    await next_of(rp, first)
    await rp.redeem(flow, code)
    async with unharmed(world):
        is_json(await rp.refresh(first["refresh_token"]), 400, "invalid_grant")


async def test_rt_07_the_token_of_another_client(world: World) -> None:
    rp, first = await offline(world)
    async with unharmed(world):
        for thief in (
            other_party(world),
            RelyingParty(world, client_id="spa", secret=None),
        ):
            is_json(await thief.refresh(first["refresh_token"]), 400, "invalid_grant")
    await next_of(rp, first)


async def test_rt_07_the_token_of_another_issuer(world: World) -> None:
    rp, first = await offline(world)
    async with unharmed(world, issuer=CONSUMER):
        foreign = RelyingParty(world, issuer=CONSUMER)
        is_json(await foreign.refresh(first["refresh_token"]), 400, "invalid_grant")
    await next_of(rp, first)


async def test_rt_08_without_authentication(world: World) -> None:
    rp, first = await offline(world)
    async with unharmed(world):
        token = first["refresh_token"]
        is_json(await rp.refresh(token, client_secret=None), 401, "invalid_client")
        is_json(await rp.refresh(token, client_secret="x"), 401, "invalid_client")
        none = await rp.refresh(token, client_id=None, client_secret=None)
        is_json(none, 400, "invalid_request")
    await next_of(rp, first)


@pytest.mark.parametrize(
    "scope", ["openid email", "email", "openid profile offline_access phone", 'openid "', "x"]
)
async def test_rt_09_more_scope_than_granted(world: World, scope: str) -> None:
    rp, first = await offline(world)
    async with unharmed(world):
        is_json(await rp.refresh(first["refresh_token"], scope=scope), 400, "invalid_scope")
    await next_of(rp, first)


async def test_rt_10_less_scope_for_once(world: World) -> None:
    rp, first = await offline(world)
    narrow = (await rp.refresh(first["refresh_token"], scope="openid")).json()
    assert narrow["scope"] == "openid"
    told = (await rp.userinfo(narrow["access_token"])).json()
    assert "name" not in told
    full = await next_of(rp, narrow)
    assert full["scope"] == "openid offline_access profile"


async def test_rt_10_less_scope_also_in_the_id_token(world: World) -> None:
    rp, first = await offline(world)
    narrow = (await rp.refresh(first["refresh_token"], scope="openid")).json()
    assert "name" not in payload(narrow["id_token"])


async def test_rt_12_no_authorization_lives_for_ever(world: World) -> None:
    rp, tokens = await offline(world)
    for _ in range(14):
        world.clock.time += 26 * DAY
        tokens = await next_of(rp, tokens)
    world.clock.time += 2 * DAY
    is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")


async def test_rt_12_a_token_that_is_not_used_dies(world: World) -> None:
    rp, tokens = await offline(world)
    world.clock.time += 30 * DAY
    is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")


@pytest.mark.parametrize("change", ["disabled", "password", "left", "removed"])
async def test_rt_13_the_person_has_gone(world: World, change: str) -> None:
    rp, tokens = await offline(world)
    await end(world, change, rp.person())
    async with unharmed(world):
        is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        assert (await rp.userinfo(tokens["access_token"])).status_code == 401


async def always(world: World) -> tuple[RelyingParty, Person, dict[str, str]]:
    """A refresh token that was not given to outlive the session."""
    client = await world.add_client(
        a_client("always", ENTERPRISE, refresh_tokens=RefreshTokens.ALWAYS)
    )
    rp = RelyingParty.of(world, client)
    person = rp.person()
    flow, answer = await rp.authorize(person, scope="openid")
    return rp, person, (await rp.redeem(flow, answer["code"])).json()


async def test_rt_13_the_session_has_been_ended(world: World) -> None:
    rp, person, tokens = await always(world)
    await end(world, "signed out", person)
    await is_dead(rp, tokens)


async def test_rt_13_the_session_has_expired(world: World) -> None:
    rp, _, tokens = await always(world)
    world.clock.time += 25 * HOUR
    is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")


async def test_rt_13_offline_access_outlives_the_session(world: World) -> None:
    rp = RelyingParty(world)
    person = rp.person()
    flow, answer = await rp.authorize(person, scope=OFFLINE)
    tokens = (await rp.redeem(flow, answer["code"])).json()
    await end(world, "signed out", person)
    await next_of(rp, tokens)


async def test_rt_14_what_is_no_refresh_token(world: World) -> None:
    rp, flow, code = await a_code(world, OFFLINE)
    fresh_flow, fresh = await rp.authorize(rp.person(), scope=OFFLINE)
    tokens = (await rp.redeem(flow, code)).json()
    token = tokens["refresh_token"]
    wrong = [
        fresh["code"],
        tokens["access_token"],
        tokens["id_token"],
        "or_" + fresh["code"][3:],
        "or_" + code[3:],  # of the same authorization, and redeemed
        "oc_" + token[3:],
        token.swapcase(),
        token[:-1],
        token + "A",
        "or_" + "A" * 56,
        "é",
    ]
    async with unharmed(world):
        for text in wrong:
            is_json(await rp.refresh(text), 400, "invalid_grant")
        is_json(await rp.redeem(fresh_flow, token), 400, "invalid_grant")
    await next_of(rp, tokens)
    assert (await rp.redeem(fresh_flow, fresh["code"])).status_code == 200


async def test_rt_14_the_refresh_token_of_a_code_that_was_not_redeemed(world: World) -> None:
    """A code and the refresh token it may bring share an id; only redemption makes the latter."""
    from ostiary.domain.handles import Handle, Purpose

    rp, _, code = await a_code(world, OFFLINE)
    from ostiary.signing.handle_keys import open_handle_keys
    from tests.kit.world import MASTER_KEY

    sealed = await world.store.keys.handle_keys("enterprise")
    handles = open_handle_keys("enterprise", sealed, MASTER_KEY, world.clock.time)
    opened = handles.open(code, Purpose.CODE, "web")
    assert opened is not None
    for generation in (0, 1, 2**32 - 1):
        token = handles.seal(
            Handle(id=opened.id, generation=generation), Purpose.REFRESH_TOKEN, "web"
        )
        is_json(await rp.refresh(token), 400, "invalid_grant")


async def test_rt_15_the_id_token_after_a_refresh(world: World) -> None:
    rp, first = await offline(world)
    world.clock.time += 100
    second = await next_of(rp, first)
    before, after = payload(first["id_token"]), payload(second["id_token"])
    for name in ("sub", "iss", "aud", "auth_time", "acr", "amr", "sid"):
        assert before[name] == after[name]
    assert after.get("nonce") in (None, before["nonce"])  # Core §12.2: none, or the same
    assert after["iat"] == world.clock.time


async def test_rt_16_a_lost_answer(world: World) -> None:
    rp, first = await offline(world)
    await rp.refresh(first["refresh_token"])  # the answer is lost
    world.clock.time += 5
    again = await next_of(rp, first)
    world.clock.time += HOUR
    await next_of(rp, again)


async def test_rt_17_refreshing_while_signing_out(world: World) -> None:
    rp, person, tokens = await always(world)
    await person.open(ENTERPRISE.endpoint("logout"))
    leaving = asyncio.ensure_future(person.press("sign-out"))
    answers = await asyncio.gather(*(rp.refresh(tokens["refresh_token"]) for _ in range(20)))
    await leaving
    for answer in answers:
        if answer.status_code == 200:
            await is_dead(rp, answer.json())
    await is_dead(rp, tokens)


async def test_rt_18_a_family_of_a_hundred_thousand_generations(world: World) -> None:
    rp, tokens = await offline(world)
    await world.store.database.change(
        Step(
            "/* all issuers */ UPDATE authorizations SET generation = 100000, rotated_at = 1 RETURNING generation",
            {},
        )
    )
    async with unharmed(world, "authorizations"):
        is_json(await rp.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    assert await revocations(world) == ["refresh_token_reused"]


async def test_a_bad_parameter_does_not_end_the_writer(world: World) -> None:
    bad = Step("SELECT :text", {"text": "\ud800"})
    with pytest.raises(Exception):  # noqa: B017
        await asyncio.wait_for(world.store.database.change(bad), 1)
    good = Step("UPDATE issuers SET version = version + 1 RETURNING version", {})
    assert await asyncio.wait_for(world.store.database.change(good), 1)
