"""429, and when to come back. RFC 6585 §4, RFC 9110 §10.2.3."""

from dataclasses import replace

import pytest

from ostiary.app import Front
from ostiary.domain.issuer import Environment
from ostiary.domain.refusals import ReasonCode
from ostiary.provider.limits import Limits
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ISSUERS, World, an_event
from tests.specs.wire import reason_of


@pytest.mark.spec("RFC 6585 §4")
@pytest.mark.spec("RFC 9110 §10.2.3")
@pytest.mark.parametrize("name", ISSUERS)
async def test_who_asks_too_much_is_told_when_to_come_back(world: World, name: str) -> None:
    """The request succeeds after the seconds of Retry-After. RFC 6585 §4."""
    issuer = replace(ISSUERS[name], environment=Environment.PRODUCTION)
    await world.store.issuers.save(issuer, an_event())
    bank = world.restarted(Front(limits=Limits(per_client=3)), peer="198.51.100.7")
    party = RelyingParty(bank, issuer)
    for _ in range(3):
        assert (await party.token(grant_type="client_credentials")).status_code == 200
    answer = await party.token(grant_type="client_credentials")
    assert answer.status_code == 429
    assert await reason_of(bank, issuer, answer.headers) is ReasonCode.TOO_MANY_REQUESTS
    bank.clock.time += int(answer.headers["retry-after"])
    assert (await party.token(grant_type="client_credentials")).status_code == 200
    await bank.ostiary.close()
