"""`ostiary refusal`: why a request was turned down."""

import asyncio
import re
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, examples
from ostiary.cli.output import instant, show, show_json

if TYPE_CHECKING:
    from ostiary.domain.refusals import Reason
    from ostiary.protocol.tokens import Json
    from ostiary.storage.refusals import RefusalRecord

commands = typer.Typer(help="Why a request was turned down.", no_args_is_help=True)

# Letters that references do not have, as people hear and type them.
_MISHEARD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_REFERENCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{4}")


@commands.callback()
def refusal() -> None:
    """Keeps `show` a command of its own, although it is the only one."""


@commands.command(
    "show",
    epilog=examples("ostiary refusal show R-7F3K-2Q9D", "ostiary refusal show R-7F3K-2Q9D --json"),
)
def show_refusal(
    reference: Annotated[
        str, typer.Argument(metavar="R-XXXX-XXXX", help="As an error page or a log shows it.")
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say why a request was refused, what was expected and came, and what to do about it."""
    from ostiary.cli.database import open_store
    from ostiary.management.refusals import find_refusal

    wanted = normalized(reference)
    with open_store(config) as opened:
        record, reason = asyncio.run(find_refusal(opened.store, wanted))
    found = _as_json(record, reason)
    if as_json:
        show_json(found)
        return
    for name, value in found.items():
        if value is not None:
            text = textwrap.fill(str(value), 88, subsequent_indent=" " * 12)
            show(f"{name.replace('_', ' '):<12}{text}")


def normalized(reference: str) -> str:
    """The reference as it is kept, from what somebody typed."""
    letters = reference.upper().removeprefix("R").replace("-", "").replace(" ", "")
    letters = letters.translate(_MISHEARD)
    found = f"R-{letters[:4]}-{letters[4:]}"
    if not _REFERENCE.fullmatch(found):
        raise typer.BadParameter(f'write a reference such as R-7F3K-2Q9D: not "{reference}"')
    return found


def _as_json(record: "RefusalRecord", reason: "Reason | None") -> "dict[str, Json]":
    return {
        "reference": record.reference,
        "at": instant(record.at),
        "reason": record.code,
        "endpoint": record.endpoint,
        "client_id": record.client_id,
        "error": None if reason is None else str(reason.error),
        "text": None if reason is None else reason.text,
        "expected": record.expected,
        "received": record.received,
        "section": None if reason is None else reason.section,
        "advice": None if reason is None else reason.advice,
    }
