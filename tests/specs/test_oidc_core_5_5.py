"""OIDC Core §5.5: single claims, asked for by the claims parameter."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary.accounts import factors
from ostiary.accounts.factors import password
from ostiary.domain.refusals import ReasonCode
from ostiary.storage.database import Step
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import CONSUMER, GARDEN, World, a_client
from tests.specs.claiming import PREFIX, asking, know, told
from tests.specs.wire import (
    ask,
    asks_for,
    discovery,
    id_token_claims,
    returned,
    sent_back,
)

STANDARD = "standard"


@pytest.fixture
def consumer(world: World) -> RelyingParty:
    """Where what differs between the faces is of the consumer's."""
    return RelyingParty(world=world, issuer=CONSUMER)


def acr(rp: RelyingParty, *levels: str, essential: bool = True) -> str:
    values = [rp.issuer.security_level(level) for level in levels]
    return asking(id_token={"acr": {"essential": essential, "values": values}})


# ---- §5.5 the parameter -----------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.5")
async def test_claims_parameter_is_announced(rp: RelyingParty) -> None:
    """claims_parameter_supported tells that it is."""
    assert (await discovery(rp.world, rp.issuer))["claims_parameter_supported"] is True


@pytest.mark.spec("OIDC Core §5.5")
async def test_claim_wanted_in_the_id_token_is_there_and_not_at_userinfo(rp: RelyingParty) -> None:
    """The id_token member lists claims for the ID token."""
    claims, members = await told(rp, asking(id_token=["email", "phone_number"]))
    assert claims["email"] == "alice@example.com"
    assert claims["phone_number"] == "+15555550100"
    assert not {"email", "phone_number"} & set(members)


@pytest.mark.spec("OIDC Core §5.5")
async def test_claim_wanted_at_userinfo_is_there_and_not_in_the_id_token(rp: RelyingParty) -> None:
    """The userinfo member lists claims for the UserInfo endpoint, also without its scope."""
    claims, members = await told(rp, asking(userinfo=["address", "name"]))
    assert members["address"]["locality"] == "Cedar Falls"
    assert members["name"] == "Alice Q Example"
    assert not {"address", "name"} & set(claims)


@pytest.mark.spec("OIDC Core §5.5")
async def test_claims_of_scopes_come_beside_those_asked_for(rp: RelyingParty) -> None:
    """The parameter adds to what scopes ask for."""
    _, members = await told(rp, asking(userinfo=["phone_number"]), scope="openid email")
    assert {"email", "email_verified", "phone_number"} <= set(members)


@pytest.mark.spec("OIDC Core §5.5")
async def test_request_counts_for_refreshed_tokens_too(rp: RelyingParty) -> None:
    """What the person allowed stands for the authorization, not for one token."""
    claims = asking(id_token=["email"], userinfo=["phone_number"])
    flow, response = await rp.authorize(rp.person(), scope="openid offline_access", claims=claims)
    first = (await rp.redeem(flow, response["code"])).json()
    tokens = (await rp.refresh(first["refresh_token"])).json()
    assert (await id_token_claims(rp, tokens))["email"] == "alice@example.com"
    members = (await rp.userinfo(tokens["access_token"])).json()
    assert members["phone_number"] == "+15555550100"


@pytest.mark.spec("OIDC Core §5.5")
async def test_request_counts_when_it_was_pushed(rp: RelyingParty) -> None:
    """The parameter is the same wherever it travels."""
    flow = await rp.begin_pushed("openid", claims=asking(id_token=["email"]))
    person = await rp.person().open(flow.url)
    await go_through(person)
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    assert (await id_token_claims(rp, tokens))["email"] == "alice@example.com"


@pytest.mark.spec("OIDC Core §5.5")
@pytest.mark.parametrize(
    "claims",
    [
        {"id_token": {"email": None}},
        {"id_token": {"email": ""}},
        {"id_token": {"email": {}}},
        {"id_token": {"email": {"essential": True}, "phone": None}, "userinfo": {}},
        {"id_token": {"email": {"other": [1, {"x": None}]}}, "userinfo": None, "further": 5},
    ],
    ids=["null", "empty text", "empty object", "an unknown claim", "unknown members"],
)
async def test_forms_that_clients_send_are_understood(
    rp: RelyingParty, claims: dict[str, Any]
) -> None:
    """Members that are not understood must be ignored; clients write null in several ways."""
    told_claims, members = await told(rp, json.dumps(claims))
    assert told_claims["email"] == "alice@example.com"
    assert not {"phone", "other"} & {*told_claims, *members}


