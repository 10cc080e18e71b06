"""`ostiary audit`: what happened, and the proof that nobody has changed the record of it."""

import asyncio
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ostiary.cli.failures import ExitCode
from ostiary.cli.options import AsJson, Config, IssuersId, examples
from ostiary.cli.output import instant, say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from ostiary.domain.audit import AuditEvent
    from ostiary.domain.audit_chain import ChainFault
    from ostiary.domain.audit_seal import Anchor
    from ostiary.management.audit import Verified
    from ostiary.protocol.tokens import Json

commands = typer.Typer(
    help="Security events, and the seals that prove them unchanged.", no_args_is_help=True
)

Since: TypeAlias = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help='Seals made since so long ago, such as "30d".'),
]


@commands.command(
    "list", epilog=examples("ostiary audit list", "ostiary audit list --limit 1000 --json")
)
def list_events(
    issuer: IssuersId = None,
    limit: Annotated[int, typer.Option(min=1, help="So many of each issuer.")] = 100,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the latest security events, the newest first."""
    from ostiary.cli.database import open_store
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[str, AuditEvent]]":
        return [
            (chosen.issuer_id, event)
            for chosen in await find_issuers(opened.store, issuer)
            for event in await opened.store.audit.latest(chosen.issuer_id, limit)
        ]

    with open_store(config) as opened:
        events = asyncio.run(found())
    if as_json:
        show_json([_event_as_json(issuer_id, event) for issuer_id, event in events])
        return
    show_table(
        ("ISSUER", "AT", "TYPE", "ACTOR", "CLIENT ID", "USER", "REASON"),
        [
            (
                issuer_id,
                instant(event.at),
                event.type,
                event.actor,
                event.client_id or "",
                event.user_id or "",
                event.reason or "",
            )
            for issuer_id, event in events
        ],
    )


@commands.command(
    epilog=examples(
        "ostiary audit verify",
        "ostiary audit verify --since 30d --json",
        "ostiary audit verify --issuer main --expect 1234:9f86d081884c7d65...",
        "ostiary audit verify audit.jsonl      # an export; needs no database",
    )
)
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", exists=True, dir_okay=False, help="An export."),
    ] = None,
    issuer: IssuersId = None,
    since: Since = None,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="SEAL",
            help="A seal that must be there, as an earlier verify, a log or an export told it.",
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Prove that no sealed event was changed, left out, inserted or moved.

    Exit code 1 when one was. That the newest seals were cut off with their events is only noticed
    with --expect: keep the seal that is printed somewhere else.
    """
    expected = None if expect is None else _anchor(expect)
    if file is None:
        verified = _verify_database(config, issuer, since, expected)
    else:
        verified = _verify_file(file, issuer, expected)
    if as_json:
        show_json([_verified_as_json(each) for each in verified])
    else:
        for each in verified:
            _show_verified(each)
    if any(each.faults for each in verified):
        raise typer.Exit(ExitCode.FAILED)


@commands.command(
    epilog=examples(
        "ostiary audit export -o audit.jsonl",
        "ostiary audit export --issuer main | gzip > audit.jsonl.gz",
    )
)
def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="A new file. Default: standard output"),
    ] = None,
    issuer: IssuersId = None,
    config: Config = None,
) -> None:
    """Write all events with their seals and public keys, one JSON object a line."""
    from ostiary.cli.database import Opened, open_store
    from ostiary.management import audit
    from ostiary.management.issuers import find_issuers

    async def write(opened: Opened, target: "BinaryIO") -> int:
        lines = 0
        key = opened.master_key()
        for chosen in await find_issuers(opened.store, issuer):
            async for line in audit.export(opened.store, key, chosen.issuer_id, opened.now):
                target.write(line + b"\n")
                lines += 1
        return lines

    with open_store(config) as opened, _opened(output) as target:
        written = asyncio.run(write(opened, target))
    if output is not None:
        say(f"Wrote {written} lines to {output}. Verify them with: ostiary audit verify {output}")


