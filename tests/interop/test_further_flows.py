"""What some client libraries do beyond the common suite: pushed requests, proofs of a key, the other endpoints."""

import time
from pathlib import Path

import pytest

from ostiary.protocol.jose.algorithms import Algorithm
from tests.interop.desk import Desk, check_refreshes, check_sign_in
from tests.interop.libraries import each_library
from tests.interop.pages import free_port
from tests.interop.table import Flow

on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@each_library("pushed")
@pytest.mark.shows(Flow.PUSHED)
async def test_pushed_request(desk: Desk) -> None:
    """Of a client that may not ask in any other way, so that it was pushed for certain."""
    changes = await desk.add_client(require_par=True)
    check_sign_in(desk, await desk.run("pushed", **changes))


@each_library("private_key_jwt")
@pytest.mark.shows(Flow.PRIVATE_KEY_JWT)
async def test_private_key_jwt(desk: Desk, tmp_path: Path) -> None:
    """Whatever the library takes to be the audience: the issuer, the endpoint, or both."""
    changes = await desk.add_client_with_key(tmp_path)
    check_sign_in(desk, await desk.run("sign_in", **changes))


@each_library("private_key_jwt", "client_credentials")
async def test_the_demo_service_with_its_key(desk: Desk) -> None:
    told = desk.server.client("demo-service")
    outcome = await desk.run(
        "client_credentials",
        client_id=told["client_id"],
        client_secret="",
        auth_method="private_key_jwt",
        private_key=told["private_key_file"],
    )
    assert outcome.seen["tokens"]["token_type"].lower() == "bearer"
    assert outcome.asked == []


@each_library("dpop")
@pytest.mark.shows(Flow.DPOP)
async def test_tokens_bound_to_a_key(desk: Desk) -> None:
    changes = await desk.add_client(require_dpop=True)
    check_sign_in(desk, await desk.run("dpop", **changes), token_type="dpop")


@each_library("form_post")
@on_one_issuer
@pytest.mark.shows(Flow.FORM_POST)
async def test_form_post(desk: Desk) -> None:
    outcome = await desk.run("form_post")
    assert "body" in outcome.returns[0]
    check_sign_in(desk, outcome)


@each_library("claims")
@pytest.mark.shows(Flow.CLAIMS)
async def test_claims_asked_for_one_by_one(desk: Desk) -> None:
    """Each goes where it was asked for; the scope asks for none. OIDC Core §5.5."""
    report = (await desk.run("claims", scope="openid")).seen
    claims, userinfo = report["tokens"]["claims"], report["userinfo"]
    assert claims["email"].startswith("newcomer-")
    assert claims["auth_time"] <= time.time()
    assert "name" not in claims
    assert userinfo["name"] == "New Comer"
    assert userinfo["email"] == claims["email"]
    assert "phone" not in userinfo


@each_library("revocation")
@on_one_issuer
@pytest.mark.shows(Flow.REVOCATION)
async def test_what_was_revoked_is_dead_at_once(desk: Desk) -> None:
    report = (await desk.run("revocation")).seen
    assert report["refresh"]["error"] == "invalid_grant"
    # A library tells of the status, of the error, or of both.
    told = report["userinfo"].get("status"), report["userinfo"].get("error")
    assert told in {(401, None), (None, "invalid_token"), (401, "invalid_token")}


@each_library("introspection")
@on_one_issuer
@pytest.mark.shows(Flow.INTROSPECTION)
async def test_introspection(desk: Desk) -> None:
    changes = await desk.add_client(may_introspect=True)
    report = (await desk.run("introspection", **changes)).seen
    for token in (report["access"], report["refresh"]):
        assert token["active"] is True
        assert token["client_id"] == changes["client_id"]
        assert token["sub"] == report["claims"]["sub"]
        assert token["exp"] > time.time()
    assert report["revoked"] == {"active": False}


@each_library("introspection_jwt")
@on_one_issuer
async def test_introspection_answered_with_a_signed_token(desk: Desk) -> None:
    """RFC 9701 §5."""
    changes = await desk.add_client(may_introspect=True)
    report = (await desk.run("introspection_jwt", **changes)).seen
    assert report["access"]["active"] is True
    assert report["access"]["sub"] == report["claims"]["sub"]


@each_library("logout")
@pytest.mark.shows(Flow.LOGOUT)
async def test_sign_out(desk: Desk) -> None:
    """The hint names the session that the browser has, so nothing is asked, and nobody is left."""
    outcome = await desk.run("logout")
    assert outcome.asked[:2] == [["sign-in", "allow"], []]
    returned = outcome.seen["returned"]
    assert returned.partition("?")[0] == outcome.task.redirect_uri
    if "again" in outcome.seen:
        assert outcome.seen["again"]["error"] == "login_required"
        assert "state=signed-out" in returned


@each_library("backchannel_logout")
@pytest.mark.shows(Flow.BACKCHANNEL_LOGOUT)
async def test_signed_out_without_the_browser(desk: Desk) -> None:
    """Back-Channel Logout §2.5: the library verifies the token that it is sent."""
    origin = f"http://127.0.0.1:{free_port()}"
    changes = await desk.add_client(
        redirect_uris=(f"{origin}/auth/cb",), backchannel_logout_uri=f"{origin}/backchannel-logout"
    )
    assert (await desk.run("backchannel_logout", **changes)).seen == {"signed_out": True}


@each_library("fapi2")
@pytest.mark.shows(Flow.PUSHED, Flow.DPOP, Flow.PRIVATE_KEY_JWT)
async def test_all_that_fapi_asks_for(desk: Desk, tmp_path: Path) -> None:
    """FAPI 2.0 Security Profile §5.3.2.1: the refresh token is the same after each refresh."""
    changes = await desk.add_client_with_key(
        tmp_path,
        profile_name="fapi2_security",
        redirect_uris=("https://ledger.example.com/cb",),
        id_token_algorithm=Algorithm.ES256,
    )
    report = (await desk.run("pushed_and_bound", **changes)).seen
    assert report["tokens"]["token_type"].lower() == "dpop"
    check_refreshes(report, "ES256", rotated=False)