@pytest.mark.spec("OIDC Core §5.5")
@pytest.mark.parametrize(
    "claims",
    ["no json", "[]", '"x"', '{"id_token":5}', '{"id_token":{"email":7}}', '{"userinfo":["x"]}'],
)
async def test_anything_else_is_refused(rp: RelyingParty, claims: str) -> None:
    """The value is a JSON object, each member an object, each claim null or an object."""
    await sent_back(rp, await ask(rp, claims=claims), ReasonCode.CLAIMS_MALFORMED)


@pytest.mark.spec("OIDC Core §5.5")
async def test_every_announced_claim_about_the_person_can_be_asked_for(rp: RelyingParty) -> None:
    """What is listed works: in both members, under its own name."""
    face = rp.issuer.face
    wanted = sorted(face.data)
    assert set(wanted) <= set((await discovery(rp.world, rp.issuer))["claims_supported"])
    everything = a_client("everything", rp.issuer, restricted_claims=face.restricted)
    await rp.world.add_client(everything, rp.issuer)
    rp = replace(rp, client_id="everything")
    data = set(face.data.values()) - {"institution_id", "theme_data", "address", "middle_name"}
    objects = {"cash_management_user", "email_verified"}
    await know(rp, **{datum: f"the {datum}" for datum in data - objects})
    claims, members = await told(rp, asking(id_token=wanted, userinfo=wanted))
    for found in (claims, members):
        assert set(wanted) <= set(found)
        for name in data - objects:
            assert found[name if name in face.data else PREFIX + name] == f"the {name}"


# ---- the consumer's names ---------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.1.2")
async def test_consumer_claims_have_names_that_cannot_collide(consumer: RelyingParty) -> None:
    """Further claims should have collision-resistant names; the answer has the name that was asked."""
    wanted = [PREFIX + "netteller_id", PREFIX + "theme_data"]
    claims, _ = await told(consumer, asking(id_token=wanted))
    assert claims[PREFIX + "netteller_id"] == "888800000001"
    assert claims[PREFIX + "theme_data"] == {"color": "#1f4e79"}
    assert "netteller_id" not in claims


@pytest.mark.spec("OIDC Core §5.1.2")
async def test_short_names_of_the_contract_stay_beside_them(consumer: RelyingParty) -> None:
    """A contract's own userinfo has the short names."""
    claims, members = await told(consumer, asking(id_token=["netteller_id"]))
    assert claims["netteller_id"] == members["netteller_id"] == "888800000001"
    assert PREFIX + "netteller_id" not in {*claims, *members}


@pytest.mark.spec("OIDC Core §5.5")
async def test_institution_in_the_namespace_is_that_of_the_authorization(
    consumer: RelyingParty,
) -> None:
    """Whatever the membership's data say: the client's institution decides."""
    await know(consumer, institution_id="somewhere-else")
    claims, members = await told(consumer, asking(id_token=[PREFIX + "institution_id"]))
    assert claims[PREFIX + "institution_id"] == members["institution_id"] == GARDEN


@pytest.mark.spec("OIDC Core §5.5")
async def test_restricted_claim_is_left_out_until_it_is_switched_on(consumer: RelyingParty) -> None:
    """A claim that must not be released is no error: it is not there."""
    await know(consumer, customer_identifier="00012345", tax_id="900-70-0001")
    names = [PREFIX + "customer_identifier", PREFIX + "tax_id"]
    claims, members = await told(consumer, asking(id_token=names, userinfo=names))
    assert not set(names) & {*claims, *members}
    allowed = a_client("allowed", CONSUMER, restricted_claims=frozenset({"customer_identifier"}))
    await consumer.world.add_client(allowed, CONSUMER)
    rp = replace(consumer, client_id="allowed")
    claims, members = await told(rp, asking(id_token=names, userinfo=names))
    assert claims[names[0]] == members[names[0]] == "00012345"
    assert names[1] not in {*claims, *members}


