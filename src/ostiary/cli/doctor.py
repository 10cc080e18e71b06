"""`ostiary doctor`: whether everything is as it should be, and what to do about what is not."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ostiary.cli.failures import ExitCode, explain
from ostiary.cli.options import AsJson, Config, examples
from ostiary.cli.shown_findings import show_findings

if TYPE_CHECKING:
    from ostiary.cli.database import Opened
    from ostiary.domain.issuer import Issuer
    from ostiary.management.doctor import Patient
    from ostiary.management.findings import Finding
    from ostiary.outbound.fetcher import Fetcher

commands = typer.Typer()


@commands.command(epilog=examples("ostiary doctor", "ostiary doctor --config ostiary.toml --json"))
def doctor(config: Config = None, as_json: AsJson = False) -> None:
    """Examine the configuration, the machine, the database, and the issuers from outside.

    Each line says ok, warn or fail, and what to do. Exit code 1 when something fails.
    """
    if show_findings(_examine(config), as_json=as_json):
        raise typer.Exit(ExitCode.FAILED)


def _examine(config: Path | None) -> "list[Finding]":
    """What keeps the rest from being looked at is the only finding."""
    from ostiary.cli.database import open_store
    from ostiary.management.doctor import examine
    from ostiary.management.doctor_checks import CHECKS
    from ostiary.management.findings import fail, ok
    from ostiary.outbound.destination import parse_origin
    from ostiary.outbound.guarded import GuardedFetcher

    async def found(opened: "Opened") -> "list[Finding]":
        issuers = tuple(await opened.store.issuers.list())
        # The operator's own, which may be in the operator's own network.
        own = frozenset(parse_origin(issuer.origin) for issuer in issuers)
        fetcher = GuardedFetcher(allow=own | opened.settings.outbound.allow)
        try:
            return await examine(_patient(opened, config, issuers, fetcher), CHECKS)
        finally:
            await fetcher.close()

    try:
        with open_store(config) as opened:
            opened.master_key()
            whole = ok("configuration", "it can be read, and so can the master key")
            return [whole, *asyncio.run(found(opened))]
    except Exception as error:
        told = explain(error)
        if told is None:
            raise
        return [fail("configuration", told[0], "repair that first, then examine the rest")]


def _patient(
    opened: "Opened", config: Path | None, issuers: "tuple[Issuer, ...]", fetcher: "Fetcher"
) -> "Patient":
    from ostiary.management.doctor import Patient
    from ostiary.provider.endpoints.discovery import metadata

    settings = opened.settings
    return Patient(
        store=opened.store,
        source=settings.database.source,
        master_key=opened.master_key(),
        issuers=issuers,
        private_files=_private_files(opened, config),
        workers=settings.server.worker_count,
        connections=settings.limits.connections,
        fetcher=fetcher,
        metadata_of=metadata,
        now=opened.now,
    )


def _private_files(opened: "Opened", config: Path | None) -> tuple[Path, ...]:
    settings = opened.settings
    source = settings.database.source
    names_password = settings.database.url is not None and not any(
        name.startswith("OSTIARY_DATABASE") for name in os.environ
    )
    found = (
        settings.master_key.file,
        source if isinstance(source, Path) else None,
        config if names_password else None,
    )
    return tuple(path for path in found if path is not None)
