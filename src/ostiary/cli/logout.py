"""`ostiary logout`: what clients were told of sessions that have ended."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, IssuersId, examples
from ostiary.cli.output import instant, optional_instant, show_json, show_table

if TYPE_CHECKING:
    from ostiary.domain.logout_notice import LogoutNotice
    from ostiary.protocol.tokens import Json

commands = typer.Typer(
    help="What clients were told of sessions that have ended.", no_args_is_help=True
)


@commands.callback()
def logout() -> None:
    """Keeps `list` a command of its own, although it is the only one."""


@commands.command("list", epilog=examples("ostiary logout list", "ostiary logout list --json"))
def list_notices(
    issuer: IssuersId = None,
    limit: Annotated[int, typer.Option(min=1, help="So many of each issuer.")] = 100,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the notices to clients with a backchannel_logout_uri, those of the latest sessions first.

    What could not be delivered is tried again for some hours; then it has failed.
    """
    from ostiary.cli.database import open_store
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[str, LogoutNotice]]":
        return [
            (chosen.issuer_id, notice)
            for chosen in await find_issuers(opened.store, issuer)
            for notice in await opened.store.logout_notices.list(chosen.issuer_id, limit)
        ]

    with open_store(config) as opened:
        notices = asyncio.run(found())
    if as_json:
        show_json([_as_json(issuer_id, notice) for issuer_id, notice in notices])
        return
    show_table(
        (
            "ISSUER",
            "CLIENT ID",
            "SESSION ENDED AT",
            "STATE",
            "ATTEMPTS",
            "NEXT ATTEMPT",
            "LAST ERROR",
        ),
        [
            (
                issuer_id,
                notice.client_id,
                instant(notice.created_at),
                notice.state,
                str(notice.attempts),
                optional_instant(_next_attempt_at(notice)) or "",
                notice.last_error or "",
            )
            for issuer_id, notice in notices
        ],
    )


def _next_attempt_at(notice: "LogoutNotice") -> int | None:
    """None also for what is due at once."""
    return notice.next_attempt_at if notice.attempts else None


def _as_json(issuer_id: str, notice: "LogoutNotice") -> "Json":
    return {
        "issuer": issuer_id,
        "client_id": notice.client_id,
        "user_id": notice.user_id,
        "session_ended_at": instant(notice.created_at),
        "state": str(notice.state),
        "attempts": notice.attempts,
        "next_attempt_at": optional_instant(_next_attempt_at(notice)),
        "delivered_at": optional_instant(notice.delivered_at),
        "last_error": notice.last_error,
    }
