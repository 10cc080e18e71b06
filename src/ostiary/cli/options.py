"""Options that many commands have."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="OSTIARY_CONFIG",
        metavar="FILE",
        help="The configuration, or a data directory of ostiary dev. "
        "Default: ostiary.toml or .ostiary in this directory.",
    ),
]
IssuerId: TypeAlias = Annotated[
    str | None,
    typer.Option("--issuer", metavar="ID", help="Which issuer. Not needed when there is only one."),
]
HolderId: TypeAlias = Annotated[
    str | None,
    typer.Option("--issuer", metavar="ID", help="Which issuer. Not needed when only one has it."),
]
IssuersId: TypeAlias = Annotated[
    str | None, typer.Option("--issuer", metavar="ID", help="Of this issuer. Default: of all")
]
InstitutionId: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--institution", metavar="ID", help="Which institution. Not needed when there is only one."
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@contextmanager
def faults_named(options: Mapping[str, str]) -> Iterator[None]:
    """Tells the faults of what was typed by the options, and not by the keys of a file."""
    from ostiary.management.faults import FaultsFound

    try:
        yield
    except FaultsFound as found:
        told = [replace(each, field=options.get(each.field, each.field)) for each in found.faults]
        raise FaultsFound(told) from found


def examples(*lines: str) -> str:
    """The end of a command's help."""
    listed = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExamples:\n{listed}"
