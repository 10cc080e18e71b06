"""Planning clients."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ostiary.domain.client import Client
from ostiary.domain.issuer import Issuer
from ostiary.management.apply.changes import Action, Change, FieldChange, differences
from ostiary.management.apply.client_proof import read_keys, with_secret, without_replaced
from ostiary.management.apply.document import Located
from ostiary.management.apply.entries import ClientEntry
from ostiary.management.apply.situation import Situation
from ostiary.management.client_faults import client_faults
from ostiary.management.clients import (
    add_client,
    change_client,
    default_scopes,
)
from ostiary.management.profile_faults import default_id_token_algorithm

# key of the file -> field of the client, where they differ
_FIELDS = {
    "institution": "institution_id",
    "further_institutions": "further_institution_ids",
    "profile": "profile_name",
}
# Keys whose empty text takes the value away.
_REMOVABLE = frozenset({"backchannel_logout_uri", "jwks_uri", "profile", "sector"})
# What a key of the file does not simply set.
_APART = frozenset({"issuer", "client_id", "secret", "public_keys", "disabled"})
# field of the client -> key of the file; those that map to nothing are told in their own way
KEYS = {field: key for key, field in _FIELDS.items()} | {
    "secrets": "",
    "disabled_at": "",
    "revision": "",
}


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
    work = situation.work
    before = await work.store.clients.find(issuer.issuer_id, located.entry.client_id)
    located = situation.completed(located, before, issuer)
    entry = located.entry
    wanted = _wanted(before or _plain_client(entry, issuer), entry, work.now)
    if "public_keys" in entry.said():
        keys = read_keys(located, situation)
        if keys is None:
            located = replace(located, unread=located.unread | {"public_keys"})
        wanted = replace(wanted, public_keys=tuple(keys or ()))
    client = with_secret(wanted, issuer, located, situation)
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
        _FIELDS.get(name, name): (value or None) if name in _REMOVABLE else value
        for name, value in entry.said().items()
        if name not in _APART
    }
    client = replace(without_replaced(before, entry), **said)
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
        id_token_algorithm=default_id_token_algorithm(entry.profile or issuer.profile_name),
    )


def _differences(before: Client | None, client: Client, issuer: Issuer) -> list[FieldChange]:
    found = differences(before, client, KEYS, {"scopes": [*sorted(default_scopes(issuer))]})
    was_disabled = before is not None and before.disabled_at is not None
    disabled = client.disabled_at is not None
    if disabled != was_disabled:
        found.append(FieldChange(field="disabled", before=was_disabled, after=disabled))
    if client.secrets != (before.secrets if before else ()):
        after = "(new secret)" if client.secrets else "(none)"
        found.append(FieldChange(field="secret", before=None, after=after))
    return found
