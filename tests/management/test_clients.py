"""Clients: what the layers below cannot check for one another."""

from dataclasses import replace

import pytest

from ostiary.domain.audit import EventType
from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.face import BASE_PATH
from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer
from ostiary.management.client_faults import GRANT_TYPES, client_faults
from ostiary.management.clients import (
    add_secret,
    change_client,
    create_client,
    find_details,
    hash_secret,
    set_client_enabled,
)
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.institutions import save_institution
from ostiary.protocol.scope import OPENID
from ostiary.provider.grants import GRANTS
from ostiary.signing.client_secrets import ClientSecrets
from ostiary.signing.master_key import MasterKey
from ostiary.storage.jwks_fetches import JwksFetch
from ostiary.storage.store import Store
from tests.kit.world import find_master_key

NOW = 1_800_000_000
ISSUER = Issuer(
    issuer_id="main", url="https://id.example.com", base_path=BASE_PATH, face_name="enterprise"
)
CLIENT = Client(
    client_id="app",
    name="App",
    institution_id="garden",
    auth_method=AuthMethod.CLIENT_SECRET,
    redirect_uris=("https://app.example/cb",),
    scopes=frozenset({OPENID, "profile", "email", "phone"}),
)


@pytest.fixture(autouse=True)
async def _institution(store: Store) -> None:
    garden = Institution(institution_id="garden", name="Garden")
    await save_institution(store, ISSUER, garden, NOW)


def fields(client: Client) -> list[str]:
    return [fault.field for fault in client_faults(client, ISSUER, {"garden"})]


def test_the_grant_types_are_those_of_the_token_endpoint() -> None:
    assert set(GRANT_TYPES) == set(GRANTS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"auth_method": AuthMethod.NONE}, []),
        ({"auth_method": AuthMethod.NONE, "require_pkce": False}, ["require_pkce"]),
        ({"require_pkce": False}, []),
        ({"name": " "}, ["name"]),
        ({"client_id": "a b"}, ["client_id"]),
        ({"client_id": ""}, ["client_id"]),
        ({"institution_id": "harbor"}, ["institution"]),
        ({"grant_types": frozenset()}, ["grant_types"]),
        ({"grant_types": frozenset({"implicit"})}, ["grant_types"]),
        ({"redirect_uris": ()}, ["redirect_uris"]),
        ({"redirect_uris": ("com.app:/cb",)}, ["redirect_uris"]),
        ({"scopes": frozenset({"accounts"})}, ["scopes"]),
        ({"profile_name": "fapi9"}, ["profile"]),
        ({"refresh_grace": -1}, ["refresh_grace"]),
        ({"may_introspect": True, "require_dpop": True}, []),
        ({"auth_method": AuthMethod.NONE, "require_dpop": True}, []),
        ({"auth_method": AuthMethod.NONE, "may_introspect": True}, ["may_introspect"]),
    ],
)
def test_what_keeps_a_client_from_working_is_found(
    changes: dict[str, object], expected: list[str]
) -> None:
    assert fields(replace(CLIENT, **changes)) == expected  # type: ignore[arg-type]


def test_all_faults_are_found_at_once() -> None:
    bad = replace(CLIENT, name="", redirect_uris=("x",), scopes=frozenset({"accounts"}))
    assert fields(bad) == ["name", "redirect_uris", "scopes"]


async def test_a_secret_is_random_and_kept_as_its_hash(store: Store) -> None:
    issued = await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)
    assert issued.secret is not None
    found = await store.clients.find("main", "app")
    assert found is not None
    assert [each.sha256 for each in found.secrets] == [hash_secret(issued.secret)]


