"""`ostiary serve`: production. It refuses what is only fit for trying out."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import examples
from ostiary.cli.output import say
from ostiary.cli.stopping import stopping_quietly

if TYPE_CHECKING:
    from ostiary.settings import Settings
    from ostiary.signing.master_key import MasterKey

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "ostiary serve                     # with the ostiary.toml of this directory",
        "ostiary serve --config /etc/ostiary/ostiary.toml",
        "OSTIARY_LOG__LEVEL=debug ostiary serve --config ostiary.toml --port 8080",
    )
)
def serve(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            envvar="OSTIARY_CONFIG",
            metavar="FILE",
            help="The configuration that ostiary init writes. Default: ostiary.toml here.",
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Where to listen, instead of the file's.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where to listen, instead of the file's.")
    ] = None,
) -> None:
    """Serve the issuers of the database. To try Ostiary out, use: ostiary dev"""
    from ostiary import app
    from ostiary.cli.database import find_configuration
    from ostiary.management.errors import Failure, ManagementError
    from ostiary.settings import find_master_key, load_settings

    config = config or find_configuration()
    if config is not None:
        _check_is_file(config)
    flags = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_settings(config, os.environ, {"server": flags})
    master_key = find_master_key(settings, os.environ)
    _check_fit(settings, master_key)
    from ostiary.management.issuers import production_faults

    address = f"{settings.server.host}:{settings.server.port}"
    try:
        with stopping_quietly():
            app.serve(
                settings,
                master_key=master_key,
                # Also for what is applied while it runs.
                unfit=lambda issuer: production_faults([issuer]),
                on_ready=lambda: say(f"Serving on {address}"),
            )
    except OSError as error:
        raise ManagementError(
            f"cannot listen on {address}: {os.strerror(error.errno or 0)}",
            "stop what uses the port, or choose another: --port, or server.port in the file",
            Failure.UNAVAILABLE,
        ) from error


def _check_is_file(config: Path) -> None:
    """Other commands take a data directory of ostiary dev, so people will name one here too."""
    from ostiary.cli import data_directory
    from ostiary.management.errors import Failure, ManagementError

    if data_directory.is_demo(config):
        raise ManagementError(
            f"{config} is a development directory, whose passwords everybody knows",
            f"serve it with: ostiary dev --data {config}",
            Failure.REFUSED,
        )
    if config.is_dir():
        raise ManagementError(
            f"{config} is a directory", f"name the file in it, such as {config / 'ostiary.toml'}"
        )


def _check_fit(settings: "Settings", master_key: "MasterKey") -> None:
    """Refuse demo data, sandboxes, plain http beyond loopback and another database's master key."""
    from ostiary.cli import data_directory
    from ostiary.management.errors import Failure, ManagementError
    from ostiary.storage.schema import ensure_schema_beside

    path = settings.database.path
    if data_directory.is_demo(path.parent):
        raise ManagementError(
            f"{path} holds the demo data of ostiary dev, whose passwords everybody knows",
            "name another database.path; ostiary dev serves this one",
            Failure.REFUSED,
        )
    ensure_schema_beside(path)
    faults = asyncio.run(_faults(path, master_key))
    if faults:
        raise ManagementError(
            "not fit for production",
            "; ".join(faults),
            Failure.REFUSED,
        )


async def _faults(path: Path, master_key: "MasterKey") -> list[str]:
    from ostiary.management.issuers import production_faults
    from ostiary.management.keys import check_master_key
    from ostiary.storage.store import Store

    store = Store.open(path)
    try:
        issuers = await store.issuers.list()
        if not issuers:
            say("There is no issuer yet; add one with: ostiary apply -f FILE")
        for issuer in issuers:
            await check_master_key(store, master_key, issuer)
        return list(production_faults(issuers))
    finally:
        store.close()