@pytest.mark.spec("OIDC Core §5.5")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_claim_that_is_switched_off_again_is_no_longer_told(consumer: RelyingParty) -> None:
    """The institution decides at each release, not once."""
    await know(consumer, tax_id="900-70-0001")
    seen = a_client("allowed", CONSUMER, restricted_claims=frozenset({"tax_id"}))
    await consumer.world.add_client(seen, CONSUMER)
    rp = replace(consumer, client_id="allowed")
    flow, response = await rp.authorize(
        rp.person(), scope="openid", claims=asking(userinfo=[PREFIX + "tax_id"])
    )
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert PREFIX + "tax_id" in (await rp.userinfo(tokens["access_token"])).json()
    await rp.world.replace_client(seen, replace(seen, restricted_claims=frozenset()), CONSUMER)
    assert PREFIX + "tax_id" not in (await rp.userinfo(tokens["access_token"])).json()


@pytest.mark.spec("OIDC Core §5.5")
@pytest.mark.usefixtures("_changes_are_seen_at_once")
async def test_claim_that_is_switched_on_is_told_to_who_asks_from_then_on(
    consumer: RelyingParty,
) -> None:
    """What the person was not asked about, they have not allowed: also if the client had asked."""
    await know(consumer, tax_id="900-70-0001")
    seen = a_client("lender", CONSUMER)
    await consumer.world.add_client(seen, CONSUMER)
    rp = replace(consumer, client_id="lender")
    claims = asking(id_token=[PREFIX + "tax_id"], userinfo=[PREFIX + "tax_id"])
    flow, response = await rp.authorize(rp.person(), scope="openid offline_access", claims=claims)
    tokens = (await rp.redeem(flow, response["code"])).json()
    switched_on = replace(seen, restricted_claims=frozenset({"tax_id"}))
    await rp.world.replace_client(seen, switched_on, CONSUMER)
    tokens = (await rp.refresh(tokens["refresh_token"])).json()
    assert PREFIX + "tax_id" not in await id_token_claims(rp, tokens)
    assert PREFIX + "tax_id" not in (await rp.userinfo(tokens["access_token"])).json()
    told_now, members = await told(rp, claims)
    assert told_now[PREFIX + "tax_id"] == members[PREFIX + "tax_id"] == "900-70-0001"


@pytest.mark.spec("OIDC Core §5.5")
async def test_restricted_claim_is_released_by_no_scope(consumer: RelyingParty) -> None:
    """The client asks for it by name, so that the person is told by name."""
    await know(consumer, esi_bsl_token="a-token")
    allowed = a_client("allowed", CONSUMER, restricted_claims=frozenset({"esi_bsl_token"}))
    await consumer.world.add_client(allowed, CONSUMER)
    rp = replace(consumer, client_id="allowed")
    _, members = await told(rp, asking(), scope="openid profile email phone address")
    assert "esi_bsl_token" not in members
    _, members = await told(rp, asking(userinfo=["esi_bsl_token"]))
    assert members["esi_bsl_token"] == "a-token"


# ---- §5.5.1 single claims ---------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.5.1")
@pytest.mark.parametrize(
    ("wish", "there"),
    [
        ({"value": "alice@example.com"}, True),
        ({"value": "bob@example.com"}, False),
        ({"values": ["x@example.com", "alice@example.com"]}, True),
        ({"values": ["x@example.com"], "essential": True}, False),
        ({"value": 1}, False),
    ],
)
async def test_claim_of_another_value_than_the_wanted_one_is_left_out(
    rp: RelyingParty, wish: dict[str, Any], there: bool
) -> None:
    """value and values ask for the claim with that value; no error if it is not returned."""
    claims, members = await told(rp, asking(id_token={"email": wish}, userinfo={"email": wish}))
    assert ("email" in claims, "email" in members) == (there, there)


@pytest.mark.spec("OIDC Core §5.5.1")
@pytest.mark.parametrize(("value", "there"), [(True, True), (1, False), ("true", False)])
async def test_value_is_compared_as_json_compares(
    rp: RelyingParty, value: object, there: bool
) -> None:
    """True is neither 1 nor a text."""
    claims, _ = await told(rp, asking(id_token={"email_verified": {"value": value}}))
    assert ("email_verified" in claims) is there


@pytest.mark.spec("OIDC Core §5.5.1")
async def test_essential_claim_that_is_not_known_is_no_error(rp: RelyingParty) -> None:
    """The server must not generate an error when claims are not returned, essential or not."""
    await know(rp, email=None)
    claims, _ = await told(rp, asking(id_token={"email": {"essential": True}}))
    assert "email" not in claims


