"""Catalogue section 1.3: PKCE."""

import secrets

import pytest

from ostiary.domain.client import Client
from ostiary.protocol.pkce import challenge_of
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import is_json, is_redirect
from tests.attacks.wire import ask, returned
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, World, a_client

GOOD = challenge_of("v" * 43)


def spa(world: World) -> RelyingParty:
    return RelyingParty(world, client_id="spa", redirect_uri="https://spa.example/cb", secret=None)


@pytest.mark.parametrize("challenge", [None, ""])
async def test_pk_01_a_public_client_without_a_challenge(
    world: World, challenge: str | None
) -> None:
    for rp in (spa(world), RelyingParty(world)):
        flow = rp.begin(code_challenge=challenge)
        async with unharmed(world):
            is_redirect(await ask(world, flow.sent), flow, "invalid_request")


async def test_pk_01_no_setting_frees_a_public_client(world: World) -> None:
    spa_client = await world.store.clients.find("enterprise", "spa")
    assert spa_client is not None
    free: Client = await world.add_client(
        a_client(
            "free",
            ENTERPRISE,
            auth_method=spa_client.auth_method,
            secrets=(),
            require_pkce=False,
        )
    )
    flow = RelyingParty.of(world, free).begin(code_challenge=None, code_challenge_method=None)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize("method", [None, "", "plain", "s256", "S256 ", "S512", "none"])
@pytest.mark.parametrize("client_id", ["web", "relaxed"])
async def test_pk_02_only_s256(world: World, method: str | None, client_id: str) -> None:
    flow = RelyingParty(world, client_id=client_id).begin(code_challenge_method=method)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize(
    "challenge",
    [
        GOOD[:42],
        GOOD + "A",
        GOOD + "=",
        GOOD[:42] + "=",
        GOOD[:41] + "+/",
        GOOD[:42] + " ",
        GOOD + "\n",
        "é" * 43,
        "A" * 50000,
    ],
)
async def test_pk_03_a_challenge_is_43_characters_of_base64url(
    world: World, challenge: str
) -> None:
    flow = RelyingParty(world).begin(code_challenge=challenge)
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "invalid_request")


@pytest.mark.parametrize("verifier", [None, ""])
async def test_pk_04_code_with_challenge_but_no_verifier(
    world: World, verifier: str | None
) -> None:
    rp = spa(world)
    flow, answer = await rp.authorize(rp.person())
    async with unharmed(world):
        is_json(await rp.redeem(flow, answer["code"], code_verifier=verifier), 400, "invalid_grant")
    assert (await rp.redeem(flow, answer["code"])).status_code == 200


async def test_pk_05_verifier_for_a_code_without_challenge(world: World) -> None:
    rp = RelyingParty(world, client_id="relaxed")
    flow, answer = await rp.authorize(rp.person(), code_challenge=None, code_challenge_method=None)
    async with unharmed(world):
        is_json(await rp.redeem(flow, answer["code"]), 400, "invalid_grant")
    assert (await rp.redeem(flow, answer["code"], code_verifier=None)).status_code == 200


async def test_pk_06_the_challenge_is_not_the_verifier(world: World) -> None:
    rp = spa(world)
    flow, answer = await rp.authorize(rp.person())
    challenge = flow.sent["code_challenge"]
    async with unharmed(world, "authorizations"):
        denied = await rp.redeem(flow, answer["code"], code_verifier=challenge)
        is_json(denied, 400, "invalid_grant")


@pytest.mark.parametrize(
    "verifier", ["v" * 42, "v" * 129, "v" * 42 + "!", "v" * 42 + " ", "é" * 43]
)
async def test_pk_07_malformed_verifiers(world: World, verifier: str) -> None:
    """Even one whose challenge fits: what was registered cannot have been made by the rules."""
    rp = spa(world)
    flow, answer = await rp.authorize(rp.person(), code_challenge=challenge_of(verifier))
    async with unharmed(world, "authorizations"):
        denied = await rp.redeem(flow, answer["code"], code_verifier=verifier)
        is_json(denied, 400, "invalid_grant", "invalid_request")


@pytest.mark.parametrize("verifier", ["._~-" * 10 + "Aa0", "._~-" * 32])
async def test_pk_08_every_character_and_length_that_is_allowed(
    world: World, verifier: str
) -> None:
    rp = spa(world)
    flow, answer = await rp.authorize(rp.person(), code_challenge=challenge_of(verifier))
    granted = await rp.redeem(flow, answer["code"], code_verifier=verifier)
    assert granted.status_code == 200, granted.text


@pytest.mark.parametrize("client_id", ["spa", "web"])
async def test_pk_09_a_wrong_verifier_burns_the_code(world: World, client_id: str) -> None:
    rp = spa(world) if client_id == "spa" else RelyingParty(world)
    flow, answer = await rp.authorize(rp.person())
    wrong = secrets.token_urlsafe(32)
    async with unharmed(world, "authorizations"):
        denied = await rp.redeem(flow, answer["code"], code_verifier=wrong)
        is_json(denied, 400, "invalid_grant")
        is_json(await rp.redeem(flow, answer["code"]), 400, "invalid_grant")


async def test_pk_10_the_verifier_of_a_parallel_flow(world: World) -> None:
    rp = spa(world)
    first, code = await rp.authorize(rp.person())
    second, _ = await rp.authorize(rp.person())
    async with unharmed(world, "authorizations"):
        denied = await rp.redeem(first, code["code"], code_verifier=second.verifier)
        is_json(denied, 400, "invalid_grant")


async def test_pk_05_a_challenge_cut_out_of_the_request(world: World) -> None:
    """The downgrade: somebody strips the challenge on the way; the client still sends its verifier."""
    rp = RelyingParty(world, client_id="relaxed")
    person = await rp.signed_in()
    flow = rp.begin(code_challenge=None, code_challenge_method=None, prompt="none")
    cookies = "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())
    code = returned(await ask(world, flow.sent, cookies=cookies))["code"]
    is_json(await rp.redeem(flow, code), 400, "invalid_grant")
