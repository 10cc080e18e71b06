"""The parameter `institution`, which is our own, keeps to the rules for parameters and errors."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import HARBOR, PASSWORD, a_client
from tests.specs.wire import ask, sent_back


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_institution_of_another_client_is_an_invalid_request(rp: RelyingParty) -> None:
    """The value is one of the client's own institutions."""
    response = await ask(rp, institution=HARBOR)
    await sent_back(rp, response, ReasonCode.INSTITUTION_OTHER)


@pytest.mark.spec("OIDC Core §3.1.2.6")
async def test_prompt_none_cannot_choose_an_institution(rp: RelyingParty) -> None:
    """interaction_required: the request cannot be completed without showing a page."""
    client = a_client("both", rp.issuer, further_institution_ids=(HARBOR,), consent_required=False)
    party = RelyingParty.of(rp.world, await rp.world.add_client(client, rp.issuer), rp.issuer)
    person = await party.person().open(party.begin().url)
    await person.sign_in("bob", PASSWORD)
    response = await ask(party, person, prompt="none")
    await sent_back(party, response, ReasonCode.INSTITUTION_REQUIRED)
