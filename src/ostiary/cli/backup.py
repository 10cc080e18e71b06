"""`ostiary db backup`, `restore` and `check`: a database that is not lost."""

import asyncio
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ostiary.cli.failures import ExitCode
from ostiary.cli.options import AsJson, Config, examples
from ostiary.cli.output import instant, say, show_json
from ostiary.cli.shown_findings import show_findings

if TYPE_CHECKING:
    from ostiary.domain.issuer import Issuer
    from ostiary.management.findings import Finding
    from ostiary.signing.master_key import MasterKey
    from ostiary.storage.source import Source
    from ostiary.storage.store import Store

commands = typer.Typer()

PERCENT_A_LINE = 10


@commands.command(
    epilog=examples(
        'ostiary db backup "/backups/ostiary-$(date +%F).tar"',
        "ostiary db backup before-upgrade.tar --json",
    )
)
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the database to a new file, as it stands at this moment, while it is in use.

    The master key is not in it: keep that somewhere else.
    """
    from ostiary.cli.database import open_store
    from ostiary.management import backup as backups

    with open_store(config) as opened:
        manifest = asyncio.run(
            backups.backup(
                opened.store,
                opened.settings.database.source,
                opened.master_key(),
                file,
                opened.now,
                _Progress().tell,
            )
        )
    if as_json:
        show_json({"file": str(file), "bytes": file.stat().st_size, **_told(manifest)})
        return
    say(
        f"Wrote {file}. It needs the master key {manifest.master_key}, which is not in it.\n"
        "Prove that it can be restored, into a database that is not there yet:\n"
        f"  {_restore_command(file, config, opened.settings.database.source)}"
    )


@commands.command(
    epilog=examples("ostiary db restore ostiary-2027-01-15.tar --config ostiary.toml")
)
def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A backup.")
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make the database of the configuration from a backup, and prove that it works.

    There must be none yet. All sign-ins, codes and tokens from before are dead afterwards: what
    of them was revoked since the backup, nobody knows any more.
    """
    import os
    import time

    from ostiary.cli.database import locate
    from ostiary.domain.counted import counted
    from ostiary.management import backup as backups
    from ostiary.settings import find_master_key

    settings = locate(config)
    master_key = find_master_key(settings, os.environ)
    source = settings.database.source

    async def boots(store: "Store", issuer: "Issuer") -> None:
        await _check_boots(store, master_key, issuer)

    restored = asyncio.run(backups.restore(source, master_key, file, int(time.time()), boots))
    if as_json:
        show_json(
            {
                "database": str(source),
                "issuers": restored.issuers,
                "epoch": instant(restored.epoch),
                **_told(restored.manifest),
            }
        )
        return
    say(
        f"Restored {source} as of {instant(restored.manifest.taken_at)}: "
        f"{counted(restored.issuers, 'issuer')}, which answer; their audit seals hold.\n"
        f"Everybody has to sign in again: what was given out before {instant(restored.epoch)} is "
        "dead.\nWhat was changed since the backup has to be changed again: ostiary apply -f FILE"
    )


@commands.command(epilog=examples("ostiary db check", "ostiary db check --json"))
def check(config: Config = None, as_json: AsJson = False) -> None:
    """Look for damage: the file, rows without their user, keys, the last audit seals.

    Reads all of it. Exit code 1 when something is wrong.
    """
    from ostiary.cli.database import open_store
    from ostiary.management.database_check import check_database

    async def found() -> "list[Finding]":
        source, key = opened.settings.database.source, opened.master_key()
        return [finding async for finding in check_database(opened.store, source, key)]

    with open_store(config) as opened:
        findings = asyncio.run(found())
    if show_findings(findings, as_json=as_json):
        raise typer.Exit(ExitCode.FAILED)


def _restore_command(file: Path, config: Path | None, source: "Source") -> str:
    """It can be typed as it stands, wherever one is; with PostgreSQL, once the database is made."""
    if isinstance(source, Path):
        other = file.absolute().with_name(f"{file.stem}-tried.sqlite3")
        variable = f"OSTIARY_DATABASE__PATH={shlex.quote(str(other))}"
    else:
        variable = "OSTIARY_DATABASE__URL=postgresql://USER@HOST/EMPTY_DATABASE"
    found = (config or Path("ostiary.toml")).absolute()
    named = f" -c {shlex.quote(str(found))}" if found.exists() else ""
    return f"{variable} ostiary db restore {shlex.quote(str(file.absolute()))}{named}"


class _Progress:
    """Says each tenth part of the way, where the way is long."""

    def __init__(self) -> None:
        self._said = 0

    def tell(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if percent >= self._said + PERCENT_A_LINE and percent < 100:
            self._said = percent - percent % PERCENT_A_LINE
            say(f"{self._said} %")


def _told(manifest: Any) -> "dict[str, Any]":
    return {
        "taken_at": instant(manifest.taken_at),
        "engine": manifest.engine,
        "schema": manifest.schema,
        "ostiary": manifest.ostiary,
        "master_key": manifest.master_key,
        "seals": dict(manifest.seals),
    }


async def _check_boots(store: "Store", master_key: "MasterKey", issuer: "Issuer") -> None:
    """A whole provider over the store tells the issuer's metadata."""
    from ostiary.app import compose
    from ostiary.management.errors import Failure, ManagementError
    from ostiary.outbound.guarded import GuardedFetcher

    ostiary = compose(store, master_key, fetcher=GuardedFetcher())
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        body.extend(message.get("body", b""))

    path = f"{issuer.path}/.well-known/openid-configuration"
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https" if issuer.secure else "http",
        "path": path,
        "raw_path": path.encode("ascii"),
        "query_string": b"",
        "headers": [(b"host", issuer.host.encode("ascii"))],
        "client": ("127.0.0.1", 0),
        "http_version": "1.1",
    }
    try:
        await ostiary.application(scope, receive, send)
        told = json.loads(bytes(body))
    except ValueError:
        told = {}
    finally:
        await ostiary.beside.drain()
        ostiary.passwords.close()
    if told.get("issuer") != issuer.url:
        raise ManagementError(
            f"the issuer {issuer.issuer_id} does not answer from the restored database",
            "restore another backup",
            Failure.REFUSED,
        )
