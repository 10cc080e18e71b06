"""OpenID Connect Back-Channel Logout 1.0."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jwt
import pytest

from ostiary.domain.audit import EventType
from ostiary.domain.client import Client, RefreshTokens, SubjectType
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.logout_notice import PAUSES, LogoutNotice, NoticeState
from ostiary.management.client_faults import client_faults
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.leaving import BACKCHANNEL, logout_url, signed_in_with_tokens, tell
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import GARDEN, World, a_client
from tests.specs.wire import discovery, published_keys

OFFLINE = "openid offline_access"


async def party(world: World, issuer: Issuer, name: str, **changes: object) -> RelyingParty:
    """A client that wants to be told, at an address of its own, and hears it."""
    uri = f"{BACKCHANNEL}/{name}"
    client = a_client(name, issuer, **{"backchannel_logout_uri": uri, **changes})
    await world.add_client(client, issuer)
    world.elsewhere.statuses[uri] = 200
    return RelyingParty.of(world, client, issuer)


@pytest.fixture
async def rp(world: World, issuer: Issuer) -> RelyingParty:
    return await party(world, issuer, "first")


async def leave(person: Person, rp: RelyingParty) -> None:
    await person.open(logout_url(rp))
    await person.press("sign-out")
    assert person.page.heading == "You have signed out"


async def notices(rp: RelyingParty) -> Sequence[LogoutNotice]:
    return await rp.world.store.logout_notices.list(rp.issuer.issuer_id, limit=10)


async def verified_logout_token(rp: RelyingParty, token: str) -> tuple[Mapping[str, Any], Any]:
    """As a relying party verifies it (§2.6), with PyJWT and the published keys."""
    header = jwt.get_unverified_header(token)
    keys = await published_keys(rp.world, rp.issuer)
    (key,) = [each for each in keys if each["kid"] == header["kid"]]
    claims = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=[key["alg"]],
        audience=rp.client_id,
        issuer=rp.issuer.url,
        options={"verify_exp": False, "verify_iat": False},
    )
    return header, claims


@pytest.mark.spec("Back-Channel Logout §2.1")
async def test_support_is_announced(rp: RelyingParty) -> None:
    """Both members, and the logout tokens do have a sid."""
    document = await discovery(rp.world, rp.issuer)
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True


@pytest.mark.spec("Back-Channel Logout §2.2")
@pytest.mark.parametrize(
    ("uri", "environment", "good"),
    [
        ("https://rp.example/logout?x=1", Environment.PRODUCTION, True),
        ("http://localhost:8080/logout", Environment.SANDBOX, True),
        ("http://localhost:8080/logout", Environment.PRODUCTION, False),
        ("http://rp.example/logout", Environment.SANDBOX, False),
        ("https://rp.example/logout#x", Environment.SANDBOX, False),
        ("https://user@rp.example/logout", Environment.SANDBOX, False),
        ("/logout", Environment.SANDBOX, False),
        ("com.example.app:/logout", Environment.SANDBOX, False),
    ],
)
def test_address_is_checked_when_it_is_registered(
    issuer: Issuer, uri: str, environment: Environment, good: bool
) -> None:
    """An absolute https URI without fragment; http for a developer's own machine alone."""
    client = a_client("x", issuer, backchannel_logout_uri=uri)
    faults = client_faults(client, replace(issuer, environment=environment), {GARDEN})
    assert {fault.field for fault in faults} == (set() if good else {"backchannel_logout_uri"})


