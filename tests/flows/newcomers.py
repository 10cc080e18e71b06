"""Whoever a test needs beside the demo data, added to a running server as an operator adds them."""

import functools
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from ostiary.accounts.passwords import Passwords
from ostiary.domain.client import Client
from ostiary.domain.issuer import Issuer
from ostiary.domain.user import Membership, User
from ostiary.management.clients import create_client
from ostiary.management.demo_people import GARDEN_ID
from ostiary.management.issuers import find_issuer, save_issuer
from ostiary.management.users import add_user, new_user_id
from ostiary.protocol.tokens import Json
from ostiary.signing.master_key import MasterKey, read_master_key
from ostiary.storage.store import Store
from tests.flows.application import PASSWORD
from tests.flows.dev_server import DevServer


async def add_newcomer(server: DevServer, issuer_name: str) -> str:
    """A member of Garden who has agreed to nothing yet; the username."""
    username = f"newcomer-{secrets.token_hex(6)}"
    claims: dict[str, Json] = {
        "name": "New Comer",
        "email": f"{username}@example.com",
        "email_verified": True,
    }
    user = User(user_id=new_user_id(), username=username, password_hash=_password_hash())
    membership = Membership(institution_id=GARDEN_ID, claims=claims)
    async with _opened(server, issuer_name) as (store, issuer):
        await add_user(store, issuer, user, [membership], int(time.time()))
    return username


async def add_application(server: DevServer, issuer_name: str, client: Client) -> str | None:
    """The secret of the new client, if it has one."""
    async with _opened(server, issuer_name) as (store, issuer):
        issued = await create_client(
            store, issuer, client, int(time.time()), master_key=lambda: _master_key(server)
        )
        return issued.secret


async def change_issuer(server: DevServer, issuer_name: str, **changes: Any) -> None:
    """Another policy; a running server sees it within a second."""
    async with _opened(server, issuer_name) as (store, issuer):
        changed = replace(issuer, **changes)
        await save_issuer(store, _master_key(server), changed, int(time.time()))


def _master_key(server: DevServer) -> MasterKey:
    return read_master_key(server.data / "master.key")


@asynccontextmanager
async def _opened(server: DevServer, issuer_name: str) -> AsyncIterator[tuple[Store, Issuer]]:
    [path] = server.data.glob("*.sqlite3")
    store = Store.open(path)
    try:
        yield store, await find_issuer(store, issuer_name)
    finally:
        store.close()


@functools.cache
def _password_hash() -> str:
    passwords = Passwords(workers=1)
    try:
        return passwords.hash(PASSWORD)
    finally:
        passwords.close()
