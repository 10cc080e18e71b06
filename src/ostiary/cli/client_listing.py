"""`ostiary client list` and `show`: what is registered, and what is known of its use."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, IssuerId, IssuersId, examples
from ostiary.cli.output import instant, optional_instant, show, show_json, show_table

if TYPE_CHECKING:
    from ostiary.domain.client import Client
    from ostiary.management.clients import ClientDetails
    from ostiary.protocol.tokens import Json

commands = typer.Typer()


@commands.command("list", epilog=examples("ostiary client list", "ostiary client list --json"))
def list_clients(issuer: IssuersId = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the clients of all issuers, or of one."""
    from ostiary.cli.database import open_store
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[str, Client]]":
        return [
            (chosen.issuer_id, client)
            for chosen in await find_issuers(opened.store, issuer)
            for client in await opened.store.clients.list(chosen.issuer_id)
        ]

    with open_store(config) as opened:
        clients = asyncio.run(found())
    if as_json:
        show_json([_registered(issuer_id, client) for issuer_id, client in clients])
        return
    show_table(
        ("ISSUER", "CLIENT ID", "NAME", "AUTHENTICATION", "GRANTS", "STATE"),
        [
            (
                issuer_id,
                client.client_id,
                client.name,
                client.auth_method,
                " ".join(sorted(client.grant_types)),
                "disabled" if client.disabled_at else "enabled",
            )
            for issuer_id, client in clients
        ],
    )


@commands.command(
    "show",
    epilog=examples("ostiary client show budget-buddy", "ostiary client show demo-service --json"),
)
def show_client(
    client_id: Annotated[str, typer.Argument(help="See: ostiary client list")],
    issuer: IssuerId = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is registered of a client, when its secrets were last used (to the hour), and
    how its keys were last fetched."""
    from ostiary.cli.database import open_store
    from ostiary.management.clients import find_details
    from ostiary.management.issuers import find_issuer

    async def found() -> "tuple[str, ClientDetails]":
        chosen = await find_issuer(opened.store, issuer)
        return chosen.issuer_id, await find_details(opened.store, chosen, client_id)

    with open_store(config) as opened:
        issuer_id, details = asyncio.run(found())
    if as_json:
        show_json(_detailed(issuer_id, details))
    else:
        _show_details(issuer_id, details)


def _registered(issuer_id: str, client: "Client") -> "dict[str, Json]":
    """Every value, under the name that files for ostiary apply have for it."""
    from ostiary.management.apply.changes import plain_fields
    from ostiary.management.apply.plan_clients import KEYS

    named = {KEYS.get(name, name): value for name, value in plain_fields(client).items()}
    return {
        "issuer": issuer_id,
        **{name: value for name, value in named.items() if name},
        "secrets": [
            {
                "secret_id": each.secret_id,
                "created_at": instant(each.created_at),
                "expires_at": optional_instant(each.expires_at),
            }
            for each in client.secrets
        ],
        "disabled": client.disabled_at is not None,
    }


def _detailed(issuer_id: str, details: "ClientDetails") -> "dict[str, Json]":
    fetch = details.jwks_fetch
    return {
        **_registered(issuer_id, details.client),
        "secrets": [
            {
                "secret_id": each.secret_id,
                "created_at": instant(each.created_at),
                "last_used_at": optional_instant(details.secret_uses.get(each.secret_id)),
                "expires_at": optional_instant(each.expires_at),
            }
            for each in details.client.secrets
        ],
        "jwks_fetch": None if fetch is None else {"at": instant(fetch.at), "error": fetch.error},
    }


def _show_details(issuer_id: str, details: "ClientDetails") -> None:
    values = _registered(issuer_id, details.client)
    del values["secrets"]
    width = max(map(len, values)) + 2
    for name, value in values.items():
        show(f"{name:<{width}}{_words(value)}".rstrip())
    if fetch := details.jwks_fetch:
        show(f"{'last fetch':<{width}}{instant(fetch.at)}: {fetch.error or 'good'}")
    if not details.client.secrets:
        return
    show("")
    show_table(
        ("SECRET", "CREATED", "LAST USED", "EXPIRES"),
        [
            (
                each.secret_id,
                instant(each.created_at),
                optional_instant(details.secret_uses.get(each.secret_id)) or "not yet",
                optional_instant(each.expires_at) or "never",
            )
            for each in details.client.secrets
        ],
    )


def _words(value: "Json") -> str:
    """On one line, as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case Mapping():
            return f"{value['kty']} {value.get('kid', '(no kid)')}"
        case _:
            return ", ".join(map(_words, value)) or "none"
