"""What every client library does, unchanged, against `ostiary dev`: the common suite."""

import pytest

from ostiary.protocol.jose.algorithms import Algorithm
from tests.interop.desk import Desk, check_sign_in
from tests.interop.libraries import LIBRARIES, each_library
from tests.interop.table import Flow, Refused

# How a library sends a secret, or takes a refusal, does not depend on the issuer.
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@each_library(but="no_pkce")
@pytest.mark.shows(Flow.CODE, Flow.USERINFO)
async def test_sign_in_and_userinfo(desk: Desk) -> None:
    """Of a client that must send PKCE, as all are that say nothing else."""
    outcome = await desk.run("sign_in")
    assert outcome.asked == [["sign-in", "allow"]]
    check_sign_in(desk, outcome)


@each_library("no_pkce")
@pytest.mark.shows(Flow.CODE_ALONE, Flow.USERINFO)
async def test_sign_in_without_pkce(desk: Desk) -> None:
    """Of a client whose registration allows it; another one is refused."""
    check_sign_in(desk, await desk.run("sign_in"))
    changes = await desk.add_client(require_pkce=True)
    outcome = await desk.run("sign_in", **changes)
    assert outcome.failure["error"] == "invalid_request"


@each_library("dropped_scope")
@on_one_issuer
@pytest.mark.shows(Flow.REFRESH)
async def test_refresh_with_a_scope_that_was_dropped(desk: Desk) -> None:
    """Some send their configured scope with every refresh, some send none."""
    scope = "openid profile email offline_access nobody:knows"
    check_sign_in(desk, await desk.run("sign_in", scope=scope))


@each_library("client_secret_basic")
@on_one_issuer
async def test_secret_in_the_header(desk: Desk) -> None:
    check_sign_in(desk, await desk.run("sign_in", auth_method="client_secret_basic"))


@each_library()
@on_one_issuer
async def test_id_token_algorithm_of_the_client(desk: Desk) -> None:
    changes = await desk.add_client(id_token_algorithm=Algorithm.ES256)
    outcome = await desk.run("sign_in", **changes)
    check_sign_in(desk, outcome)


@each_library("checks_algorithm")
@on_one_issuer
async def test_an_id_token_of_another_algorithm_is_noticed(desk: Desk) -> None:
    """That the library looks at it at all: a client registered for ES256 is told to expect RS256."""
    changes = await desk.add_client(id_token_algorithm=Algorithm.ES256)
    outcome = await desk.run("sign_in", **(changes | {"algorithm": "RS256"}))
    assert outcome.failure["message"]


@each_library("public")
@pytest.mark.parametrize("client_id", ["demo-spa", "demo-native"])
@on_one_issuer
@pytest.mark.shows(Flow.PUBLIC_CLIENT)
async def test_public_client(desk: Desk, client_id: str) -> None:
    redirect_uri = desk.server.client(client_id)["redirect_uris"][0]
    outcome = await desk.run(
        "sign_in",
        client_id=client_id,
        client_secret="",
        # RFC 8252 §7.3: the port of a device's loopback address is whichever was free.
        redirect_uri=redirect_uri.replace("127.0.0.1/", "127.0.0.1:49321/"),
        auth_method="none",
    )
    check_sign_in(desk, outcome)


@each_library("client_credentials")
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
@on_one_issuer
@pytest.mark.shows(Flow.CLIENT_CREDENTIALS)
async def test_client_credentials(desk: Desk, auth_method: str) -> None:
    outcome = await desk.run("client_credentials", auth_method=auth_method)
    tokens = outcome.seen["tokens"]
    assert tokens["token_type"].lower() == "bearer"
    assert isinstance(tokens["expires_in"], int)
    assert tokens.get("refresh_token") is None
    assert tokens.get("claims") is None
    assert outcome.asked == []


# ---- what goes wrong on purpose ---------------------------------------------------------------


def test_each_library_notices_what_is_not_its_own() -> None:
    """A program that owns the verifier changes it; one whose library owns it changes the state."""
    for library in LIBRARIES.values():
        assert library.scenarios & {"wrong_verifier", "tampered_state"}, library.name


@each_library("wrong_verifier")
@on_one_issuer
@pytest.mark.shows(Refused.WRONG_VERIFIER)
async def test_wrong_verifier(desk: Desk) -> None:
    failure = (await desk.run("wrong_verifier")).failure
    assert (failure["kind"], failure["error"]) == (desk.library.token_failure, "invalid_grant")
    assert failure["description"]


@each_library("tampered_state")
@on_one_issuer
@pytest.mark.shows(Refused.TAMPERED_STATE)
async def test_tampered_state(desk: Desk) -> None:
    failure = (await desk.run("tampered_state")).failure
    assert failure["kind"] == desk.library.state_failure


@each_library()
@on_one_issuer
@pytest.mark.shows(Refused.WRONG_SECRET)
async def test_wrong_secret(desk: Desk) -> None:
    failure = (await desk.run("wrong_secret", client_secret="wrong")).failure
    assert (failure["kind"], failure["error"]) == (desk.library.token_failure, "invalid_client")
    assert failure["description"] == "client authentication failed"


@each_library()
@pytest.mark.shows(Refused.DENIED)
async def test_consent_denied(desk: Desk) -> None:
    outcome = await desk.run("denied", decision="deny")
    assert outcome.asked == [["sign-in", "allow"]]
    failure = outcome.failure
    assert failure["kind"] == desk.library.authorization_failure
    # passport-openidconnect keeps the error to itself and tells the description alone.
    assert failure.get("error", "access_denied") == "access_denied"
    assert failure["description"] == "the user did not allow it"
