"""What userinfo says of a person, against the contracts' schemas: with all that can be asked for."""

from dataclasses import replace

import pytest

from ostiary.domain.issuer import Issuer
from tests.contract.documents import deviations, document, operation
from tests.kit.relying_party import RelyingParty
from tests.kit.world import World, a_client
from tests.specs.claiming import asking, know


def documented_names(face: str) -> set[str]:
    return set(document(face)["components"]["schemas"]["userInfo"]["properties"])


@pytest.fixture
async def rp(world: World, issuer: Issuer) -> RelyingParty:
    client = a_client("everything", issuer, restricted_claims=issuer.face.restricted)
    await world.add_client(client, issuer)
    found = RelyingParty(world=world, issuer=issuer, client_id="everything")
    await know(found, esi_bsl_token="a-token", middle_name=None)
    return found


async def test_scopes_release_all_that_the_contract_documents(rp: RelyingParty) -> None:
    tokens = await rp.tokens(scope="openid profile email phone address")
    answer = await rp.userinfo(tokens["access_token"])
    assert [*deviations(operation(rp.issuer.face_name, "GET", "/me"), answer)] == []
    restricted = rp.issuer.face.restricted
    assert documented_names(rp.issuer.face_name) - restricted <= set(answer.json())


async def test_claims_that_are_asked_for_one_by_one_are_of_the_same_kinds(rp: RelyingParty) -> None:
    claims = asking(userinfo=sorted(rp.issuer.face.data))
    flow, response = await rp.authorize(rp.person(), scope="openid", claims=claims)
    tokens = (await rp.redeem(flow, response["code"])).json()
    answer = await rp.userinfo(tokens["access_token"])
    assert [*deviations(operation(rp.issuer.face_name, "GET", "/me"), answer)] == []
    assert documented_names(rp.issuer.face_name) <= set(answer.json())


async def test_openid_alone_is_as_documented(rp: RelyingParty) -> None:
    rp = replace(rp, client_id="web")
    answer = await rp.userinfo((await rp.tokens(scope="openid"))["access_token"])
    assert [*deviations(operation(rp.issuer.face_name, "GET", "/me"), answer)] == []
