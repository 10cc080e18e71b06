"""The demo data: as the design lists it, and there once."""

from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.accounts.passwords import Passwords
from ostiary.domain.client import AuthMethod
from ostiary.domain.issuer import Environment
from ostiary.management.claim_kinds import kind_faults
from ostiary.management.client_keys import read_public_keys
from ostiary.management.demo import DemoData, save_demo
from ostiary.management.demo_people import GARDEN_ID, HARBOR_ID
from ostiary.management.errors import ManagementError
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.key_file import read_public_pem
from ostiary.signing.master_key import MasterKey
from ostiary.storage.store import Store
from tests.kit.world import an_event, sqlite_of

MASTER_KEY = MasterKey(bytes(32))
NOW = 1_800_000_000
BASE_PATH = "/a/oidc-provider/api/v0"


def key_file(store: Store) -> Path:
    return sqlite_of(store).path.with_name("demo-service.pem")


async def save(store: Store, port: int = 9400, algorithm: Algorithm | None = None) -> DemoData:
    return await save_demo(
        store,
        MASTER_KEY,
        port=port,
        now=NOW,
        service_key_file=key_file(store),
        access_token_algorithm=algorithm,
    )


async def state(store: Store) -> object:
    """Everything that a second run could have changed."""
    return [
        (
            issuer,
            await store.institutions.list(issuer.issuer_id),
            await store.clients.list(issuer.issuer_id),
            await store.users.list(issuer.issuer_id),
            await store.keys.signing_keys(issuer.issuer_id),
            await store.audit.latest(issuer.issuer_id),
        )
        for issuer in await store.issuers.list()
    ]


async def test_it_is_what_the_design_lists(store: Store) -> None:
    said = (await save(store)).as_json()
    assert set(said) == {"issuers", "clients", "users", "urls"}
    assert said["issuers"] == [
        {"name": "enterprise", "issuer": "http://localhost:9400"},
        {"name": "consumer", "issuer": f"http://127.0.0.1:9400{BASE_PATH}"},
    ]
    assert said["clients"] == [
        {
            "client_id": "demo-web",
            "client_secret": "demo-web-secret",
            "redirect_uris": ["http://localhost:8080/auth/cb"],
        },
        {"client_id": "demo-spa", "redirect_uris": ["http://localhost:5173/callback"]},
        {"client_id": "demo-native", "redirect_uris": ["http://127.0.0.1/callback"]},
        {
            "client_id": "demo-service",
            "private_key_file": str(key_file(store)),
            "redirect_uris": [],
        },
    ]
    assert said["users"] == [
        {"username": username, "password": "ostiary-demo"} for username in ("alice", "bob", "carol")
    ]


async def test_a_second_run_changes_nothing(store: Store) -> None:
    first = await save(store)
    before = await state(store)
    assert await save(store) == first
    assert await state(store) == before


async def test_on_another_port_only_the_urls_follow(store: Store) -> None:
    await save(store)
    clients = await store.clients.list("enterprise")
    await save(store, port=9500)
    assert [issuer.url for issuer in await store.issuers.list()] == [
        f"http://127.0.0.1:9500{BASE_PATH}",
        "http://localhost:9500",
    ]
    assert await store.clients.list("enterprise") == clients


@pytest.mark.parametrize("issuer_id", ["enterprise", "consumer"])
async def test_people_have_what_their_face_tells_of_them(store: Store, issuer_id: str) -> None:
    (face_of_issuer,) = [
        issuer.face for issuer in (await save(store)).issuers if issuer.issuer_id == issuer_id
    ]
    memberships = {}
    for username in ("alice", "bob", "carol"):
        user = await store.users.find_by_username(issuer_id, username)
        assert user is not None
        memberships[username] = await store.users.memberships(issuer_id, user.user_id)
    institutions = {
        username: [each.institution_id for each in found] for username, found in memberships.items()
    }
    assert institutions == {
        "alice": [GARDEN_ID],
        "bob": sorted([GARDEN_ID, HARBOR_ID]),
        "carol": [GARDEN_ID],
    }
    released = set(face_of_issuer.claims_for(face_of_issuer.scopes)) - face_of_issuer.restricted
    for found in memberships.values():
        known = set(found[0].claims)
        assert released - {"institution_id", "picture"} <= known
        assert known <= set(face_of_issuer.data.values())
        assert not [*kind_faults(found)]
        assert found[0].claims["email_verified"] is True
    assert memberships["bob"][0].claims["middle_name"] is None


