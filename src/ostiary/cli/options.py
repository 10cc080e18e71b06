"""Options that many commands have."""

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


def examples(*lines: str) -> str:
    """The end of a command's help."""
    listed = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExamples:\n{listed}"
