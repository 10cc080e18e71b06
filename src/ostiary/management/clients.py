"""Clients: registered, given secrets, switched on and off. RFC 7591 §2, RFC 6749 §2, §10.10."""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.client import AuthMethod, Client, ClientSecret
from ostiary.domain.face import FACES
from ostiary.domain.issuer import Issuer
from ostiary.management.client_faults import client_faults
from ostiary.management.client_proof_faults import SECRET_METHODS
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.faults import raise_any
from ostiary.management.institutions import known_institution_ids
from ostiary.management.issuers import find_holder
from ostiary.management.keys import check_one_master_key
from ostiary.signing.client_secrets import seal_client_secret
from ostiary.signing.master_key import MasterKey
from ostiary.storage.jwks_fetches import JwksFetch
from ostiary.storage.store import Store

# Asked for when a secret has to be sealed, which client_secret_jwt alone needs.
FindMasterKey: TypeAlias = Callable[[], MasterKey]

# The prefix lets scanners recognise a leaked one.
SECRET_PREFIX = "ostiary_"  # noqa: S105  a prefix
MOST_SECRETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSecret:
    """A secret and its client; the secret is shown once and kept nowhere."""

    client: Client
    secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDetails:
    """A client, when its secrets were last used, by their ids, and how its keys were last fetched."""

    client: Client
    secret_uses: Mapping[str, int]
    jwks_fetch: JwksFetch | None


def new_client_id() -> str:
    return str(uuid.uuid4())


