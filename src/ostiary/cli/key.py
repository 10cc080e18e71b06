"""`ostiary key`: signing keys, which rotate by themselves and may be rotated by hand."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, IssuerId, IssuersId, examples
from ostiary.cli.output import instant, say, show_json, show_table
from ostiary.protocol.jose.algorithms import Algorithm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ostiary.domain.signing_keys import SigningKey
    from ostiary.management.keys import ListedKey

commands = typer.Typer(help="The keys that sign tokens.", no_args_is_help=True)


@commands.command("list", epilog=examples("ostiary key list", "ostiary key list --json"))
def list_keys(issuer: IssuersId = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the signing keys of all issuers, or of one, with their states."""
    from ostiary.cli.database import open_store
    from ostiary.management import keys
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[str, ListedKey]]":
        return [
            (chosen.issuer_id, each)
            for chosen in await find_issuers(opened.store, issuer)
            for each in await keys.list_keys(opened.store, chosen, opened.now)
        ]

    with open_store(config) as opened:
        listed = asyncio.run(found())
    if as_json:
        show_json(
            [
                {
                    "issuer": issuer_id,
                    "kid": each.key.kid,
                    "algorithm": str(each.key.algorithm),
                    "state": str(each.state),
                    "created_at": instant(each.key.created_at),
                    "activates_at": instant(each.key.activates_at),
                }
                for issuer_id, each in listed
            ]
        )
        return
    show_table(
        ("ISSUER", "ALGORITHM", "STATE", "ACTIVATES AT", "KID"),
        [
            (
                issuer_id,
                each.key.algorithm,
                each.state,
                instant(each.key.activates_at),
                each.key.kid,
            )
            for issuer_id, each in listed
        ],
    )


@commands.command(
    epilog=examples(
        "ostiary key rotate                            # all algorithms",
        "ostiary key rotate --algorithm ES256 --lead 2h",
    )
)
def rotate(
    algorithm: Annotated[
        list[Algorithm] | None, typer.Option(help="May be repeated. Default: all")
    ] = None,
    lead: Annotated[
        str, typer.Option(metavar="TIME", help="How long it is published before it signs.")
    ] = "1d",
    issuer: IssuerId = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add successors, which are published now and sign later. An algorithm whose successor waits
    already gets no other."""
    from ostiary.cli.database import open_store
    from ostiary.cli.parameters import seconds
    from ostiary.management import keys
    from ostiary.management.issuers import find_issuer

    delay = seconds(lead)

    async def added() -> "Sequence[SigningKey]":
        return await keys.rotate(
            opened.store,
            opened.master_key(),
            await find_issuer(opened.store, issuer),
            algorithm or list(Algorithm),
            opened.now,
            delay,
        )

    with open_store(config) as opened:
        new_keys = asyncio.run(added())
    _show_added(new_keys, as_json=as_json)


def _show_added(new_keys: "Sequence[SigningKey]", *, as_json: bool) -> None:
    if as_json:
        show_json(
            [
                {
                    "kid": key.kid,
                    "algorithm": str(key.algorithm),
                    "activates_at": instant(key.activates_at),
                }
                for key in new_keys
            ]
        )
    elif new_keys:
        show_table(
            ("ALGORITHM", "ACTIVATES AT", "KID"),
            [(key.algorithm, instant(key.activates_at), key.kid) for key in new_keys],
        )
    if not new_keys:
        say("No key was added: a successor waits already. See: ostiary key list")
