"""Each requirement is shown on both faces, unless a test says that they do not differ in it."""

from dataclasses import replace

import pytest

from ostiary.domain.issuer import Issuer
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, World
from tests.openapi.documented import witness_of


@pytest.fixture(params=[ENTERPRISE, CONSUMER], ids=lambda issuer: issuer.issuer_id)
def issuer(request: pytest.FixtureRequest) -> Issuer:
    found: Issuer = request.param
    return found


@pytest.fixture
def world(world: World) -> World:
    """One in which every answer has to be as the issuer's OpenAPI document says."""
    return replace(world, witnesses=(witness_of(world),))


@pytest.fixture
def _changes_are_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator changes is seen by the next request, not within a second."""
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)


@pytest.fixture
def rp(world: World, issuer: Issuer) -> RelyingParty:
    """A confidential client that may do everything, at this issuer."""
    return RelyingParty(world=world, issuer=issuer)


@pytest.fixture
def spa(world: World, issuer: Issuer) -> RelyingParty:
    """A public client: it proves itself by PKCE alone."""
    return RelyingParty(
        world=world,
        issuer=issuer,
        client_id="spa",
        redirect_uri="https://spa.example/cb",
        secret=None,
    )


@pytest.fixture
def native(world: World, issuer: Issuer) -> RelyingParty:
    """A public client on the person's own device."""
    return RelyingParty(
        world=world,
        issuer=issuer,
        client_id="native",
        redirect_uri="com.example.app:/cb",
        secret=None,
    )


@pytest.fixture
def relaxed(world: World, issuer: Issuer) -> RelyingParty:
    """A confidential client that may go without PKCE."""
    return RelyingParty(world=world, issuer=issuer, client_id="relaxed")


@pytest.fixture
def bound(rp: RelyingParty) -> RelyingParty:
    """The confidential client, with a key by which its tokens are bound."""
    return replace(rp, key=ClientKey.make())


@pytest.fixture
def bound_spa(spa: RelyingParty) -> RelyingParty:
    """The public client, with a key by which its tokens are bound."""
    return replace(spa, key=ClientKey.make())
