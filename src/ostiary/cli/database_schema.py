"""`ostiary db`: the database and its schema."""

from typing import TYPE_CHECKING

import typer

from ostiary.cli import backup
from ostiary.cli.options import AsJson, Config, examples
from ostiary.cli.output import say, show, show_json

if TYPE_CHECKING:
    from ostiary.protocol.tokens import Json
    from ostiary.storage.source import Source

commands = typer.Typer(help="The database.", no_args_is_help=True)
commands.add_typer(backup.commands)


@commands.command(epilog=examples("ostiary db status", "ostiary db status --json"))
def status(config: Config = None, as_json: AsJson = False) -> None:
    """Say where the database is and whether its schema is current."""
    from ostiary.cli.database import locate

    found = _status(locate(config).database.source)
    if as_json:
        show_json(found)
        return
    for name, value in found.items():
        show(f"{name}: {value or 'none'}")


@commands.command(
    epilog=examples("ostiary db upgrade", "ostiary db upgrade --config ostiary.toml --json")
)
def upgrade(config: Config = None, as_json: AsJson = False) -> None:
    """Make the schema, or bring it up to date; `ostiary serve` does so by itself."""
    from ostiary.cli.database import locate
    from ostiary.storage.schema import HEAD, ensure_schema

    source = locate(config).database.source
    ensure_schema(source)
    if as_json:
        show_json({"database": str(source), "version": HEAD})
        return
    say(f"{source} is of version {HEAD}.")


def _status(source: "Source") -> "dict[str, Json]":
    from ostiary.storage.schema import HEAD, schema_state, schema_version

    version = schema_version(source)
    return {
        "database": str(source),
        "version": version,
        "newest": HEAD,
        "state": schema_state(version).value,
    }
