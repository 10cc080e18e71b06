"""OIDC Core §8: subjects that all clients share, and subjects that each sector has of its own."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.client import SubjectType
from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import MovableClock, a_client, world_over
from tests.specs.wire import (
    access_token_claims,
    ask,
    asks_for,
    discovery,
    id_token_claims,
    returned,
    sent_back,
)

pytestmark = pytest.mark.spec("OIDC Core §8.1")


async def pairwise(rp: RelyingParty, client_id: str, host: str, **changes: Any) -> RelyingParty:
    """A client that sees identifiers of its own, at this host."""
    redirect_uri = f"https://{host}/cb"
    client = a_client(
        client_id,
        rp.issuer,
        subject_type=SubjectType.PAIRWISE,
        redirect_uris=(redirect_uri,),
        **changes,
    )
    await rp.world.add_client(client, rp.issuer)
    return replace(rp, client_id=client_id, redirect_uri=redirect_uri)


async def subject(rp: RelyingParty, username: str = "alice") -> str:
    """The same one in the ID token, in the access token and at userinfo."""
    tokens = await rp.tokens(username, scope="openid")
    found = {
        (await id_token_claims(rp, tokens))["sub"],
        (await access_token_claims(rp, tokens))["sub"],
        (await rp.userinfo(tokens["access_token"])).json()["sub"],
    }
    (one,) = found
    assert isinstance(one, str)
    return one


@pytest.mark.spec("OIDC Core §8")
async def test_both_types_are_announced(rp: RelyingParty) -> None:
    """subject_types_supported lists what a client can be registered for."""
    document = await discovery(rp.world, rp.issuer)
    assert document["subject_types_supported"] == ["public", "pairwise"]


@pytest.mark.spec("OIDC Core §8")
async def test_public_clients_share_one_subject(rp: RelyingParty) -> None:
    """public: the same sub for all clients."""
    other = replace(rp, client_id="other", redirect_uri="https://other.example/cb")
    assert await subject(rp) == await subject(other) == await rp.world.user_id("alice", rp.issuer)


@pytest.mark.spec("OIDC Core §8")
async def test_pairwise_clients_of_two_sectors_see_two_subjects(rp: RelyingParty) -> None:
    """pairwise: a different sub for each sector, so that clients cannot correlate people."""
    one = await pairwise(rp, "one", "one.example")
    other = await pairwise(rp, "two", "two.example")
    seen = {await subject(one), await subject(other), await subject(rp)}
    assert len(seen) == 3


@pytest.mark.spec("OIDC Core §8")
async def test_the_session_is_no_common_name_either(rp: RelyingParty) -> None:
    """Correlation without permission must not be possible: a shared sid would allow it at once."""
    person = rp.person()
    seen = []
    for party in (
        rp,
        await pairwise(rp, "one", "one.example"),
        await pairwise(rp, "two", "b.example"),
    ):
        flow, response = await party.authorize(person, scope="openid")
        tokens = (await party.redeem(flow, response["code"])).json()
        seen.append((await id_token_claims(party, tokens))["sid"])
    assert len(set(seen)) == 3


async def test_clients_of_one_host_see_one_subject(rp: RelyingParty) -> None:
    """The host of the redirect URI is the sector."""
    one = await pairwise(rp, "one", "one.example")
    other = await pairwise(rp, "two", "one.example")
    assert await subject(one) == await subject(other)


async def test_clients_of_one_registered_sector_see_one_subject(rp: RelyingParty) -> None:
    """A registered sector stands for several hosts."""
    one = await pairwise(rp, "one", "one.example", sector="example.com")
    other = await pairwise(rp, "two", "two.example", sector="example.com")
    alone = await pairwise(rp, "three", "three.example")
    assert await subject(one) == await subject(other) != await subject(alone)


async def test_two_people_have_two_subjects(rp: RelyingParty) -> None:
    """The identifier is unique within the sector."""
    rp = await pairwise(rp, "one", "one.example")
    assert await subject(rp, "alice") != await subject(rp, "bob")


async def test_subject_tells_nothing_and_is_of_a_good_length(rp: RelyingParty) -> None:
    """Nobody but the issuer can go from one to the other; sub has at most 255 ASCII characters."""
    rp = await pairwise(rp, "one", "one.example")
    found = await subject(rp)
    assert len(found) == 43
    assert found.isascii()
    assert "alice" not in found


async def test_subject_is_the_same_in_every_process_and_after_a_restart(rp: RelyingParty) -> None:
    """The identifier is never reassigned and does not change."""
    rp = await pairwise(rp, "one", "one.example")
    before = await subject(rp)
    clock = MovableClock()
    clock.time = rp.world.clock.time
    again = world_over(rp.world.path, clock)
    assert await subject(replace(rp, world=again)) == before
    await again.ostiary.close()


async def test_refreshed_tokens_have_the_same_subject(rp: RelyingParty) -> None:
    """A refreshed ID token has the sub of the first. OIDC Core §12.2"""
    rp = await pairwise(rp, "one", "one.example")
    tokens = await rp.tokens(scope="openid offline_access")
    first = (await id_token_claims(rp, tokens))["sub"]
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    assert (await id_token_claims(rp, refreshed))["sub"] == first


async def test_hint_of_a_pairwise_client_names_the_person(rp: RelyingParty) -> None:
    """An id_token_hint is understood by the identifier that its client was given."""
    rp = await pairwise(rp, "one", "one.example")
    hint = (await rp.tokens("alice", scope="openid"))["id_token"]
    alice = await rp.signed_in("alice", scope="openid")
    answer = await ask(rp, alice, scope="openid", id_token_hint=hint, prompt="none")
    assert "code" in returned(rp, answer)
    bob = await rp.signed_in("bob", scope="openid")
    answer = await ask(rp, bob, scope="openid", id_token_hint=hint, prompt="none")
    await sent_back(rp, answer, ReasonCode.LOGIN_REQUIRED)


async def test_wanted_subject_of_a_pairwise_client_names_the_person(rp: RelyingParty) -> None:
    """So is a sub that the claims parameter asks for; the identifier of all others is none."""
    rp = await pairwise(rp, "one", "one.example")
    person = await rp.signed_in("alice", scope="openid")
    for value, wanted in (
        (await subject(rp), True),
        (await rp.world.user_id("alice", rp.issuer), False),
    ):
        claims = f'{{"id_token":{{"sub":{{"value":"{value}"}}}}}}'
        answer = await ask(rp, person, scope="openid", claims=claims, prompt="none")
        assert ("code" in returned(rp, answer)) is wanted


async def test_no_address_tells_a_pairwise_client_who_the_person_is(rp: RelyingParty) -> None:
    """The address of a picture would name the person as every public client knows them."""
    public = await rp.userinfo((await rp.tokens(scope="openid profile"))["access_token"])
    user_id = await rp.world.user_id("alice", rp.issuer)
    assert user_id in public.json()["picture"]
    rp = await pairwise(rp, "one", "one.example")
    answer = await rp.userinfo((await rp.tokens(scope="openid profile"))["access_token"])
    assert "picture" not in answer.json()
    assert user_id not in answer.text


async def test_hint_of_a_pairwise_client_signs_out_its_own_session(rp: RelyingParty) -> None:
    """What the ID token says of person and session is understood at the logout endpoint."""
    rp = await pairwise(rp, "one", "one.example")
    person = rp.person()
    flow, response = await rp.authorize(person, scope="openid")
    hint = (await rp.redeem(flow, response["code"])).json()["id_token"]
    await person.open(f"{rp.issuer.endpoint('logout')}?id_token_hint={hint}")
    assert not asks_for(person, "sign-out")
    answer = await ask(rp, person, scope="openid", prompt="none")
    await sent_back(rp, answer, ReasonCode.LOGIN_REQUIRED)
