"""RFC 9068 §2, §3 and §5: what an access token in JWT form says."""

import pytest

from ostiary.management.clients import create_client
from ostiary.management.errors import ManagementError
from tests.kit.relying_party import RelyingParty
from tests.kit.world import START, a_client, find_master_key
from tests.specs.wire import access_token_claims, published_keys, verified


@pytest.mark.spec("RFC 9068 §2.1")
async def test_access_token_is_typed_and_signed_asymmetrically(rp: RelyingParty) -> None:
    """The header's typ is at+jwt; the token is signed, never with "none"."""
    tokens = await rp.tokens()
    token = tokens["access_token"]
    header, _ = await verified(rp.world, rp.issuer, token, audience=rp.issuer.url)
    assert header["typ"] == "at+jwt"
    assert header["alg"] in {"ES256", "RS256", "PS256", "EdDSA"}


@pytest.mark.spec("RFC 9068 §2.1")
async def test_keys_of_the_issuer_include_one_for_rs256(rp: RelyingParty) -> None:
    """RS256 must be among the supported algorithms."""
    assert "RS256" in {key["alg"] for key in await published_keys(rp.world, rp.issuer)}


@pytest.mark.spec("RFC 9068 §2.2")
async def test_access_token_of_a_user_has_every_required_claim(rp: RelyingParty) -> None:
    """iss, exp, aud, sub, client_id, iat and jti are required."""
    claims = await access_token_claims(rp, await rp.tokens())
    assert claims["iss"] == rp.issuer.url
    assert claims["sub"] == await rp.world.user_id("alice", rp.issuer)
    assert claims["client_id"] == rp.client_id
    assert claims["iat"] == rp.world.clock.time
    assert claims["exp"] == rp.world.clock.time + 600
    assert claims["jti"]


@pytest.mark.spec("RFC 9068 §2.2")
async def test_each_access_token_has_a_jti_of_its_own(rp: RelyingParty) -> None:
    """jti identifies the token, even among those of one authorization."""
    tokens = await rp.tokens(scope="openid offline_access")
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    one, two = await access_token_claims(rp, tokens), await access_token_claims(rp, refreshed)
    assert one["jti"] != two["jti"]


@pytest.mark.spec("RFC 9068 §2.2.1")
async def test_access_token_tells_how_and_when_the_user_signed_in(rp: RelyingParty) -> None:
    """auth_time, acr and amr are of the sign-in behind the grant, and stay so over refreshes."""
    tokens = await rp.tokens(scope="openid offline_access")
    signed_in_at = rp.world.clock.time
    rp.world.clock.time += 1000
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    for members in (tokens, refreshed):
        claims = await access_token_claims(rp, members)
        assert claims["auth_time"] == signed_in_at
        assert claims["amr"] == ["pwd"]
        assert claims["acr"] == rp.issuer.security_level("standard")


@pytest.mark.spec("RFC 9068 §2.2.1")
async def test_access_token_of_a_client_tells_of_no_sign_in(rp: RelyingParty) -> None:
    """Without a resource owner there was no authentication event."""
    members = (await rp.token(grant_type="client_credentials")).json()
    claims = await access_token_claims(rp, members)
    assert not {"auth_time", "acr", "amr"} & set(claims)


@pytest.mark.spec("RFC 9068 §2.2.2")
async def test_access_token_tells_no_more_of_who_the_person_is_than_subject_and_institution(
    rp: RelyingParty,
) -> None:
    """Identity claims are for ID token and userinfo; the access token has none of them."""
    claims = await access_token_claims(rp, await rp.tokens(scope="openid profile email"))
    assert set(claims) == {
        "iss",
        "sub",
        "aud",
        "client_id",
        "iat",
        "exp",
        "jti",
        "scope",
        "auth_time",
        "acr",
        "amr",
        "institution_id",
        "institutionId",
    }


@pytest.mark.spec("RFC 9068 §2.2.3")
async def test_access_token_carries_the_granted_scope(rp: RelyingParty) -> None:
    """scope has the form of RFC 8693 §4.2: names with spaces between."""
    tokens = await rp.tokens(scope="openid email nobody-knows-this")
    assert (await access_token_claims(rp, tokens))["scope"] == "openid email"


@pytest.mark.spec("RFC 9068 §3")
async def test_access_token_without_a_resource_asked_for_has_the_default_audience(
    rp: RelyingParty,
) -> None:
    """Without `resource` the server must use a default resource indicator in aud."""
    claims = await access_token_claims(rp, await rp.tokens())
    assert claims["aud"] == rp.issuer.url


@pytest.mark.spec("RFC 9068 §3")
async def test_subject_of_a_client_acting_for_itself_is_the_client(rp: RelyingParty) -> None:
    """Without a resource owner, sub identifies the client."""
    members = (await rp.token(grant_type="client_credentials")).json()
    assert (await access_token_claims(rp, members))["sub"] == rp.client_id


@pytest.mark.spec("RFC 9068 §5")
async def test_client_cannot_be_registered_under_the_id_of_a_user(rp: RelyingParty) -> None:
    """A client_id must not be able to pass for a resource owner's sub."""
    client = a_client(await rp.world.user_id("alice", rp.issuer), rp.issuer)
    with pytest.raises(ManagementError):
        await create_client(rp.world.store, rp.issuer, client, START, master_key=find_master_key)


@pytest.mark.spec("RFC 9068 §6")
async def test_access_token_of_one_client_is_distinct_from_that_of_another(
    rp: RelyingParty,
) -> None:
    """client_id tells for whom a token was issued."""
    other = RelyingParty(rp.world, rp.issuer, "other", "https://other.example/cb")
    one = await access_token_claims(rp, await rp.tokens())
    two = await access_token_claims(other, await other.tokens())
    assert (one["client_id"], two["client_id"]) == ("web", "other")
