"""OIDC Core §10.1.1: clients publish their keys at a jwks_uri, and change them there."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.tokens import Json
from tests.kit.client_key import ASSERTION_TYPE, ClientKey
from tests.kit.world import World
from tests.specs.asserting import Signer
from tests.specs.wire import refused

URI = "https://rp.example/jwks"

Wait = Callable[[float], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Moves the machine's own time, by which keys are kept."""
    instants = [1000.0]
    monkeypatch.setattr("ostiary.provider.published_keys.monotonic", lambda: instants[-1])
    return lambda seconds: instants.append(instants[-1] + seconds)


@pytest.fixture
async def signer(world: World, issuer: Issuer) -> Signer:
    """Its key is published under the name "one"."""
    signer = await Signer(world, issuer).register(public_keys=(), jwks_uri=URI)
    publish(signer, one=signer.key)
    return signer


def publish(signer: Signer, **keys: ClientKey) -> None:
    jwks: list[Json] = [{**key.public_jwk, "kid": kid} for kid, key in keys.items()]
    signer.world.elsewhere.documents[URI] = {"keys": jwks}


def form(signer: Signer, kid: str | None, key: ClientKey | None = None) -> dict[str, str]:
    """An assertion whose header names this key."""
    claims = {
        "iss": "signer",
        "sub": "signer",
        "aud": signer.issuer.url,
        "jti": str(uuid.uuid4()),
        "exp": signer.world.clock.time + 60,
    }
    header = {} if kid is None else {"kid": kid}
    token = (key or signer.key).sign(claims, **header)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": token}


async def accepted(signer: Signer, kid: str | None, key: ClientKey | None = None) -> bool:
    return (await signer.send(form(signer, kid, key))).status_code == 200


@pytest.mark.spec("OIDC Core §10.1.1")
async def test_keys_are_taken_from_the_jwks_uri_and_kept(signer: Signer, wait: Wait) -> None:
    """The server reads the keys at the registered place; §10.1.1 lets it keep them."""
    assert await accepted(signer, "one")
    assert await accepted(signer, None)
    wait(599)
    assert await accepted(signer, "one")
    assert signer.world.elsewhere.asked == [URI]


@pytest.mark.spec("OIDC Core §10.1.1")
async def test_unknown_kid_makes_the_server_look_again(signer: Signer, wait: Wait) -> None:
    """The kid signals the change: the server goes back to the jwks_uri for it."""
    assert await accepted(signer, "one")
    new = ClientKey.make()
    publish(signer, one=signer.key, two=new)
    wait(60)
    assert await accepted(signer, "two", new)
    assert len(signer.world.elsewhere.asked) == 2


@pytest.mark.spec("OIDC Core §10.1.1")
async def test_key_that_was_taken_away_is_refused_after_ten_minutes(
    signer: Signer, wait: Wait
) -> None:
    """A retired key is good for as long as the document is kept, and not for ever."""
    assert await accepted(signer, "one")
    publish(signer, two=ClientKey.make())
    wait(599)
    assert await accepted(signer, "one")
    wait(1)
    response = await signer.send(form(signer, "one"))
    await refused(signer.rp, response, ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("OIDC Core §10.1.1")
async def test_known_keys_outlast_a_server_that_does_not_answer_by_a_day(
    signer: Signer, wait: Wait
) -> None:
    """An outage of the client's server does not lock the client out at once."""
    assert await accepted(signer, "one")
    signer.world.elsewhere.documents.clear()
    for _ in range(23):
        wait(3600)
        assert await accepted(signer, "one")
    wait(3600)
    response = await signer.send(form(signer, "one"))
    await refused(signer.rp, response, ReasonCode.CLIENT_KEYS_UNAVAILABLE)
    publish(signer, one=signer.key)
    wait(60)
    assert await accepted(signer, "one")


@pytest.mark.spec("OIDC Core §10.1.1")
@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"keys": []},
        {"keys": "all"},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
        {"keys": [{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}]},
    ],
)
async def test_without_a_usable_key_the_client_is_refused_and_the_reason_recorded(
    signer: Signer, document: dict[str, Json] | None
) -> None:
    """Nobody is authenticated by keys that are not there."""
    world, issuer_id = signer.world, signer.issuer.issuer_id
    world.elsewhere.documents.clear()
    if document is not None:
        world.elsewhere.documents[URI] = document
    response = await signer.send(form(signer, "one"))
    await refused(signer.rp, response, ReasonCode.CLIENT_KEYS_UNAVAILABLE)
    fetch = await world.store.jwks_fetches.find(issuer_id, "signer")
    assert fetch is not None
    assert fetch.error
    record = await world.store.refusals.find([issuer_id], response.headers["ostiary-reference"])
    assert record is not None
    assert record.received == fetch.error


@pytest.mark.spec("OIDC Core §10.1.1")
async def test_keys_of_other_uses_beside_it_are_no_harm(signer: Signer) -> None:
    """A JWK Set may hold keys that are not for us."""
    others: list[Json] = [
        {"kty": "oct", "k": "c2VjcmV0"},
        {**ClientKey.make().public_jwk, "use": "enc"},
    ]
    own = {**signer.key.public_jwk, "kid": "one"}
    signer.world.elsewhere.documents[URI] = {"keys": [*others, own]}
    assert await accepted(signer, "one")


@pytest.mark.spec("OIDC Core §10.1.1")
async def test_place_that_was_changed_is_asked_at_once(signer: Signer) -> None:
    """The jwks_uri is the one that is registered now."""
    assert await accepted(signer, "one")
    other = ClientKey.make()
    moved = "https://rp.example/moved"
    signer.world.elsewhere.documents[moved] = {"keys": [{**other.public_jwk, "kid": "one"}]}
    seen = await signer.world.store.clients.find(signer.issuer.issuer_id, "signer")
    assert seen is not None
    await signer.world.replace_client(seen, replace(seen, jwks_uri=moved), signer.issuer)
    await asyncio.sleep(1.05)  # until the change is noticed
    assert await accepted(signer, "one", other)
    assert not await accepted(signer, "one")
