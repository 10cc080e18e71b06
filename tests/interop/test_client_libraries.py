"""Client libraries that no one here wrote, unchanged, against `ostiary dev`, on both issuers."""

import importlib.metadata
import json
import re
import secrets
import time
from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.scopes import STANDARD_SCOPES
from ostiary.management.demo_people import GARDEN_ID
from ostiary.protocol.jose.algorithms import Algorithm
from tests.flows.conftest import NewBrowser
from tests.flows.dev_server import DevServer
from tests.flows.newcomers import add_application, add_newcomer
from tests.interop.conversation import HERE, LIBRARIES, Library, Outcome, Task, converse

OPENID_CLIENT = LIBRARIES["openid-client"]
CALLBACK = "http://localhost:8080/auth/cb"


class Desk:
    """A library, an issuer, and somebody with an empty browser who has agreed to nothing yet."""

    def __init__(
        self, server: DevServer, issuer_name: str, library: Library, new_browser: NewBrowser
    ) -> None:
        self.server = server
        self.issuer_name = issuer_name
        self.library = library
        self.issuer = server.issuer(issuer_name)
        self.person = new_browser(self.issuer)

    def task(self, scenario: str, **changes: str) -> Task:
        task = Task(
            issuer=self.issuer,
            client_id="demo-web",
            client_secret="demo-web-secret",
            scenario=scenario,
        )
        return replace(task, **changes)

    async def run(self, scenario: str, *, decision: str = "allow", **changes: str) -> Outcome:
        username = await add_newcomer(self.server, self.issuer_name)
        task = self.task(scenario, **changes)
        return await converse(self.library, task, self.person, username, decision=decision)

    async def add_client(self, algorithm: Algorithm) -> dict[str, str]:
        """What is to be changed in a task so that it is this client's."""
        client = Client(
            client_id=f"interop-{secrets.token_hex(4)}",
            name="Interop",
            institution_id=GARDEN_ID,
            auth_method=AuthMethod.CLIENT_SECRET,
            redirect_uris=(CALLBACK,),
            scopes=STANDARD_SCOPES,
            id_token_algorithm=algorithm,
        )
        secret = await add_application(self.server, self.issuer_name, client)
        assert secret is not None
        return {"client_id": client.client_id, "client_secret": secret, "algorithm": algorithm}


@pytest.fixture(params=["enterprise", "consumer"])
def issuer_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[pytest.param("openid-client", marks=pytest.mark.interop), "authlib"])
def desk(
    request: pytest.FixtureRequest, server: DevServer, issuer_name: str, new_browser: NewBrowser
) -> Desk:
    return Desk(server, issuer_name, LIBRARIES[request.param], new_browser)


@pytest.fixture
def node_desk(server: DevServer, issuer_name: str, new_browser: NewBrowser) -> Desk:
    """What openid-client alone can do."""
    return Desk(server, issuer_name, OPENID_CLIENT, new_browser)


def check_sign_in(desk: Desk, report: dict[str, Any], client_id: str, algorithm: str) -> None:
    """What a library that verified everything says about a complete sign-in."""
    assert report["issuer"] == desk.issuer
    assert report["supports_pkce"] is True
    tokens, claims = report["tokens"], report["tokens"]["claims"]
    assert tokens["token_type"].lower() == "bearer"
    assert isinstance(tokens["expires_in"], int)
    assert tokens["algorithm"] == algorithm
    assert (claims["iss"], claims["aud"]) == (desk.issuer, client_id)
    assert claims["iat"] <= time.time() < claims["exp"]
    assert report["userinfo"]["sub"] == claims["sub"]
    assert report["userinfo"]["email"].startswith("newcomer-")
    assert report["userinfo"]["email_verified"] is True

    refresh_tokens = [tokens["refresh_token"]]
    assert len(report["refreshes"]) == 2
    for refreshed in report["refreshes"]:
        assert refreshed["algorithm"] == algorithm
        for name in ("iss", "sub", "aud", "auth_time"):
            assert refreshed["claims"][name] == claims[name], name
        assert refreshed["userinfo"] == report["userinfo"]
        refresh_tokens.append(refreshed["refresh_token"])
    assert len(set(refresh_tokens)) == 3, "each refresh hands out another token"


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
async def test_sign_in_userinfo_and_refresh(desk: Desk, auth_method: str) -> None:
    outcome = await desk.run("sign_in", auth_method=auth_method)
    assert outcome.asked == [["sign-in", "allow"]]
    check_sign_in(desk, outcome.seen, "demo-web", "RS256")


async def test_scopes_that_were_dropped_may_be_repeated(desk: Desk) -> None:
    """Authlib sends its configured scope with every refresh, openid-client sends none."""
    scope = "openid profile email offline_access nobody:knows"
    outcome = await desk.run("sign_in", scope=scope)
    check_sign_in(desk, outcome.seen, "demo-web", "RS256")


async def test_public_client(desk: Desk) -> None:
    redirect_uri = desk.server.client("demo-spa")["redirect_uris"][0]
    outcome = await desk.run(
        "sign_in",
        client_id="demo-spa",
        client_secret="",
        redirect_uri=redirect_uri,
        auth_method="none",
    )
    check_sign_in(desk, outcome.seen, "demo-spa", "RS256")


