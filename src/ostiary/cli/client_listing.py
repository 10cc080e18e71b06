"""`ostiary client list` and `show`: what is registered, and what is known of its use."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.client_text import client_lines
from ostiary.cli.options import AsJson, Config, HolderId, IssuersId, examples
from ostiary.cli.output import instant, optional_instant, show, show_json, show_table

if TYPE_CHECKING:
    from ostiary.domain.client import Client
    from ostiary.domain.issuer import Issuer
    from ostiary.management.clients import ClientDetails
    from ostiary.protocol.tokens import Json

commands = typer.Typer()


@commands.command("list", epilog=examples("ostiary client list", "ostiary client list --json"))
def list_clients(issuer: IssuersId = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the clients of all issuers, or of one."""
    from ostiary.cli.database import open_store
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[Issuer, Client]]":
        return [
            (chosen, client)
            for chosen in await find_issuers(opened.store, issuer)
            for client in await opened.store.clients.list(chosen.issuer_id)
        ]

    with open_store(config) as opened:
        clients = asyncio.run(found())
    if as_json:
        show_json([_registered(owner, client) for owner, client in clients])
        return
    show_table(
        ("ISSUER", "CLIENT ID", "NAME", "AUTHENTICATION", "GRANTS", "STATE"),
        [
            (
                owner.issuer_id,
                client.client_id,
                client.name,
                client.auth_method,
                " ".join(sorted(client.grant_types)),
                _state(owner, client),
            )
            for owner, client in clients
        ],
    )


@commands.command(
    "show",
    epilog=examples("ostiary client show budget-buddy", "ostiary client show demo-service --json"),
)
def show_client(
    client_id: Annotated[str, typer.Argument(help="See: ostiary client list")],
    issuer: HolderId = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is registered of a client, what its profile makes of it, when its secrets were
    last used (to the hour), and how its keys were last fetched."""
    from ostiary.cli.database import open_store
    from ostiary.management.clients import find_client_issuer, find_details

    async def found() -> "tuple[Issuer, ClientDetails]":
        chosen = await find_client_issuer(opened.store, issuer, client_id)
        return chosen, await find_details(opened.store, chosen, client_id)

    with open_store(config) as opened:
        owner, details = asyncio.run(found())
    if as_json:
        show_json(_detailed(owner, details))
    else:
        _show_details(owner, details)


def _state(issuer: "Issuer", client: "Client") -> str:
    if client.disabled_at is not None:
        return "disabled"
    return "does not fit" if _faults(issuer, client) else "enabled"


def _faults(issuer: "Issuer", client: "Client") -> list[str]:
    """Why the issuer, which may have changed since, would not register the client today."""
    from ostiary.management.client_faults import client_faults

    faults = client_faults(client, issuer, client.institution_ids)
    return [f"{fault.field}: {fault.message}" for fault in faults]


def _registered(issuer: "Issuer", client: "Client") -> "dict[str, Json]":
    """Every value, under the name that files for ostiary apply have for it."""
    from ostiary.management.apply.changes import plain_fields
    from ostiary.management.apply.plan_clients import KEYS

    named = {KEYS.get(name, name): value for name, value in plain_fields(client).items()}
    return {
        "issuer": issuer.issuer_id,
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
        "faults": [*_faults(issuer, client)],
    }


def _detailed(issuer: "Issuer", details: "ClientDetails") -> "dict[str, Json]":
    fetch = details.jwks_fetch
    return {
        **_registered(issuer, details.client),
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


def _show_details(issuer: "Issuer", details: "ClientDetails") -> None:
    values = _registered(issuer, details.client)
    for line in client_lines(values, issuer, details, _faults(issuer, details.client)):
        show(line)
    if not details.client.secrets:
        return
    show("")
    show_table(
        ("SECRET", "CREATED", "LAST USED, TO THE HOUR", "EXPIRES"),
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