@pytest.mark.spec("OIDC Core §5.5.1")
async def test_auth_time_is_there_whether_it_is_essential_or_not(rp: RelyingParty) -> None:
    """auth_time is required in the ID token when it is requested as an essential claim."""
    claims, _ = await told(rp, asking(id_token={"auth_time": {"essential": True}}))
    assert claims["auth_time"] == rp.world.clock.time


@pytest.mark.spec("OIDC Core §5.5.1")
@pytest.mark.parametrize("member", ["id_token", "userinfo"])
async def test_wanted_subject_signs_in(rp: RelyingParty, member: str) -> None:
    """A sub value asks for this person: who is signed in as another has to sign in anew."""
    bob = await rp.world.user_id("bob", rp.issuer)
    person = await rp.signed_in("alice", scope="openid")
    claims = asking(**{member: {"sub": {"value": bob}}})
    await person.open(rp.begin(scope="openid", claims=claims).url)
    assert asks_for(person, "sign-in")
    flow, response = await rp.authorize(person, "bob", scope="openid", claims=claims)
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert (await id_token_claims(rp, tokens))["sub"] == bob


@pytest.mark.spec("OIDC Core §5.5.1")
async def test_one_of_several_wanted_subjects_is_enough(rp: RelyingParty) -> None:
    """values lists those that will do."""
    ids = [await rp.world.user_id(name, rp.issuer) for name in ("bob", "alice")]
    person = await rp.signed_in("alice", scope="openid")
    response = await ask(
        rp, person, scope="openid", claims=asking(id_token={"sub": {"values": ids}})
    )
    assert "code" in returned(rp, response)


@pytest.mark.spec("OIDC Core §5.5.1")
async def test_another_person_than_the_wanted_one_gets_nothing(rp: RelyingParty) -> None:
    """The wrong person's tokens are never given, with nobody asked and after a sign-in."""
    bob = await rp.world.user_id("bob", rp.issuer)
    claims = asking(id_token={"sub": {"value": bob}})
    person = await rp.signed_in("alice", scope="openid")
    response = await ask(rp, person, scope="openid", claims=claims, prompt="none")
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)
    _, answer = await rp.authorize(person, "alice", scope="openid", claims=claims)
    assert answer["error"] == str(ReasonCode.OTHER_USER_SIGNED_IN.value.error)
    assert "code" not in answer


@pytest.mark.spec("OIDC Core §5.5.1")
async def test_nobody_fits_a_hint_and_a_subject_that_differ(rp: RelyingParty) -> None:
    """Both have to hold."""
    tokens = await rp.tokens("alice", scope="openid")
    person = await rp.signed_in("alice", scope="openid")
    bob = await rp.world.user_id("bob", rp.issuer)
    response = await ask(
        rp,
        person,
        scope="openid",
        claims=asking(id_token={"sub": {"value": bob}}),
        id_token_hint=tokens["id_token"],
        prompt="none",
    )
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)


# ---- §5.5.1.1 acr -----------------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §5.5.1.1")
async def test_essential_acr_that_is_reached_is_answered(rp: RelyingParty) -> None:
    """The server must return an acr that matches one of the values."""
    claims, _ = await told(rp, acr(rp, "high", STANDARD))
    assert claims["acr"] == rp.issuer.security_level(STANDARD)


@pytest.mark.spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize("values", [["high"], ["enhanced", "restricted"]])
async def test_essential_acr_that_nothing_here_reaches_fails(
    rp: RelyingParty, values: list[str]
) -> None:
    """If the requirement cannot be met, it is a failed authentication; nobody is asked in vain."""
    response = await ask(rp, claims=acr(rp, *values))
    parameters = await sent_back(rp, response, ReasonCode.SECURITY_LEVEL_UNMET)
    assert parameters["error"] == "unmet_authentication_requirements"


@pytest.mark.spec("OIDC Core §5.5.1.1")
async def test_essential_acr_of_unknown_names_fails(rp: RelyingParty) -> None:
    """A name that is no level of ours is one that cannot be reached."""
    claims = asking(id_token={"acr": {"essential": True, "value": "urn:mace:silver"}})
    await sent_back(rp, await ask(rp, claims=claims), ReasonCode.SECURITY_LEVEL_UNMET)


