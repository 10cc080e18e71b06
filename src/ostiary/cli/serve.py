"""`ostiary serve`: production. It refuses what is only fit for trying out."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import examples
from ostiary.cli.output import say
from ostiary.cli.stopping import stopping_quietly

if TYPE_CHECKING:
    from ostiary.serving.plan import Plan

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "ostiary serve                     # with the ostiary.toml of this directory",
        "ostiary serve --config /etc/ostiary/ostiary.toml",
        "OSTIARY_LOG__LEVEL=debug ostiary serve --config ostiary.toml --port 8080",
        "ostiary serve --workers auto      # a process for each core",
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
    workers: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="How many processes answer, instead of the file's; auto is one for each core.",
        ),
    ] = None,
) -> None:
    """Serve the issuers of the database. To try Ostiary out, use: ostiary dev"""
    from ostiary.cli.database import find_configuration
    from ostiary.serving import process

    config = config or find_configuration()
    given = {"host": host, "port": port, "workers": workers}
    flags = {name: value for name, value in given.items() if value is not None}
    plan = _read(config, flags)
    issuers = process.prepare(plan)
    if issuers is not None and not issuers:
        say("There is no issuer yet; add one with: ostiary apply -f FILE")
    server = plan.settings.server
    with stopping_quietly():
        process.serve(
            plan,
            prepared=issuers is not None,
            on_ready=lambda: say(f"Serving on {server.host}:{server.port}"),
            read_again=lambda: _read(config, flags),
        )


def _read(config: Path | None, flags: Mapping[str, object]) -> "Plan":
    """What is to be served, from the file, the variables and the options."""
    from ostiary.serving.plan import Plan
    from ostiary.settings import find_master_key, load_settings

    if config is not None:
        _check_is_file(config)
    settings = load_settings(config, os.environ, {"server": flags})
    plan = Plan(settings=settings, master_key=find_master_key(settings, os.environ))
    _check_is_no_demo(plan)
    return plan


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


def _check_is_no_demo(plan: "Plan") -> None:
    from ostiary.cli import data_directory
    from ostiary.management.errors import Failure, ManagementError

    source = plan.settings.database.source
    if isinstance(source, Path) and data_directory.is_demo(source.parent):
        raise ManagementError(
            f"{source} holds the demo data of ostiary dev, whose passwords everybody knows",
            "name another database.path; ostiary dev serves this one",
            Failure.REFUSED,
        )
