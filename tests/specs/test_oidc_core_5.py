"""OIDC Core §5: claims, the UserInfo endpoint, and what each scope releases."""

import pytest

from ostiary.domain.face import CONSUMER as CONSUMER_FACE
from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ALICE_CLAIMS, GARDEN, HARBOR, PASSWORD
from tests.specs.claiming import know, replace_claims
from tests.specs.wire import ask, discovery, get, id_token_claims, post, refused, returned

EVERYTHING = "openid profile email phone address"

# What the standard says that each scope asks for (§5.4); an issuer has to have none of them.
STANDARD = {
    "profile": {
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}
# What the contracts add to it.
OF_THE_CONTRACTS = {"enterprise": {"profile": {"department", "title"}}, "consumer": {}}
# What the enterprise contract has no claim for.
WITHHELD = {"enterprise": {"birthdate"}, "consumer": set()}


async def told(rp: RelyingParty, scope: str) -> dict[str, object]:
    tokens = await rp.tokens(scope=scope)
    members: dict[str, object] = (await rp.userinfo(tokens["access_token"])).json()
    return members


# ---- §5.1 standard claims ---------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.1")
async def test_standard_claims_have_the_types_of_the_standard(rp: RelyingParty) -> None:
    """Names are strings, email_verified is a boolean, address is an object, sub is required."""
    members = await told(rp, EVERYTHING)
    for name in ("sub", "name", "given_name", "family_name", "email", "phone_number"):
        assert isinstance(members[name], str), name
    assert members["email_verified"] is True
    assert isinstance(members["address"], dict)


@pytest.mark.spec("OIDC Core §5.1.1")
async def test_address_has_the_members_of_the_standard(rp: RelyingParty) -> None:
    """address is a JSON object with some of these members."""
    address = (await told(rp, "openid address"))["address"]
    assert isinstance(address, dict)
    members = {"formatted", "street_address", "locality", "region", "postal_code", "country"}
    assert set(address) <= members


@pytest.mark.spec("OIDC Core §5.1.2")
async def test_claims_of_the_contracts_do_not_take_the_names_of_standard_ones(
    rp: RelyingParty,
) -> None:
    """Further claims may be used, if they do not mean something else than their name."""
    released = {name for names in rp.issuer.face.claims.values() for name in names}
    further = released - {name for names in STANDARD.values() for name in names}
    registered = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "nonce", "at_hash"}
    assert not further & registered


# ---- §5.3 userinfo ----------------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.3")
async def test_userinfo_is_where_discovery_says(rp: RelyingParty) -> None:
    """UserInfo is a protected resource at the announced address."""
    token = (await rp.tokens())["access_token"]
    url = (await discovery(rp.world, rp.issuer))["userinfo_endpoint"]
    response = await get(rp.world, rp.issuer, url, authorization=f"Bearer {token}")
    assert response.status_code == 200


@pytest.mark.spec("OIDC Core §5.3.1")
async def test_userinfo_answers_get_and_post(rp: RelyingParty) -> None:
    """The endpoint must support both, with the token in the header or in the form."""
    token = (await rp.tokens())["access_token"]
    url, bearer = rp.issuer.endpoint("me"), f"Bearer {token}"
    by_get = await get(rp.world, rp.issuer, url, authorization=bearer)
    by_post = await post(rp.world, rp.issuer, url, b"", authorization=bearer)
    by_form = await post(rp.world, rp.issuer, url, f"access_token={token}")
    assert by_get.status_code == by_post.status_code == by_form.status_code == 200
    assert by_get.json() == by_post.json() == by_form.json()


@pytest.mark.spec("OIDC Core §5.3.2")
async def test_userinfo_answers_in_json_and_always_with_the_subject(rp: RelyingParty) -> None:
    """sub must always be returned; the content is application/json."""
    response = await rp.userinfo((await rp.tokens(scope="openid"))["access_token"])
    assert response.headers["content-type"] == "application/json"
    assert response.json()["sub"] == await rp.world.user_id("alice", rp.issuer)


@pytest.mark.spec("OIDC Core §5.3.2")
async def test_subject_of_userinfo_is_the_subject_of_the_id_token(rp: RelyingParty) -> None:
    """The two must be the same, or the client must not use the answer."""
    tokens = await rp.tokens()
    members = (await rp.userinfo(tokens["access_token"])).json()
    assert members["sub"] == (await id_token_claims(rp, tokens))["sub"]


@pytest.mark.spec("OIDC Core §5.3.2")
async def test_claim_that_is_not_known_is_left_out(rp: RelyingParty) -> None:
    """A claim that is not returned is omitted and not sent empty."""
    await know(rp, email=None, address=None)
    members = await told(rp, EVERYTHING)
    assert "name" in members
    assert not {"email", "address"} & set(members)


