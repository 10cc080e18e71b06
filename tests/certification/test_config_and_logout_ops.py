"""Config OP, RP-Initiated Logout OP and Back-Channel Logout OP."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from ostiary.domain.issuer import Issuer
from tests.kit.leaving import (
    BACKCHANNEL,
    GOODBYE,
    is_signed_in,
    logout_url,
    signed_in_with_tokens,
    tell,
)
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, header, payload
from tests.kit.world import World, a_client


@pytest.fixture
async def rp(world: World, issuer: Issuer) -> RelyingParty:
    client = a_client(
        "leaver",
        issuer,
        post_logout_redirect_uris=(GOODBYE,),
        backchannel_logout_uri=BACKCHANNEL,
    )
    world.elsewhere.statuses[BACKCHANNEL] = 200
    return RelyingParty.of(world, await world.add_client(client, issuer), issuer)


async def metadata(rp: RelyingParty) -> dict[str, object]:
    async with rp.world.http(rp.issuer) as http:
        found = await http.get(f"{rp.issuer.url}/.well-known/openid-configuration")
    document: dict[str, object] = found.json()
    return document


async def leave(rp: RelyingParty, person: Person, **parameters: str) -> httpx2.Response:
    return await person.http.get(logout_url(rp, **parameters))


def stays(answer: httpx2.Response) -> bool:
    """A page of ours, and no way out to the client."""
    return answer.status_code in {200, 400} and "location" not in answer.headers


# ---- Config OP ------------------------------------------------------------------------------------


async def test_oidcc_discovery_endpoint_verification(rp: RelyingParty) -> None:
    document = await metadata(rp)
    assert document["issuer"] == rp.issuer.url
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert str(document[name]).startswith(rp.issuer.origin)
    assert "openid" in document["scopes_supported"]  # type: ignore[operator]
    assert "code" in document["response_types_supported"]  # type: ignore[operator]
    assert "RS256" in document["id_token_signing_alg_values_supported"]  # type: ignore[operator]
    assert {"public", "pairwise"} >= set(document["subject_types_supported"])  # type: ignore[call-overload]
    assert isinstance(document["claims_supported"], list)
    async with rp.world.http(rp.issuer) as http:
        keys = (await http.get(str(document["jwks_uri"]))).json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any({"d", "p", "q", "k"} & set(key) for key in keys)


# ---- RP-Initiated Logout OP -----------------------------------------------------------------------


async def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(
    rp: RelyingParty,
) -> None:
    assert str((await metadata(rp))["end_session_endpoint"]) == rp.issuer.endpoint("logout")


async def test_oidcc_rp_initiated_logout(rp: RelyingParty) -> None:
    """Hint, registered address and state: back at once, and signed out."""
    person, tokens = await signed_in_with_tokens(rp)
    answer = await leave(
        rp,
        person,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=GOODBYE,
        state="af0ifjsldkj",
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(GOODBYE)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["af0ifjsldkj"]
    assert not await is_signed_in(rp, person)


@pytest.mark.parametrize("hint", ["garbage", "modified", "alg none"])
async def test_oidcc_rp_initiated_logout_bad_or_modified_id_token_hint(
    rp: RelyingParty, hint: str
) -> None:
    person, tokens = await signed_in_with_tokens(rp)
    head, body, signature = tokens["id_token"].split(".")
    wrong = {
        "garbage": "x.y.z",
        "modified": f"{head}.{body}.{'A' * len(signature)}",
        "alg none": f"eyJhbGciOiJub25lIn0.{body}.",
    }[hint]
    answer = await leave(rp, person, id_token_hint=wrong, post_logout_redirect_uri=GOODBYE)
    assert stays(answer)
    assert await is_signed_in(rp, person)


@pytest.mark.parametrize("uri", ["https://rp.example/other", GOODBYE + "&foo=bar"])
async def test_oidcc_rp_initiated_logout_bad_or_query_added_to_post_logout_redirect_uri(
    rp: RelyingParty, uri: str
) -> None:
    person, tokens = await signed_in_with_tokens(rp)
    hint = tokens["id_token"]
    answer = await leave(rp, person, id_token_hint=hint, post_logout_redirect_uri=uri)
    assert stays(answer)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"post_logout_redirect_uri": GOODBYE}, id="no-id-token-hint"),
        pytest.param({}, id="no-params"),
        pytest.param({"state": "only"}, id="only-state"),
    ],
)
async def test_oidcc_rp_initiated_logout_without_a_hint_asks(
    rp: RelyingParty, parameters: dict[str, str]
) -> None:
    person, _ = await signed_in_with_tokens(rp)
    assert stays(await leave(rp, person, **parameters))


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(rp: RelyingParty) -> None:
    person, tokens = await signed_in_with_tokens(rp)
    assert stays(await leave(rp, person, id_token_hint=tokens["id_token"], state="s"))
    assert not await is_signed_in(rp, person)


# ---- Back-Channel Logout OP -----------------------------------------------------------------------


async def test_oidcc_backchannel_logout_discovery_endpoint_verification(rp: RelyingParty) -> None:
    document = await metadata(rp)
    assert document["backchannel_logout_supported"] is True


async def test_oidcc_backchannel_rp_initiated_logout(rp: RelyingParty) -> None:
    """One logout token, typed, with sub and sid of the ID token, an event and no nonce."""
    person, tokens = await signed_in_with_tokens(rp)
    await leave(rp, person, id_token_hint=tokens["id_token"])
    ((address, token),) = await tell(rp.world)
    assert address == BACKCHANNEL
    assert header(token)["typ"] == "logout+jwt"
    claims, id_token = payload(token), payload(tokens["id_token"])
    assert (claims["sub"], claims["sid"]) == (id_token["sub"], id_token["sid"])
    assert claims["aud"] == rp.client_id
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert set(claims) >= {"iat", "exp", "jti"}
