"""openid-client 5 as the vendor's samples use it: claims and scopes that are URLs, ES256."""

import pytest

from ostiary.domain.scopes import CONSUMER_OFFLINE_ACCESS, STANDARD_SCOPES
from ostiary.management.demo_people import GARDEN_ID
from ostiary.protocol.jose.algorithms import Algorithm
from tests.interop.desk import Desk, check_refreshes
from tests.interop.libraries import LIBRARIES

pytestmark = LIBRARIES["openid-client-v5"].marks

PREFIX = "https://api.banno.com/consumer/claim/"


@pytest.mark.parametrize("issuer_name", ["consumer"])
async def test_the_names_of_the_consumer_contract(desk: Desk) -> None:
    """What the client may not have is left out in silence, as is what nobody knows."""
    changes = await desk.add_client(
        id_token_algorithm=Algorithm.ES256,
        scopes=STANDARD_SCOPES | {CONSUMER_OFFLINE_ACCESS},
    )
    scope = f"openid {CONSUMER_OFFLINE_ACCESS}"
    report = (await desk.run("namespaced_claims", scope=scope, **changes)).seen
    for told in (report["tokens"]["claims"], report["userinfo"]):
        assert told[f"{PREFIX}institution_id"] == GARDEN_ID
        assert f"{PREFIX}customer_identifier" not in told
        assert f"{PREFIX}netteller_id" not in told
    check_refreshes(report, "ES256")
