"""The program `ostiary`: its command groups."""

from typing import Annotated

import typer

from ostiary import __version__
from ostiary.cli import (
    apply,
    audit,
    client,
    database_schema,
    dev,
    doctor,
    init,
    key,
    logout,
    refusal,
    serve,
    user,
)
from ostiary.cli.failures import Program
from ostiary.cli.output import show

program = typer.Typer(
    name="ostiary",
    cls=Program,
    help="An OpenID Provider for financial institutions and for the developers who integrate with them.",
    epilog="\b\nTo try it out:        ostiary dev\nTo set up production: ostiary init",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        show(f"ostiary {__version__}")
        raise typer.Exit


@program.callback()
def ostiary(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


for commands in (dev.commands, serve.commands, init.commands, apply.commands, doctor.commands):
    program.add_typer(commands)
for name, group in (
    ("client", client.commands),
    ("user", user.commands),
    ("key", key.commands),
    ("db", database_schema.commands),
    ("refusal", refusal.commands),
    ("logout", logout.commands),
    ("audit", audit.commands),
):
    program.add_typer(group, name=name)
