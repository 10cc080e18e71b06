"""What proves a client, as a file says it: its secret, its public keys, and what they replace."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.issuer import Environment, Issuer
from ostiary.management.apply.document import Located
from ostiary.management.apply.entries import ClientEntry
from ostiary.management.apply.situation import Situation
from ostiary.management.client_keys import check_public_key, read_public_keys
from ostiary.management.clients import MOST_SECRETS, hash_secret, keep_secret
from ostiary.management.toml_lines import KeyPath
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json

SHORTEST_SECRET = 32


def without_replaced(client: Client, entry: ClientEntry) -> Client:
    """Another method leaves nothing of the one before; keys and a jwks_uri take each other's place."""
    said = entry.said()
    if said.get("auth_method", client.auth_method) is not client.auth_method:
        return replace(client, secrets=(), public_keys=(), jwks_uri=None, assertion_algorithm=None)
    if said.get("jwks_uri"):
        client = replace(client, public_keys=())
    if said.get("public_keys"):
        client = replace(client, jwks_uri=None)
    return client


def read_keys(
    located: Located[ClientEntry], situation: Situation
) -> Sequence[Mapping[str, str]] | None:
    """The keys that the file gives, as they are stored; None, and faults, when one is no key."""
    path = (*located.path, "public_keys")
    read = [
        _read_key((*path, index), value, situation)
        for index, value in enumerate(located.entry.public_keys)
    ]
    return [key for keys in read for key in keys] if all(read) else None


def _read_key(path: KeyPath, value: Json, situation: Situation) -> Sequence[Mapping[str, str]]:
    """One, or those of a set; none, and a fault, when there is none to be had."""
    try:
        if not isinstance(value, str):
            return [check_public_key(value)]
        text = situation.secret(path, value)
        return [] if text is None else read_public_keys(text)
    except Malformed as error:
        situation.faults.add(path, f"write {error.expected}")
        return []


def with_secret(
    client: Client, issuer: Issuer, located: Located[ClientEntry], situation: Situation
) -> Client:
    """The client with the file's secret among its own; beyond two, the oldest one goes."""
    if "secret" not in located.entry.said():
        return client
    work, path = situation.work, (*located.path, "secret")
    secret = situation.secret(path, located.entry.secret)
    if secret is None:
        return client
    _check_length(path, secret, client, issuer, situation)
    alive = client.alive_secrets(work.now)
    if hash_secret(secret) in {each.sha256 for each in alive}:
        return client
    kept = (*alive, keep_secret(client, issuer, secret, work.now, lambda: work.master_key))
    return replace(client, secrets=kept[-MOST_SECRETS:])


def _check_length(
    path: KeyPath, secret: str, client: Client, issuer: Issuer, situation: Situation
) -> None:
    """A bare hash protects a random secret alone, and an HMAC needs a long one (RFC 7518 §3.2)."""
    signs = client.auth_method is AuthMethod.CLIENT_SECRET_JWT
    matters = signs or issuer.environment is Environment.PRODUCTION
    if matters and len(secret) < SHORTEST_SECRET:
        message = (
            f"give {SHORTEST_SECRET} random characters or more; or leave it out, and make one "
            "with: ostiary client secret"
        )
        situation.faults.add(path, message)
    elif not secret:
        situation.faults.add(path, "the secret is empty; give one, or leave it out")