@pytest.mark.spec("Back-Channel Logout §2.4", "Back-Channel Logout §2.6")
@pytest.mark.parametrize("algorithm", Algorithm)
async def test_logout_token_says_what_the_standard_asks(
    world: World, issuer: Issuer, algorithm: Algorithm
) -> None:
    """Type, issuer, subject, one audience, times, a new jti, the session and the event; no nonce.
    Signed as the client's ID tokens are."""
    rp = await party(world, issuer, "signed", id_token_algorithm=algorithm)
    person, tokens = await signed_in_with_tokens(rp)
    await leave(person, rp)
    ((_, token),) = await tell(world)
    header, claims = await verified_logout_token(rp, token)
    assert (header["typ"], header["alg"]) == ("logout+jwt", str(algorithm))
    of_id_token, now = payload(tokens["id_token"]), world.clock.time
    assert claims.pop("jti")
    assert claims == {
        "iss": issuer.url,
        "sub": of_id_token["sub"],
        "aud": rp.client_id,
        "iat": now,
        "exp": now + 120,
        "sid": of_id_token["sid"],
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }


@pytest.mark.spec("Back-Channel Logout §2.4")
async def test_subject_is_the_one_that_the_client_knows(world: World, issuer: Issuer) -> None:
    """Pairwise, if the client's ID tokens are."""
    rp = await party(world, issuer, "pairwise", subject_type=SubjectType.PAIRWISE)
    person, tokens = await signed_in_with_tokens(rp)
    await leave(person, rp)
    ((_, token),) = await tell(world)
    assert payload(token)["sub"] == payload(tokens["id_token"])["sub"]
    assert payload(token)["sub"] != await world.user_id("alice", issuer)


@pytest.mark.spec("Back-Channel Logout §2.3", "Back-Channel Logout §2.5")
async def test_everyone_of_the_session_is_told_and_nobody_else(
    rp: RelyingParty, issuer: Issuer, world: World
) -> None:
    """Each client once, however often the person came through it; only those with an address, and
    only of this session."""
    second = await party(world, issuer, "second")
    await party(world, issuer, "idle")
    quiet = RelyingParty(world, issuer)
    person, _ = await signed_in_with_tokens(rp)
    for each in (rp, second, second, quiet):
        await each.authorize(person)
    other, _ = await signed_in_with_tokens(rp, "bob")
    await leave(person, rp)
    told = await tell(world)
    assert {(url, payload(token)["aud"]) for url, token in told} == {
        (f"{BACKCHANNEL}/first", "first"),
        (f"{BACKCHANNEL}/second", "second"),
    }
    assert len(told) == 2
    assert await tell(world) == [], "once is enough"
    await leave(other, rp)
    ((_, token),) = await tell(world)
    assert payload(token)["sub"] == await world.user_id("bob", issuer)


@pytest.mark.spec("Back-Channel Logout §2.5")
async def test_page_names_the_apps_that_will_be_told(
    rp: RelyingParty, issuer: Issuer, world: World
) -> None:
    """What ends is said before it ends; a client without an address is not promised to end."""
    person, _ = await signed_in_with_tokens(rp)
    await RelyingParty(world, issuer).authorize(person)
    await person.open(logout_url(rp))
    assert "The first app" in person.page.text
    assert "The web app" not in person.page.text


@pytest.mark.spec("Back-Channel Logout §2.5")
async def test_session_that_another_person_takes_over_is_told_too(
    rp: RelyingParty, world: World
) -> None:
    """Whoever signs in as somebody else ends the session before, and its clients hear of it."""
    person, tokens = await signed_in_with_tokens(rp)
    flow = rp.begin(prompt="login")
    await person.open(flow.url)
    await person.sign_in("bob", "correct horse battery staple")
    ((_, token),) = await tell(world)
    assert payload(token)["sid"] == payload(tokens["id_token"])["sid"]


@pytest.mark.spec("Back-Channel Logout §2.7")
async def test_what_was_not_given_offline_ends_and_what_was_does_not(
    rp: RelyingParty, issuer: Issuer, world: World
) -> None:
    """Refresh tokens without offline_access are dead; those with it are not revoked."""
    always = await party(world, issuer, "always", refresh_tokens=RefreshTokens.ALWAYS)
    person, online = await signed_in_with_tokens(always)
    flow, response = await rp.authorize(person, scope=OFFLINE)
    offline = (await rp.redeem(flow, response["code"])).json()
    await leave(person, rp)
    assert (await always.refresh(online["refresh_token"])).status_code == 400
    assert (await rp.refresh(offline["refresh_token"])).status_code == 200
    assert len(await tell(world)) == 2