def new_secret() -> str:
    """256 random bits."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def default_scopes(issuer: Issuer) -> frozenset[str]:
    """Of a client for which nobody names any: its issuer's face's, never those of an API."""
    return issuer.face.scopes if issuer.face_name in FACES else frozenset()


async def _check_master_key(store: Store, client: Client, master_key: FindMasterKey) -> None:
    """Raises MasterKeyError when a secret of this client would be sealed under another key than all
    that is sealed already."""
    if client.auth_method is AuthMethod.CLIENT_SECRET_JWT:
        await check_one_master_key(store, master_key())


def keep_secret(
    client: Client, issuer: Issuer, secret: str, now: int, master_key: FindMasterKey
) -> ClientSecret:
    """The secret as it is kept: its hash alone, unless the client signs with it."""
    secret_id = secrets.token_hex(4)
    sealed = None
    if client.auth_method is AuthMethod.CLIENT_SECRET_JWT:
        sealed = seal_client_secret(
            issuer.issuer_id, client.client_id, secret_id, secret, master_key()
        )
    return ClientSecret(
        secret_id=secret_id, sha256=hash_secret(secret), created_at=now, sealed=sealed
    )


async def create_client(
    store: Store, issuer: Issuer, client: Client, now: int, *, master_key: FindMasterKey
) -> IssuedSecret:
    """Register the client. One that authenticates with a secret gets a new one."""
    secret = None
    if client.auth_method in SECRET_METHODS:
        await _check_master_key(store, client, master_key)
        secret = new_secret()
        client = replace(client, secrets=(keep_secret(client, issuer, secret, now, master_key),))
    await add_client(store, issuer, client, now)
    return IssuedSecret(client=client, secret=secret)


async def add_client(store: Store, issuer: Issuer, client: Client, now: int) -> None:
    """Register the client with the secrets that it holds."""
    await _check(store, issuer, client)
    event = _event(EventType.CLIENT_CHANGED, client, now)
    if not await store.clients.add(issuer.issuer_id, client, event):
        raise ManagementError(
            f'the client_id "{client.client_id}" is taken',
            "choose another, or change the client with: ostiary apply",
            Failure.CONFLICT,
        )


async def change_client(
    store: Store, issuer: Issuer, seen: Client, client: Client, now: int
) -> None:
    """Turn what its author saw into `client`; refused when it has changed meanwhile."""
    await _check(store, issuer, client)
    type_ = EventType.CLIENT_CHANGED
    if set(client.secrets) - set(seen.secrets):
        type_ = EventType.CLIENT_SECRET_ADDED
    if not await store.clients.replace(issuer.issuer_id, seen, client, _event(type_, client, now)):
        raise ManagementError(
            f'the client "{client.client_id}" was changed by somebody else at the same moment',
            "look at it and try again",
            Failure.CONFLICT,
        )


async def find_client(store: Store, issuer: Issuer, client_id: str) -> Client:
    client = await store.clients.find(issuer.issuer_id, client_id)
    if client is None:
        raise ManagementError(
            f'there is no client "{client_id}" at issuer "{issuer.issuer_id}"',
            "see what there is with: ostiary client list",
            Failure.NOT_FOUND,
        )
    return client


async def find_client_issuer(store: Store, issuer_id: str | None, client_id: str) -> Issuer:
    """The issuer of this id; without an id, the only one with such a client."""

    async def holds(issuer: Issuer) -> bool:
        return await store.clients.find(issuer.issuer_id, client_id) is not None

    return await find_holder(store, issuer_id, "client", client_id, holds)


async def find_details(store: Store, issuer: Issuer, client_id: str) -> ClientDetails:
    """Everything that is known of the client."""
    client = await find_client(store, issuer, client_id)
    fetched = client.jwks_uri is not None
    return ClientDetails(
        client=client,
        secret_uses=await store.secret_uses.list(issuer.issuer_id, client_id),
        jwks_fetch=await store.jwks_fetches.find(issuer.issuer_id, client_id) if fetched else None,
    )


async def add_secret(
    store: Store,
    issuer: Issuer,
    client_id: str,
    now: int,
    *,
    master_key: FindMasterKey,
    others_expire_at: int | None = None,
) -> IssuedSecret:
    """A further secret, so that it can be changed without an interruption; at most two are alive.

    With `others_expire_at` the present ones end then, if they do not end before.
    """
    seen = await find_client(store, issuer, client_id)
    if seen.auth_method not in SECRET_METHODS:
        raise ManagementError(
            f'the client "{client_id}" does not authenticate with a secret',
            f"it uses {seen.auth_method}; a client with a secret is registered as client_secret",
            Failure.REFUSED,
        )
    kept = seen.alive_secrets(now)
    if others_expire_at is not None:
        kept = _expiring(seen, kept, others_expire_at).alive_secrets(now)
    if len(kept) >= MOST_SECRETS:
        raise ManagementError(
            f'the client "{client_id}" has {MOST_SECRETS} secrets already',
            "one that ends later counts until then; wait for it, or end all of them with "
            "--expire-others-in 0, which cuts off at once whoever uses them",
            Failure.CONFLICT,
        )
    await _check_master_key(store, seen, master_key)
    secret = new_secret()
    added = keep_secret(seen, issuer, secret, now, master_key)
    client = replace(seen, secrets=(*kept, added))
    await change_client(store, issuer, seen, client, now)
    return IssuedSecret(client=client, secret=secret)


async def set_client_enabled(
    store: Store, issuer: Issuer, client_id: str, now: int, *, enabled: bool
) -> Client:
    """Switch the client on or off; one that is so already is left alone."""
    seen = await find_client(store, issuer, client_id)
    if (seen.disabled_at is None) == enabled:
        return seen
    client = replace(seen, disabled_at=None if enabled else now)
    await change_client(store, issuer, seen, client, now)
    return client


def _expiring(client: Client, kept: tuple[ClientSecret, ...], expires_at: int) -> Client:
    ends = (min(each.expires_at or expires_at, expires_at) for each in kept)
    return replace(
        client,
        secrets=tuple(replace(each, expires_at=end) for each, end in zip(kept, ends, strict=True)),
    )


async def _check(store: Store, issuer: Issuer, client: Client) -> None:
    known = await known_institution_ids(store, issuer, client.institution_ids)
    raise_any(client_faults(client, issuer, known))
    if await store.users.exists(issuer.issuer_id, client.client_id):
        raise ManagementError(
            "the client_id is the id of a user",
            "choose another: a token must say whether a person or a client stands behind it",
            Failure.CONFLICT,
        )


def _event(type_: EventType, client: Client, now: int) -> AuditEvent:
    return AuditEvent(
        type=type_,
        at=now,
        actor="operator",
        client_id=client.client_id,
        institution_id=client.institution_id,
    )
