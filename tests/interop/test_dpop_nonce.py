"""DPoP at an issuer that wants a nonce of its own in every proof. RFC 9449 §8, §9."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.protocol.jose.algorithms import Algorithm
from tests.flows.dev_server import DevServer, serving
from tests.flows.newcomers import change_issuer
from tests.interop.desk import Desk, check_refreshes, check_sign_in
from tests.interop.libraries import LIBRARIES, each_library
from tests.interop.tab import Tab

ISSUERS = ("enterprise", "consumer")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A server of its own, because the policy is the issuer's."""
    with serving(tmp_path_factory.mktemp("nonce")) as started:
        for issuer_name in ISSUERS:
            asyncio.run(change_issuer(started, issuer_name, require_dpop_nonce=True))
        time.sleep(1.1)  # it looks for changes once a second
        yield started


@each_library("dpop")
async def test_the_library_takes_the_nonce_and_asks_again(desk: Desk) -> None:
    changes = await desk.add_client(require_dpop=True)
    outcome = await desk.run("dpop", **changes)
    check_sign_in(desk, outcome, token_type="dpop")
    # Those that repeat the request by themselves tell nobody.
    assert outcome.seen.get("nonces", 1) > 0


@each_library("fapi2")
@pytest.mark.parametrize("issuer_name", ["enterprise"])
async def test_the_nonce_for_a_pushed_request(desk: Desk, tmp_path: Path) -> None:
    changes = await desk.add_client_with_key(
        tmp_path,
        profile_name="fapi2_security",
        redirect_uris=("https://ledger.example.com/cb",),
        id_token_algorithm=Algorithm.ES256,
    )
    report = (await desk.run("pushed_and_bound", **changes)).seen
    check_refreshes(report, "ES256", rotated=False)
    assert report.get("nonces", 1) > 0


@pytest.mark.parametrize("issuer_name", ["enterprise"])
@pytest.mark.parametrize(
    "library",
    [pytest.param("oidc-client-ts", marks=LIBRARIES["oidc-client-ts"].marks)],
    indirect=True,
)
@pytest.mark.browser
async def test_a_script_of_another_origin_can_read_the_nonce(tab: Tab) -> None:
    """CORS: without DPoP-Nonce among the exposed headers, the library could not ask again."""
    await tab.open(dpop=True, registration={"require_dpop": True})
    first = await tab.sign_in()
    assert first["tokens"]["token_type"] == "DPoP"
    assert (await tab.do("userinfoWithProof"))["profile"]["sub"] == first["profile"]["sub"]
    assert (await tab.do("renew"))["tokens"]["token_type"] == "DPoP"
