"""Quirks of the token endpoint: each switched on alone. Those of the push: tests/specs/test_rfc9126."""

from dataclasses import replace

import pytest

from ostiary.domain.issuer import DAY
from ostiary.domain.quirks import Quirk
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import CONSUMER, ENTERPRISE, World, an_event

pytestmark = pytest.mark.both_engines

SCOPE = "openid profile"


@pytest.fixture(params=[ENTERPRISE, CONSUMER], ids=lambda issuer: issuer.issuer_id)
def rp(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> RelyingParty:
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)
    return RelyingParty(world, request.param)


async def switch_on(rp: RelyingParty, quirk: Quirk) -> None:
    issuer = replace(rp.issuer, quirks=frozenset({quirk}))
    await rp.world.store.issuers.save(issuer, an_event())


async def service_refresh(rp: RelyingParty, scope: str | None = SCOPE) -> str:
    answer = await rp.token(grant_type="client_credentials", scope=scope)
    token: str = answer.json()["refresh_token"]
    return token


async def test_expires_in_is_a_number_and_with_the_quirk_a_string(rp: RelyingParty) -> None:
    assert (await rp.token(grant_type="client_credentials")).json()["expires_in"] == 600
    await switch_on(rp, Quirk.EXPIRES_IN_STRING)
    assert (await rp.token(grant_type="client_credentials")).json()["expires_in"] == "600"


async def test_a_refresh_token_always(rp: RelyingParty) -> None:
    for grant in (await rp.tokens(scope=SCOPE), await as_service(rp)):
        assert "refresh_token" not in grant
    await switch_on(rp, Quirk.REFRESH_TOKEN_ALWAYS)
    for grant in (await rp.tokens(scope=SCOPE), await as_service(rp)):
        refreshed = await rp.refresh(grant["refresh_token"])
        assert refreshed.status_code == 200, refreshed.text
        assert "refresh_token" in refreshed.json()


async def as_service(rp: RelyingParty) -> dict[str, str]:
    members: dict[str, str] = (await rp.token(grant_type="client_credentials")).json()
    return members


async def test_a_service_refresh_keeps_its_scope(rp: RelyingParty) -> None:
    await switch_on(rp, Quirk.REFRESH_TOKEN_ALWAYS)
    token = await service_refresh(rp)
    members = (await rp.refresh(token)).json()
    assert members["scope"] == SCOPE
    assert members["refresh_token"] == token
    assert payload(members["access_token"])["sub"] == "web"
    assert (await rp.refresh(token, scope="openid")).json()["scope"] == "openid"
    assert (await rp.refresh(token, scope="openid email")).json()["error"] == "invalid_scope"


@pytest.mark.parametrize("forge", ["other scope", "no scope", "cut", "other client", "as a user's"])
async def test_a_service_refresh_cannot_be_changed(rp: RelyingParty, forge: str) -> None:
    await switch_on(rp, Quirk.REFRESH_TOKEN_ALWAYS)
    token, other = await service_refresh(rp), await service_refresh(rp, "openid email")
    party = replace(rp, client_id="other") if forge == "other client" else rp
    forged = {
        "other scope": f"{token.partition('.')[0]}.{other.partition('.')[2]}",
        "no scope": token.partition(".")[0],
        "cut": token[:-1],
        "other client": token,
        "as a user's": token.replace("oz_", "or_"),
    }[forge]
    answer = await party.refresh(forged)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_service_refresh_ends(rp: RelyingParty) -> None:
    """By revocation, and when its lifetime is over."""
    await switch_on(rp, Quirk.REFRESH_TOKEN_ALWAYS)
    revoked, kept = await service_refresh(rp), await service_refresh(rp)
    credentials = {"client_id": rp.client_id, "client_secret": rp.secret or ""}
    async with rp.world.http(rp.issuer) as http:
        url = rp.issuer.endpoint("token/revocation")
        answer = await http.post(url, data={"token": revoked, **credentials})
    assert answer.status_code == 200
    assert (await rp.refresh(revoked)).json()["error"] == "invalid_grant"
    assert (await rp.refresh(kept)).status_code == 200
    rp.world.clock.time += 30 * DAY
    assert (await rp.refresh(kept)).json()["error"] == "invalid_grant"