@pytest.mark.spec("OIDC Core §5.5.1.1")
@pytest.mark.parametrize("wish", [None, {"essential": True}])
async def test_acr_without_values_is_simply_told(rp: RelyingParty, wish: object) -> None:
    """Without values any level will do."""
    claims, _ = await told(rp, asking(id_token={"acr": wish}))
    assert claims["acr"] == rp.issuer.security_level(STANDARD)


@pytest.mark.spec("OIDC Core §5.5.1.1")
async def test_voluntary_acr_that_is_not_reached_is_no_error(rp: RelyingParty) -> None:
    """As a voluntary claim the true level is told."""
    claims, _ = await told(rp, acr(rp, "high", essential=False))
    assert claims["acr"] == rp.issuer.security_level(STANDARD)


@pytest.mark.spec("OIDC Core §3.1.2.1")
async def test_acr_values_are_voluntary(rp: RelyingParty) -> None:
    """acr_values asks for a voluntary acr: what is not reached is no error, and never told."""
    flow, response = await rp.authorize(
        rp.person(), scope="openid", acr_values=rp.issuer.security_level("high")
    )
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert (await id_token_claims(rp, tokens))["acr"] == rp.issuer.security_level(STANDARD)


@pytest.mark.spec("OIDC Discovery §3")
async def test_levels_that_factors_reach_are_announced_and_no_others(rp: RelyingParty) -> None:
    """acr_values_supported: a password reaches the lowest."""
    document = await discovery(rp.world, rp.issuer)
    assert document["acr_values_supported"] == [rp.issuer.security_level(STANDARD)]


# Where a stronger factor is at hand: of those that a later issue brings, here is a stand-in.


class SecurityKey:
    """Proved by the password too, but of a higher level."""

    AMR = "hwk"
    LEVEL = "high"
    verify = staticmethod(password.verify)


@pytest.fixture
def _security_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "FACTORS", {**factors.FACTORS, SecurityKey.AMR: SecurityKey})


async def strengthen(rp: RelyingParty) -> None:
    """As if everybody who is signed in had done so with a security key."""
    stronger = Step("UPDATE sessions SET level = 'high' RETURNING session_id", {})
    assert await rp.world.store.database.change(stronger)


@pytest.mark.spec("OIDC Core §5.5.1.1")
@pytest.mark.usefixtures("_security_keys")
async def test_session_that_is_too_weak_steps_up(rp: RelyingParty) -> None:
    """The server may ask the person to authenticate anew, with more."""
    person = await rp.signed_in(scope="openid")
    response = await ask(rp, person, scope="openid", claims=acr(rp, "high"), prompt="none")
    await sent_back(rp, response, ReasonCode.LOGIN_REQUIRED)
    await person.open(rp.begin(scope="openid", claims=acr(rp, "high")).url)
    assert asks_for(person, "sign-in")
    # With the password alone it is the wrong factor still.
    await go_through(person)
    assert callback(person)["error"] == "unmet_authentication_requirements"


@pytest.mark.spec("OIDC Core §5.5.1.1")
@pytest.mark.usefixtures("_security_keys")
async def test_stronger_session_answers_with_the_level_that_is_wanted(rp: RelyingParty) -> None:
    """Who has reached a level has reached those below it, and the answer matches a wanted one."""
    person = await rp.signed_in(scope="openid")
    await strengthen(rp)
    for wanted, answered in ((["high"], "high"), (["enhanced", STANDARD], "enhanced")):
        flow, response = await rp.authorize(person, scope="openid", claims=acr(rp, *wanted))
        tokens = (await rp.redeem(flow, response["code"])).json()
        claims = await id_token_claims(rp, tokens)
        assert claims["acr"] == rp.issuer.security_level(answered)


@pytest.mark.spec("OIDC Core §3.1.2.1")
@pytest.mark.usefixtures("_security_keys")
async def test_acr_values_that_could_be_reached_are_asked_for_and_not_insisted_on(
    rp: RelyingParty,
) -> None:
    """A voluntary step-up: the person may stay at what they can."""
    person = await rp.signed_in(scope="openid")
    wanted = rp.issuer.security_level("high")
    await person.open(rp.begin(scope="openid", acr_values=wanted).url)
    assert asks_for(person, "sign-in")
    flow, response = await rp.authorize(person, scope="openid", acr_values=wanted)
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert (await id_token_claims(rp, tokens))["acr"] == rp.issuer.security_level(STANDARD)
