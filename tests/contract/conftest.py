"""A provider of both faces in which everything that the contracts document can be called."""

from dataclasses import replace

import pytest

from ostiary.domain.client import AuthMethod
from ostiary.domain.issuer import Issuer
from ostiary.domain.quirks import Quirk
from tests.contract.walk import Call, Walk
from tests.kit.world import CONSUMER, ENTERPRISE, World, a_client, an_event


@pytest.fixture(autouse=True)
def _changes_are_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)


@pytest.fixture(params=[ENTERPRISE, CONSUMER], ids=lambda issuer: issuer.issuer_id)
def issuer(request: pytest.FixtureRequest) -> Issuer:
    found: Issuer = request.param
    return found


@pytest.fixture
async def walk(world: World, issuer: Issuer) -> Walk:
    walk = Walk(world, issuer)
    signer = a_client(
        "signer",
        issuer,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        secrets=(),
        public_keys=(walk.key.public_jwk,),
    )
    await world.add_client(signer, issuer)
    return walk


async def walked(walk: Walk, *quirks: Quirk) -> list[Call]:
    """Every call of a walk, with these quirks on."""
    issuer = replace(walk.issuer, quirks=frozenset(quirks))
    await walk.world.store.issuers.save(issuer, an_event())
    return [call async for call in walk.calls()]
