"""`ostiary apply`: makes the database as a file says."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.apply_example import EXAMPLE
from ostiary.cli.options import AsJson, Config, examples
from ostiary.cli.output import say, show, show_json

if TYPE_CHECKING:
    from ostiary.cli.database import Opened
    from ostiary.management.apply.changes import Change, FieldChange

SIGNS = {"add": "+", "change": "~"}

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "ostiary apply --example > data.toml",
        "ostiary apply -f data.toml --dry-run",
        "ostiary apply -c ostiary.toml -f data.toml",
    )
)
def apply(
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="What is wanted, in TOML.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be changed.")
    ] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print an example of such a file.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add and change issuers, institutions, clients and users as a file says.

    Applying a file again changes nothing. What the file does not say stays as it is, and nothing
    is ever deleted. Secrets and passwords are best given as "${env:NAME}" or "${file:PATH}".
    """
    if example:
        show(EXAMPLE.rstrip())
        return
    if file is None:
        raise typer.BadParameter("name the file, such as: ostiary apply -f data.toml")

    from ostiary.cli.database import WhenMissing, open_store

    with open_store(config, WhenMissing.PRETEND if dry_run else WhenMissing.MAKE) as opened:
        changes = asyncio.run(_apply(opened, file, dry_run=dry_run))
    if as_json:
        listed = [change.as_json() for change in changes]
        show_json({"dry_run": dry_run, "changes": [*listed]})
    else:
        _show(changes)
    say(_summary(changes, dry_run=dry_run))


async def _apply(opened: "Opened", file: Path, *, dry_run: bool) -> "Sequence[Change]":
    from ostiary.accounts.passwords import Passwords
    from ostiary.management.apply.planning import carry_out, plan_file
    from ostiary.management.apply.situation import Workplace

    passwords = Passwords()
    try:
        work = Workplace(
            store=opened.store,
            master_key=opened.master_key(),
            passwords=passwords,
            now=opened.now,
        )
        changes = await plan_file(file, work)
        if not dry_run:
            await carry_out(changes)
    finally:
        passwords.close()
    return changes


def _show(changes: "Sequence[Change]") -> None:
    for change in changes:
        where = "" if change.kind == "issuer" else f" at {change.issuer_id}"
        show(f"{SIGNS[change.action]} {change.kind} {change.id}{where}")
        for field in change.fields:
            show(f"    {field.field}: {_difference(field)}")
        for warning in change.warnings:
            show(f"    ! {warning}")


def _difference(field: "FieldChange") -> str:
    after = json.dumps(field.after, ensure_ascii=False)
    if field.before is None:
        return after
    return f"{json.dumps(field.before, ensure_ascii=False)} -> {after}"


def _summary(changes: "Sequence[Change]", *, dry_run: bool) -> str:
    if not changes:
        return "Nothing to change."
    count = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
    return f"{count}, none of them made: this was a dry run." if dry_run else f"{count} made."