async def test_a_secret_that_has_expired_makes_room(store: Store) -> None:
    await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)
    await add_secret(
        store, ISSUER, "app", NOW, master_key=find_master_key, others_expire_at=NOW + 60
    )
    with pytest.raises(ManagementError) as caught:
        await add_secret(store, ISSUER, "app", NOW + 59, master_key=find_master_key)
    assert caught.value.failure is Failure.CONFLICT
    issued = await add_secret(store, ISSUER, "app", NOW + 60, master_key=find_master_key)
    assert len(issued.client.secrets) == 2
    newest = (await store.audit.latest("main", limit=1))[0]
    assert newest.type is EventType.CLIENT_SECRET_ADDED


async def test_a_secret_never_lives_longer_because_others_are_made_to_expire(
    store: Store,
) -> None:
    await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)
    await add_secret(
        store, ISSUER, "app", NOW, master_key=find_master_key, others_expire_at=NOW + 60
    )
    found = await store.clients.find("main", "app")
    assert found is not None
    await add_secret(
        store, ISSUER, "app", NOW + 61, master_key=find_master_key, others_expire_at=NOW + 3600
    )
    changed = await store.clients.find("main", "app")
    assert changed is not None
    assert [each.expires_at for each in changed.secrets] == [NOW + 3600, None]


async def test_a_secret_to_sign_with_is_kept_sealed(store: Store) -> None:
    client = replace(CLIENT, auth_method=AuthMethod.CLIENT_SECRET_JWT)
    first = await create_client(store, ISSUER, client, NOW, master_key=find_master_key)
    second = await add_secret(store, ISSUER, "app", NOW, master_key=find_master_key)
    found = await store.clients.find("main", "app")
    assert found is not None
    opener = ClientSecrets("main", find_master_key())
    opened = [opener.open("app", each) for each in found.secrets]
    assert opened == [(each.secret or "").encode() for each in (first, second)]


async def test_the_master_key_is_not_asked_for_what_is_kept_as_a_hash(store: Store) -> None:
    def missing() -> MasterKey:
        raise AssertionError("asked for")

    issued = await create_client(store, ISSUER, CLIENT, NOW, master_key=missing)
    assert issued.secret
    assert [each.sealed for each in issued.client.secrets] == [None]


async def test_an_event_tells_of_a_secret_that_came_and_not_of_one_that_went(
    store: Store,
) -> None:
    seen = (await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)).client
    public = replace(seen, secrets=(), auth_method=AuthMethod.NONE)
    await change_client(store, ISSUER, seen, public, NOW)
    assert (await store.audit.latest("main", limit=1))[0].type is EventType.CLIENT_CHANGED


async def test_the_details_are_those_of_the_client(store: Store) -> None:
    client = (await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)).client
    secret_id = client.secrets[0].secret_id
    await store.secret_uses.save("main", "app", secret_id, NOW)
    await store.jwks_fetches.save("main", "app", JwksFetch(at=NOW, error=None))
    details = await find_details(store, ISSUER, "app")
    assert details.secret_uses == {secret_id: NOW}
    assert details.jwks_fetch is None, "of a jwks_uri that it had before"


async def test_nobodys_change_is_lost(store: Store) -> None:
    seen = (await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)).client
    await change_client(store, ISSUER, seen, replace(seen, name="First"), NOW)
    with pytest.raises(ManagementError) as caught:
        await change_client(store, ISSUER, seen, replace(seen, name="Second"), NOW)
    assert caught.value.failure is Failure.CONFLICT
    found = await store.clients.find("main", "app")
    assert found is not None
    assert found.name == "First"


async def test_switching_off_and_on(store: Store) -> None:
    await create_client(store, ISSUER, CLIENT, NOW, master_key=find_master_key)
    off = await set_client_enabled(store, ISSUER, "app", NOW + 1, enabled=False)
    assert off.disabled_at == NOW + 1
    again = await set_client_enabled(store, ISSUER, "app", NOW + 2, enabled=False)
    assert again.disabled_at == NOW + 1
    on = await set_client_enabled(store, ISSUER, "app", NOW + 3, enabled=True)
    assert on.disabled_at is None
