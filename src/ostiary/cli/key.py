"""`ostiary key`: keys that sign tokens and seal handles; they rotate by themselves, or by hand."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, IssuerId, IssuersId, examples
from ostiary.cli.output import instant, say, show_json, show_table
from ostiary.protocol.jose.algorithms import Algorithm

if TYPE_CHECKING:
    from typing import TypeAlias

    from ostiary.domain.handle_keys import HandleKey
    from ostiary.domain.signing_keys import SigningKey
    from ostiary.management.keys import ListedKey

    Added: TypeAlias = dict[str, str]

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
        "ostiary key rotate --handles                  # the key of codes, refresh tokens, cookies",
    )
)
def rotate(
    algorithm: Annotated[
        list[Algorithm] | None, typer.Option(help="May be repeated. Default: all")
    ] = None,
    handles: Annotated[
        bool,
        typer.Option(
            "--handles", help="Instead: the key that seals codes, refresh tokens and cookies."
        ),
    ] = False,
    lead: Annotated[
        str, typer.Option(metavar="TIME", help="How long it is published before it is used.")
    ] = "1d",
    issuer: IssuerId = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add successors, which are published now and used later. A key whose successor waits already
    gets no other."""
    from ostiary.cli.database import open_store
    from ostiary.cli.parameters import seconds
    from ostiary.management import keys
    from ostiary.management.errors import ManagementError
    from ostiary.management.issuers import find_issuer

    delay = seconds(lead)

    if handles and algorithm:
        raise ManagementError(
            "--handles and --algorithm name different keys", "rotate one after the other"
        )

    async def added() -> "list[Added]":
        chosen = await find_issuer(opened.store, issuer)
        place = (opened.store, opened.master_key(), chosen)
        if handles:
            handle_key = await keys.rotate_handle_key(*place, opened.now, delay)
            return [] if handle_key is None else [_handle_key(handle_key)]
        wanted = algorithm or list(Algorithm)
        return [_signing_key(each) for each in await keys.rotate(*place, wanted, opened.now, delay)]

    with open_store(config) as opened:
        new_keys = asyncio.run(added())
    if as_json:
        show_json([*new_keys])
    elif new_keys:
        headings = [name.replace("_", " ").upper() for name in new_keys[0]]
        show_table(headings, [[*each.values()] for each in new_keys])
    if not new_keys:
        say("No key was added: a successor waits already. See: ostiary key list")


def _signing_key(key: "SigningKey") -> "Added":
    return {
        "algorithm": str(key.algorithm),
        "activates_at": instant(key.activates_at),
        "kid": key.kid,
    }


def _handle_key(key: "HandleKey") -> "Added":
    return {"handle_key": str(key.number), "activates_at": instant(key.activates_at)}