async def test_native_client_on_any_port(desk: Desk) -> None:
    outcome = await desk.run(
        "sign_in",
        client_id="demo-native",
        client_secret="",
        redirect_uri="http://127.0.0.1:49321/callback",
        auth_method="none",
    )
    check_sign_in(desk, outcome.seen, "demo-native", "RS256")


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.PS256])
async def test_id_token_algorithm_of_the_client(desk: Desk, algorithm: Algorithm) -> None:
    changes = await desk.add_client(algorithm)
    outcome = await desk.run("sign_in", **changes)
    check_sign_in(desk, outcome.seen, changes["client_id"], algorithm)


async def test_an_id_token_of_another_algorithm_is_noticed(desk: Desk) -> None:
    """That the library verifies at all: a client registered for ES256 is told to expect RS256."""
    changes = await desk.add_client(Algorithm.ES256)
    outcome = await desk.run("sign_in", **(changes | {"algorithm": "RS256"}))
    assert "alg" in outcome.failure["message"].lower()


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
async def test_client_credentials(desk: Desk, auth_method: str) -> None:
    outcome = await desk.run("client_credentials", auth_method=auth_method)
    tokens = outcome.seen["tokens"]
    assert tokens["token_type"].lower() == "bearer"
    assert isinstance(tokens["expires_in"], int)
    assert tokens.get("refresh_token") is None
    assert tokens.get("claims") is None
    assert outcome.asked == []


async def test_wrong_verifier(desk: Desk) -> None:
    failure = (await desk.run("wrong_verifier")).failure
    assert (failure["kind"], failure["error"]) == (desk.library.token_failure, "invalid_grant")
    assert failure["description"]


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
async def test_wrong_secret(desk: Desk, auth_method: str) -> None:
    outcome = await desk.run("wrong_secret", client_secret="wrong", auth_method=auth_method)
    failure = outcome.failure
    if desk.library is OPENID_CLIENT and auth_method == "client_secret_basic":
        # A 401 with a challenge is told as the challenge; the status is what it is.
        assert (failure["kind"], failure["status"]) == ("WWWAuthenticateChallengeError", 401)
    else:
        assert failure["kind"] == desk.library.token_failure
        assert failure["error"] == "invalid_client"
        assert failure["description"] == "client authentication failed"


async def test_consent_denied(desk: Desk) -> None:
    outcome = await desk.run("denied", decision="deny")
    assert outcome.asked == [["sign-in", "allow"]]
    failure = outcome.failure
    assert failure["kind"] == desk.library.authorization_failure
    assert failure["error"] == "access_denied"
    assert failure["description"] == "the user did not allow it"


async def test_userinfo_refuses_what_is_no_token(desk: Desk) -> None:
    failure = (await desk.run("userinfo_challenge")).failure
    if desk.library is OPENID_CLIENT:
        assert failure["kind"] == "WWWAuthenticateChallengeError"
    assert failure["status"] == 401


# ---- openid-client alone ----------------------------------------------------------------------


@pytest.mark.interop
async def test_discovery_by_the_oauth_metadata(node_desk: Desk) -> None:
    """RFC 8414 §3: for an issuer with a path, the well-known part stands before that path."""
    outcome = await node_desk.run("sign_in_by_oauth_metadata")
    check_sign_in(node_desk, outcome.seen, "demo-web", "RS256")


@pytest.mark.interop
async def test_form_post(node_desk: Desk) -> None:
    outcome = await node_desk.run("form_post")
    check_sign_in(node_desk, outcome.seen, "demo-web", "RS256")


@pytest.mark.interop
@pytest.mark.parametrize("scenario", ["iss_removed", "iss_of_another"])
async def test_the_library_holds_us_to_iss(node_desk: Desk, scenario: str) -> None:
    assert '"iss"' in (await node_desk.run(scenario)).failure["message"]


@pytest.mark.interop
async def test_prompt_none_gives_tokens_to_whoever_is_signed_in(node_desk: Desk) -> None:
    outcome = await node_desk.run("prompt_none")
    assert outcome.asked == [["sign-in", "allow"], []]
    assert outcome.seen["tokens"]["claims"]["iss"] == node_desk.issuer


@pytest.mark.interop
async def test_prompt_none_is_refused_to_nobody_in_particular(node_desk: Desk) -> None:
    outcome = await node_desk.run("prompt_none_alone")
    assert outcome.asked == [[]]
    failure = outcome.failure
    assert failure["kind"] == "AuthorizationResponseError"
    assert failure["error"] == "login_required"


# ---- the locks --------------------------------------------------------------------------------


def test_authlib_is_the_one_of_the_lock() -> None:
    lines = (HERE / "authlib" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert set(pinned) == {"Authlib", "joserfc", "requests"}
    assert {name: importlib.metadata.version(name) for name in pinned} == pinned


def test_openid_client_is_locked_to_one_version_and_to_no_host() -> None:
    folder = HERE / "openid-client"
    lock_text = (folder / "package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(lock_text)
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages["node_modules/openid-client"]["version"] == wanted["openid-client"]
    assert all("integrity" in each and "resolved" not in each for each in packages.values())