@contextmanager
def _opened(path: Path | None) -> "Iterator[BinaryIO]":
    """A new file for its owner alone, or standard output."""
    from ostiary.management.errors import Failure, ManagementError

    if path is None:
        yield typer.get_binary_stream("stdout")
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ManagementError(
            f"{path} is there already", "name a new file", Failure.CONFLICT
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _anchor(text: str) -> "Anchor":
    from ostiary.domain.audit_seal import parse_anchor
    from ostiary.protocol.malformed import Malformed

    try:
        return parse_anchor(text)
    except Malformed as error:
        raise typer.BadParameter(f"write {error.expected}", param_hint="--expect") from error


def _verify_database(
    config: Path | None, issuer: str | None, since: str | None, expected: "Anchor | None"
) -> "Sequence[Verified]":
    from ostiary.cli.database import Opened, open_store
    from ostiary.cli.parameters import seconds
    from ostiary.management import audit
    from ostiary.management.issuers import find_issuer, find_issuers

    async def verify_each(opened: Opened) -> "Sequence[Verified]":
        key = opened.master_key()
        ago = None if since is None else seconds(since)
        # A seal is of one issuer.
        chosen = (
            await find_issuers(opened.store, issuer)
            if expected is None
            else [await find_issuer(opened.store, issuer)]
        )
        verified = []
        for issuer_id in (each.issuer_id for each in chosen):
            first = (
                1
                if ago is None
                else await audit.first_since(opened.store, issuer_id, opened.now - ago)
            )
            verified.append(
                await audit.verify(opened.store, key, issuer_id, first=first, expected=expected)
            )
        return verified

    with open_store(config) as opened:
        return asyncio.run(verify_each(opened))


def _verify_file(file: Path, issuer: str | None, expected: "Anchor | None") -> "Sequence[Verified]":
    from ostiary.management.audit_export import verify_export

    with file.open("rb") as lines:
        return verify_export(lines, issuer_id=issuer, expected=expected)


def _show_verified(verified: "Verified") -> None:
    from ostiary.domain.counted import counted

    name = verified.issuer_id
    for word, faults in (("", verified.faults), ("warning: ", verified.warnings)):
        for fault in faults:
            event = "" if fault.event_id is None else f" (event {fault.event_id})"
            show(f"{name}: {word}seal {fault.seal}: {fault.text}{event}")
    outcome = counted(len(verified.faults), "fault").upper() if verified.faults else "ok"
    show(
        f"{name}: {outcome}; {counted(verified.events, 'event')} under "
        f"{counted(verified.seals, 'seal')}, "
        f"{verified.unsealed} not sealed yet"
    )
    if verified.last is not None:
        show(f"{name}: last seal {verified.last}")


def _verified_as_json(verified: "Verified") -> "dict[str, Json]":
    return {
        "issuer": verified.issuer_id,
        "ok": not verified.faults,
        "seals": verified.seals,
        "events": verified.events,
        "unsealed": verified.unsealed,
        "last_seal": None if verified.last is None else str(verified.last),
        "faults": [_fault_as_json(fault) for fault in verified.faults],
        "warnings": [_fault_as_json(fault) for fault in verified.warnings],
    }


def _fault_as_json(fault: "ChainFault") -> "dict[str, Json]":
    return {
        "kind": str(fault.kind),
        "seal": fault.seal,
        "event_id": fault.event_id,
        "text": fault.text,
    }


def _event_as_json(issuer_id: str, event: "AuditEvent") -> "dict[str, Json]":
    return {
        "issuer": issuer_id,
        "at": instant(event.at),
        "type": str(event.type),
        "actor": event.actor,
        "client_id": event.client_id,
        "user_id": event.user_id,
        "institution_id": event.institution_id,
        "reason": event.reason,
        "details": event.details,
    }