async def test_one_restricted_claim_is_switched_on_and_another_is_not(store: Store) -> None:
    """So that a developer sees both."""
    await save(store)
    consumer, enterprise = [
        await store.clients.find(name, "demo-web") for name in ("consumer", "enterprise")
    ]
    assert consumer is not None
    assert enterprise is not None
    assert consumer.restricted_claims == {"customer_identifier"}
    assert enterprise.restricted_claims == frozenset()
    alice = await store.users.find_by_username("consumer", "alice")
    assert alice is not None
    (membership,) = await store.users.memberships("consumer", alice.user_id)
    assert {"customer_identifier", "tax_id"} <= set(membership.claims)


async def test_everybody_signs_in_with_the_one_password(store: Store) -> None:
    await save(store)
    passwords = Passwords(workers=1)
    users = await store.users.list("consumer")
    assert len({user.password_hash for user in users}) == 1, "hashed once: it is slow on purpose"
    assert await passwords.verify(users[0].password_hash, "ostiary-demo")
    passwords.close()


async def test_both_issuers_are_sandboxes_with_the_same_clients(store: Store) -> None:
    await save(store)
    issuers = await store.issuers.list()
    assert {issuer.environment for issuer in issuers} == {Environment.SANDBOX}
    found = [await store.clients.list(issuer.issuer_id) for issuer in issuers]
    assert [client.client_id for client in found[0]] == [client.client_id for client in found[1]]
    by_id = {client.client_id: client for client in found[1]}
    assert by_id["demo-web"].scopes == issuers[1].scopes
    assert by_id["demo-native"].native
    assert by_id["demo-native"].public
    assert by_id["demo-service"].auth_method is AuthMethod.PRIVATE_KEY_JWT


async def keys_of_service(store: Store) -> set[str]:
    found = [await store.clients.find(name, "demo-service") for name in ("enterprise", "consumer")]
    return {str(client.public_keys) for client in found if client is not None}


async def test_the_service_has_the_key_of_the_file_at_both_issuers(store: Store) -> None:
    await save(store)
    assert key_file(store).stat().st_mode & 0o777 == 0o600
    assert "BEGIN PRIVATE KEY" in key_file(store).read_text()
    registered = read_public_keys(read_public_pem(key_file(store)))
    assert await keys_of_service(store) == {str(registered)}


async def test_a_key_that_is_there_stays(store: Store) -> None:
    await save(store)
    before = key_file(store).read_text(), await keys_of_service(store)
    await save(store)
    assert (key_file(store).read_text(), await keys_of_service(store)) == before


async def test_a_key_that_was_lost_is_made_and_registered_anew(store: Store) -> None:
    await save(store)
    before = await keys_of_service(store)
    key_file(store).unlink()
    await save(store)
    after = await keys_of_service(store)
    assert after != before
    assert after == {str(read_public_keys(read_public_pem(key_file(store))))}


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN PRIVATE KEY-----\n"])
async def test_a_file_without_a_key_is_told(store: Store, text: str) -> None:
    key_file(store).write_text(text)
    with pytest.raises(ManagementError, match="delete it"):
        await save(store)


async def test_a_developers_own_jwks_uri_stays(store: Store) -> None:
    await save(store)
    seen = await store.clients.find("enterprise", "demo-service")
    assert seen is not None
    changed = replace(seen, public_keys=(), jwks_uri="http://localhost:8080/jwks")
    assert await store.clients.replace("enterprise", seen, changed, an_event())
    key_file(store).unlink()
    await save(store)
    found = await store.clients.find("enterprise", "demo-service")
    assert found is not None
    assert (found.public_keys, found.jwks_uri) == ((), "http://localhost:8080/jwks")


async def test_the_algorithm_of_access_tokens_can_be_chosen(store: Store, tmp_path: Path) -> None:
    for algorithm, expected in (
        (None, Algorithm.ES256),
        (Algorithm.RS256, Algorithm.RS256),
        (None, Algorithm.RS256),  # what was chosen stays
        (Algorithm.ES256, Algorithm.ES256),
    ):
        issuers = (await save(store, algorithm=algorithm)).issuers
        assert {issuer.access_token_algorithm for issuer in issuers} == {expected}
