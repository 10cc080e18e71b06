"""What an operator does meanwhile: switches clients and people off, adds an issuer."""

from dataclasses import replace

from ostiary.accounts.passwords import Passwords
from ostiary.domain.client import Client
from ostiary.domain.issuer import Issuer
from ostiary.domain.user import Membership, User
from ostiary.management.issuers import save_issuer
from ostiary.storage.database import Step
from ostiary.storage.issuers import CLIENT, version_step
from tests.kit.world import (
    ALICE_CLAIMS,
    ENTERPRISE,
    GARDEN,
    INSTITUTIONS,
    MASTER_KEY,
    PASSWORD,
    START,
    World,
    an_event,
    standard_clients,
)

SAVE_CLIENT = """
UPDATE clients SET data = :data WHERE issuer_id = :issuer_id AND client_id = :client_id
RETURNING client_id
"""
REMOVE_CLIENT = """
DELETE FROM clients WHERE issuer_id = :issuer_id AND client_id = :client_id RETURNING client_id
"""
REMOVE_MEMBERSHIPS = """
DELETE FROM memberships WHERE issuer_id = :issuer_id AND user_id = :user_id RETURNING user_id
"""
REMOVE_USER = """
DELETE FROM users WHERE issuer_id = :issuer_id AND user_id = :user_id RETURNING user_id
"""


async def change_client(
    world: World, client_id: str, issuer: Issuer = ENTERPRISE, **changes: object
) -> Client:
    """Whatever it was before: whose change wins is not the question here."""
    seen = await world.store.clients.find(issuer.issuer_id, client_id)
    assert seen is not None
    client = replace(seen, **changes)  # type: ignore[arg-type]
    await _change(world, issuer, SAVE_CLIENT, client_id=client_id, data=CLIENT.dump(client))
    return client


async def remove_client(world: World, client_id: str, issuer: Issuer = ENTERPRISE) -> None:
    await _change(world, issuer, REMOVE_CLIENT, client_id=client_id)


async def remove_memberships(world: World, user_id: str, issuer: Issuer = ENTERPRISE) -> None:
    await _change(world, issuer, REMOVE_MEMBERSHIPS, user_id=user_id)


async def remove_user(world: World, user_id: str, issuer: Issuer = ENTERPRISE) -> None:
    await _change(world, issuer, REMOVE_USER, user_id=user_id)


async def disable(world: World, username: str = "alice", *, at: int | None = START) -> None:
    user_id = await world.user_id(username)
    await world.store.users.set_disabled(ENTERPRISE.issuer_id, user_id, at, an_event())


async def change_password(world: World, username: str = "alice") -> None:
    event = replace(an_event(), at=world.clock.time)
    user_id = await world.user_id(username)
    hashed = Passwords().hash("another good password")
    await world.store.users.set_password(ENTERPRISE.issuer_id, user_id, hashed, event)


async def add_issuer(world: World, **changes: object) -> Issuer:
    """A further issuer with the clients of the tests and a person of its own named alice."""
    issuer = replace(ENTERPRISE, **changes)  # type: ignore[arg-type]
    await save_issuer(world.store, MASTER_KEY, issuer, START - 86_400)
    for institution in INSTITUTIONS:
        await world.store.institutions.save(issuer.issuer_id, institution, an_event())
    for client in standard_clients(issuer):
        await world.add_client(client, issuer)
    user = User(
        user_id=f"{issuer.issuer_id}-alice-id",
        username="alice",
        password_hash=Passwords().hash(PASSWORD),
    )
    member = Membership(institution_id=GARDEN, claims=ALICE_CLAIMS)
    await world.store.users.add(issuer.issuer_id, user, [member], an_event())
    return issuer


async def _change(world: World, issuer: Issuer, statement: str, **parameters: str) -> None:
    row = await world.store.database.change(
        Step(statement, {"issuer_id": issuer.issuer_id, **parameters}),
        version_step(issuer.issuer_id),
    )
    assert row is not None
