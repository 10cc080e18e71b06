"""The modules of the OpenID Foundation's public certification plans, as far as they apply.

One test for one module, named after it: `test_oidcc_codereuse` is `oidcc-codereuse`. They say what
a module checks in our own words and with our own client; the suite itself has to be run elsewhere.
"""

import pytest

from ostiary.domain.issuer import Issuer
from ostiary.protocol.response_mode import ResponseMode
from tests.certification.client import CertifiedClient
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, World


@pytest.fixture(params=[ENTERPRISE, CONSUMER], ids=lambda issuer: issuer.issuer_id)
def issuer(request: pytest.FixtureRequest) -> Issuer:
    found: Issuer = request.param
    return found


@pytest.fixture
def rp(world: World, issuer: Issuer) -> RelyingParty:
    """The suite's first client. Its plans of OpenID Connect use no PKCE."""
    return RelyingParty(world, issuer, client_id="relaxed")


@pytest.fixture(params=[ResponseMode.QUERY, ResponseMode.FORM_POST], ids=["basic", "form-post"])
def client(request: pytest.FixtureRequest, rp: RelyingParty) -> CertifiedClient:
    """For the Basic OP and the Form Post OP: the same modules in two response modes."""
    return CertifiedClient(rp, request.param)