@pytest.mark.spec("Back-Channel Logout §2.8")
@pytest.mark.parametrize("status", [200, 204])
async def test_answer_of_success_ends_the_matter(rp: RelyingParty, status: int) -> None:
    """200; and 204, which some frameworks make of an empty answer."""
    rp.world.elsewhere.statuses[f"{BACKCHANNEL}/first"] = status
    person, _ = await signed_in_with_tokens(rp)
    await leave(person, rp)
    await tell(rp.world)
    (notice,) = await notices(rp)
    assert notice.state is NoticeState.DELIVERED
    assert (notice.attempts, notice.last_error) == (1, None)
    rp.world.clock.time += 10 * PAUSES[-1]
    assert await tell(rp.world) == []


@pytest.mark.spec("Back-Channel Logout §2.8")
@pytest.mark.parametrize("status", [202, 301, 303, 400, 401, 404, 500, 501, 503, None])
async def test_any_other_answer_is_tried_again_and_given_up_in_the_end(
    rp: RelyingParty, status: int | None
) -> None:
    """At growing intervals, with a new token each time; then it is an event for operators."""
    world, statuses = rp.world, rp.world.elsewhere.statuses
    del statuses[f"{BACKCHANNEL}/first"]
    if status is not None:
        statuses[f"{BACKCHANNEL}/first"] = status
    error = "no connection" if status is None else f"status {status}"
    person, _ = await signed_in_with_tokens(rp)
    await leave(person, rp)
    tokens: list[tuple[str, str]] = []
    for pause in PAUSES:
        tokens += await tell(world)
        (notice,) = await notices(rp)
        assert (notice.state, notice.last_error) == (NoticeState.WAITING, error)
        world.clock.time += pause - 1
        assert await tell(world) == []
        world.clock.time += 1
    tokens += await tell(world)
    (notice,) = await notices(rp)
    assert (notice.state, notice.last_error) == (NoticeState.FAILED, error)
    assert notice.attempts == len(tokens) == len(PAUSES) + 1
    assert len({payload(token)["jti"] for _, token in tokens}) == len(tokens)
    (event,) = await world.store.audit.latest(rp.issuer.issuer_id, limit=1)
    assert (event.type, event.client_id) == (EventType.LOGOUT_UNDELIVERED, rp.client_id)
    assert event.reason == error
    world.clock.time += 10 * PAUSES[-1]
    assert await tell(world) == []


@pytest.mark.spec("Back-Channel Logout §2.8")
async def test_later_success_leaves_no_error_behind(rp: RelyingParty) -> None:
    """A client that was restarted hears it when it is back."""
    statuses = rp.world.elsewhere.statuses
    statuses[f"{BACKCHANNEL}/first"] = 503
    person, _ = await signed_in_with_tokens(rp)
    await leave(person, rp)
    await tell(rp.world)
    statuses[f"{BACKCHANNEL}/first"] = 200
    rp.world.clock.time += PAUSES[0]
    await tell(rp.world)
    (notice,) = await notices(rp)
    assert (notice.state, notice.attempts, notice.last_error) == (NoticeState.DELIVERED, 2, None)


@pytest.mark.spec("Back-Channel Logout §2.2")
async def test_client_that_has_lost_its_address_is_given_up_like_any_other(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is registered now counts, not what was when the session began."""
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)
    person, _ = await signed_in_with_tokens(rp)
    await leave(person, rp)
    found = await rp.world.store.clients.find(rp.issuer.issuer_id, rp.client_id)
    assert isinstance(found, Client)
    await rp.world.replace_client(found, replace(found, backchannel_logout_uri=None), rp.issuer)
    assert await tell(rp.world) == []
    (notice,) = await notices(rp)
    assert notice.last_error == "the client has no backchannel_logout_uri any more"
