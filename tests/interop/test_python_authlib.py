"""Authlib: what it does beyond the common suite."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from jwt.algorithms import RSAAlgorithm

from ostiary.domain.client import AuthMethod
from tests.interop.conversation import Outcome
from tests.interop.desk import CALLBACK, Desk, check_sign_in
from tests.interop.libraries import LIBRARIES
from tests.interop.pages import write_program
from tests.interop.table import Flow

pytestmark = LIBRARIES["authlib"].marks
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_file(key: rsa.RSAPrivateKey, tmp_path: Path) -> str:
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


async def with_private_key(
    desk: Desk, key: rsa.RSAPrivateKey, key_file: str, scenario: str
) -> Outcome:
    """As a client that is registered for private_key_jwt with this key."""
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    changes = await desk.add_client(
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        public_keys=({name: str(public[name]) for name in ("kty", "n", "e")},),
    )
    proof = {"auth_method": "private_key_jwt", "private_key": key_file}
    return await desk.run(scenario, **(changes | proof))


@pytest.mark.shows(Flow.PRIVATE_KEY_JWT)
async def test_private_key_jwt(desk: Desk, key: rsa.RSAPrivateKey, key_file: str) -> None:
    check_sign_in(desk, await with_private_key(desk, key, key_file, "sign_in"))


@on_one_issuer
async def test_a_private_key_of_somebody_else(desk: Desk, key_file: str) -> None:
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    failure = (await with_private_key(desk, another, key_file, "wrong_secret")).failure
    assert (failure["kind"], failure["error"]) == ("OAuthError", "invalid_client")


@on_one_issuer
async def test_its_own_assertions_are_good_for_too_long(
    desk: Desk, key: rsa.RSAPrivateKey, key_file: str
) -> None:
    """An hour, where the contract takes five minutes: the page says how to make them shorter."""
    failure = (await with_private_key(desk, key, key_file, "assertion_for_an_hour")).failure
    assert (failure["kind"], failure["error"]) == ("OAuthError", "invalid_client")


@pytest.mark.shows(Flow.CLAIMS)
async def test_claims_that_are_asked_for_by_name(desk: Desk) -> None:
    seen = (await desk.run("claims_parameter", scope="openid")).seen
    assert seen["claims"]["email"].startswith("newcomer-")
    assert "name" not in seen["claims"]
    assert seen["userinfo"]["name"] == "New Comer"
    assert "email" not in seen["userinfo"]


@on_one_issuer
@pytest.mark.shows(Flow.PROMPT_NONE)
async def test_prompt_none(desk: Desk) -> None:
    outcome = await desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["tokens"]["algorithm"] == "RS256"


@pytest.mark.shows(Flow.INTROSPECTION, Flow.REVOCATION)
async def test_introspection_and_revocation(desk: Desk) -> None:
    changes = await desk.add_client(may_introspect=True)
    seen = (await desk.run("introspection_and_revocation", **changes)).seen
    assert seen["before"]["active"] is True
    assert seen["before"]["client_id"] == changes["client_id"]
    assert seen["revoked"] == [200, ""]
    assert seen["after"] == {"active": False}
    assert seen["userinfo"] == 401


@pytest.mark.shows(Flow.LOGOUT)
async def test_logout(desk: Desk) -> None:
    """The hint names the session of this browser, so nobody is asked."""
    outcome = await desk.run("logout")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["came_back"] == f"{CALLBACK}?state={outcome.seen['state']}"


@on_one_issuer
async def test_a_token_that_userinfo_refuses(desk: Desk) -> None:
    failure = (await desk.run("userinfo_challenge")).failure
    assert (failure["kind"], failure["status"]) == ("HTTPError", 401)


@on_one_issuer
async def test_the_service_of_the_page(desk: Desk, tmp_path: Path) -> None:
    """The second program of its page, with the key that `ostiary dev` names."""
    write_program(desk.library, tmp_path, {"http://localhost:9400": desk.issuer})
    command = (desk.library.command[0], "service.py")
    key = desk.server.client("demo-service")["private_key_file"]
    run = subprocess.run((*command, key), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "600\n"
