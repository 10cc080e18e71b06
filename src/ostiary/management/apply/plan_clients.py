"""Planning clients."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ostiary.domain.client import Client
from ostiary.domain.issuer import Environment, Issuer
from ostiary.management.apply.changes import Action, Change, FieldChange, differences
from ostiary.management.apply.document import Located
from ostiary.management.apply.entries import ClientEntry
from ostiary.management.apply.situation import Situation
from ostiary.management.client_faults import client_faults
from ostiary.management.clients import (
    MOST_SECRETS,
    add_client,
    alive_secrets,
    change_client,
    default_scopes,
    hash_secret,
    kept_secret,
)

SHORTEST_SECRET = 32

# key of the file -> field of the client, where they differ
_FIELDS = {"institution": "institution_id", "profile": "profile_name"}
# What a key of the file does not simply set.
_APART = frozenset({"issuer", "client_id", "secret", "disabled"})
# field of the client -> key of the file; those that map to nothing are told in their own way
_KEYS = {field: key for key, field in _FIELDS.items()} | {"secrets": "", "disabled_at": ""}


async def plan_clients(
    entries: Sequence[Located[ClientEntry]], situation: Situation
) -> Sequence[Change]:
    changes = []
    for located in entries:
        issuer = situation.issuer(located)
        situation.is_first(located, "client", located.entry.issuer, located.entry.client_id)
        change = await _plan(issuer, located, situation)
        if change is not None:
            changes.append(change)
    return changes


async def _plan(
    issuer: Issuer, located: Located[ClientEntry], situation: Situation
) -> Change | None:
    work, entry = situation.work, located.entry
    before = await work.store.clients.find(issuer.issuer_id, entry.client_id)
    wanted = _wanted(before or _plain_client(entry, issuer), entry, work.now)
    client = _with_secret(wanted, issuer, located, situation)
    institution_ids = situation.institution_ids.get(issuer.issuer_id, set())
    situation.add_faults(located, issuer, client_faults(client, issuer, institution_ids))
    if await work.store.users.exists(issuer.issuer_id, client.client_id):
        message = "this is the id of a user; choose another"
        situation.faults.add((*located.path, "client_id"), message)
    if before is None:
        carry_out = partial(add_client, work.store, issuer, client, work.now)
    elif client != before:
        carry_out = partial(change_client, work.store, issuer, before, client, work.now)
    else:
        return None
    return Change(
        action=Action.ADD if before is None else Action.CHANGE,
        kind="client",
        issuer_id=issuer.issuer_id,
        id=client.client_id,
        fields=_differences(before, client, issuer),
        carry_out=carry_out,
    )


def _wanted(before: Client, entry: ClientEntry, now: int) -> Client:
    said: dict[str, Any] = {
        _FIELDS.get(name, name): value for name, value in entry.said().items() if name not in _APART
    }
    client = replace(before, **said)
    if "disabled" not in entry.said():
        return client
    return replace(client, disabled_at=(client.disabled_at or now) if entry.disabled else None)


def _plain_client(entry: ClientEntry, issuer: Issuer) -> Client:
    return Client(
        client_id=entry.client_id,
        name=entry.name,
        institution_id=entry.institution,
        auth_method=entry.auth_method,
        scopes=default_scopes(issuer),
    )


def _with_secret(
    client: Client, issuer: Issuer, located: Located[ClientEntry], situation: Situation
) -> Client:
    """The client with the file's secret among its own; beyond two, the oldest one goes."""
    if "secret" not in located.entry.said():
        return client
    path = (*located.path, "secret")
    secret = situation.secret(path, located.entry.secret)
    if secret is None:
        return client
    _check_length(path, secret, issuer, situation)
    alive = alive_secrets(client, situation.work.now)
    if hash_secret(secret) in {each.sha256 for each in alive}:
        return client
    kept = (*alive, kept_secret(secret, situation.work.now))
    return replace(client, secrets=kept[-MOST_SECRETS:])


def _check_length(
    path: tuple[str | int, ...], secret: str, issuer: Issuer, situation: Situation
) -> None:
    """Secrets are kept as a bare hash, which only a random one can bear."""
    if issuer.environment is Environment.PRODUCTION and len(secret) < SHORTEST_SECRET:
        message = (
            f"give {SHORTEST_SECRET} random characters or more; or leave it out, and make one "
            "with: ostiary client secret"
        )
        situation.faults.add(path, message)
    elif not secret:
        situation.faults.add(path, "the secret is empty; give one, or leave it out")


def _differences(before: Client | None, client: Client, issuer: Issuer) -> list[FieldChange]:
    found = differences(before, client, _KEYS, {"scopes": [*sorted(default_scopes(issuer))]})
    was_disabled = before is not None and before.disabled_at is not None
    disabled = client.disabled_at is not None
    if disabled != was_disabled:
        found.append(FieldChange(field="disabled", before=was_disabled, after=disabled))
    if client.secrets != (before.secrets if before else ()):
        found.append(FieldChange(field="secret", before=None, after="(new secret)"))
    return found
