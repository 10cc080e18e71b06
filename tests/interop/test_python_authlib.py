"""Authlib: what it does beyond the common suites."""

import subprocess
from pathlib import Path

import pytest

from ostiary.domain.client import AuthMethod
from tests.interop.desk import Desk
from tests.interop.libraries import LIBRARIES
from tests.interop.pages import write_program
from tests.interop.table import Flow

pytestmark = [*LIBRARIES["authlib"].marks, pytest.mark.parametrize("issuer_name", ["enterprise"])]


@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_prompt_none(desk: Desk) -> None:
    outcome = await desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["tokens"]["algorithm"] == "RS256"


async def test_its_own_assertions_are_good_for_too_long(desk: Desk, tmp_path: Path) -> None:
    """An hour, where the contract takes five minutes: the page says how to make them shorter."""
    changes = await desk.add_client_with_key(tmp_path)
    failure = (await desk.run("assertion_for_an_hour", **changes)).failure
    assert (failure["kind"], failure["error"]) == ("OAuthError", "invalid_client")


async def test_a_signature_with_the_secret_is_only_for_clients_that_are_set_to_it(
    desk: Desk,
) -> None:
    """Whoever could check it has to know the secret itself."""
    proof = {"auth_method": "client_secret_jwt"}
    failure = (await desk.run("client_credentials", **proof)).failure
    assert (failure["kind"], failure["error"]) == ("OAuthError", "invalid_client")
    changes = await desk.add_client(
        auth_method=AuthMethod.CLIENT_SECRET_JWT, grant_types=frozenset({"client_credentials"})
    )
    seen = (await desk.run("client_credentials", **(changes | proof))).seen
    assert seen["tokens"]["token_type"] == "Bearer"


async def test_the_service_of_the_page(desk: Desk, tmp_path: Path) -> None:
    """The second program of its page, with the key that `ostiary dev` names."""
    write_program(desk.library, tmp_path, {"http://localhost:9400": desk.issuer})
    command = (desk.library.command[0], "service.py")
    key = desk.server.client("demo-service")["private_key_file"]
    run = subprocess.run((*command, key), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "600\n"


async def test_a_token_that_userinfo_refuses(desk: Desk) -> None:
    failure = (await desk.run("userinfo_challenge")).failure
    assert (failure["kind"], failure["status"]) == ("HTTPError", 401)