@pytest.mark.spec("OIDC Core §5.3.2")
@pytest.mark.parametrize("name", ["email", "phone_number", "family_name"])
async def test_claim_that_is_known_to_be_none_is_left_out(rp: RelyingParty, name: str) -> None:
    """A claim that is not returned should not be present with a null value."""
    await replace_claims(rp, {**ALICE_CLAIMS, name: None})
    assert name not in await told(rp, EVERYTHING)


@pytest.mark.spec("OIDC Core §5.1")
@pytest.mark.parametrize("known", [{"middle_name": None}, {}])
async def test_middle_name_is_null_for_who_has_none(
    rp: RelyingParty, known: dict[str, str | None]
) -> None:
    """Both contracts have middle_name nullable, and no other claim."""
    names: dict[str, str | None] = {
        "name": "Alice Adams",
        "given_name": "Alice",
        "family_name": "Adams",
    }
    await replace_claims(rp, {**names, **known})
    members = await told(rp, EVERYTHING)
    assert members["middle_name"] is None
    assert [name for name, value in members.items() if value is None] == ["middle_name"]


@pytest.mark.spec("OIDC Core §5.1")
async def test_middle_name_of_who_has_no_name_at_all_is_left_out(rp: RelyingParty) -> None:
    """Of a person without a name nothing is known."""
    await replace_claims(rp, {"email": "alice@example.com"})
    assert "middle_name" not in await told(rp, EVERYTHING)


@pytest.mark.spec("OIDC Core §5.3.3")
async def test_userinfo_refuses_as_a_protected_resource_does(rp: RelyingParty) -> None:
    """Errors are those of RFC 6750 §3, in a challenge."""
    response = await rp.userinfo("banana")
    await refused(rp, response, ReasonCode.TOKEN_INVALID)
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    plain = await rp.userinfo((await rp.tokens(scope="email"))["access_token"])
    await refused(rp, plain, ReasonCode.SCOPE_INSUFFICIENT)


# ---- §5.4 scopes ------------------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.4")
@pytest.mark.parametrize("scope", STANDARD)
async def test_scope_releases_its_own_claims_and_no_others(rp: RelyingParty, scope: str) -> None:
    """profile, email, address and phone ask for the claims that the standard lists for each."""
    bare = set(await told(rp, "openid"))
    released = set(await told(rp, f"openid {scope}")) - bare
    allowed = STANDARD[scope] | OF_THE_CONTRACTS[rp.issuer.face_name].get(scope, set())
    known = {*ALICE_CLAIMS, "picture"}
    assert released == (allowed & known) - WITHHELD[rp.issuer.face_name]


@pytest.mark.spec("OIDC Core §5.4")
async def test_openid_alone_releases_only_what_the_contract_says(rp: RelyingParty) -> None:
    """openid tells that the request is OpenID Connect's, and sub."""
    members = await told(rp, "openid")
    assert set(members) == {"sub", *rp.issuer.face.claims["openid"]}
    assert members["institution_id"] == GARDEN


@pytest.mark.spec("OIDC Core §5.4")
async def test_scopes_together_release_what_each_of_them_releases(rp: RelyingParty) -> None:
    """Multiple scope values add up."""
    together = set(await told(rp, EVERYTHING))
    each = {name for scope in STANDARD for name in await told(rp, f"openid {scope}")}
    assert together == each


@pytest.mark.spec("OIDC Core §5.4")
async def test_claims_of_scopes_stand_in_the_id_token_where_the_face_says_so(
    rp: RelyingParty,
) -> None:
    """With an access token, scope claims come from UserInfo; a contract may have them in both."""
    claims = await id_token_claims(rp, await rp.tokens(scope="openid email"))
    assert ("email" in claims) == rp.issuer.face.claims_in_id_token
    assert CONSUMER_FACE.claims_in_id_token is False


@pytest.mark.spec("OIDC Core §5.4")
async def test_person_is_told_what_each_scope_releases(rp: RelyingParty) -> None:
    """The person decides on scopes in words."""
    person = await rp.person().open(rp.begin(scope=EVERYTHING).url)
    await person.sign_in("alice", PASSWORD)
    for word in ("email", "phone", "address", "name"):
        assert word in person.page.text.lower()


@pytest.mark.spec("OIDC Core §5.3.2")
async def test_userinfo_is_of_the_institution_that_the_client_belongs_to(
    rp: RelyingParty,
) -> None:
    """What another institution knows of the same person is not told."""
    rp.client_id = "harbor"
    tokens = await rp.tokens("bob")
    members = (await rp.userinfo(tokens["access_token"])).json()
    assert members["institution_id"] == HARBOR


# ---- §5.6 claim types -------------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.6")
async def test_claims_are_normal_claims(rp: RelyingParty) -> None:
    """Support for normal claims is required; aggregated and distributed ones are not here."""
    assert (await discovery(rp.world, rp.issuer))["claim_types_supported"] == ["normal"]
    members = await told(rp, EVERYTHING)
    assert not {"_claim_names", "_claim_sources"} & set(members)
    assert "error" not in returned(rp, await ask(rp, await rp.signed_in()))
