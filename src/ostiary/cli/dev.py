"""`ostiary dev`: the whole provider with demo data, on this computer alone."""

import asyncio
import json
import os
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, examples
from ostiary.cli.output import say, show, typed_name
from ostiary.cli.stopping import stopping_quietly
from ostiary.protocol.jose.algorithms import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ostiary.management.demo import DemoData
    from ostiary.settings import Settings
    from ostiary.signing.master_key import MasterKey
    from ostiary.web.home import Demo

# Both loopback addresses: browsers take "localhost" for either.
HOST = "localhost"

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "ostiary dev                       # data in ./.ostiary, kept between runs",
        "ostiary dev --port 9500",
        "ostiary dev --ephemeral --json    # for tests: fresh data, thrown away afterwards",
    )
)
def dev(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")
    ] = 9400,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where data and keys are kept. Default: ./.ostiary"),
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep nothing: a fresh directory, then deleted.")
    ] = False,
    as_json: AsJson = False,
    access_token_alg: Annotated[
        Algorithm | None, typer.Option(help="Sign the demo issuers' access tokens with this.")
    ] = None,
) -> None:
    """Serve two sandbox issuers with demo clients and users, on this computer alone."""
    if ephemeral and data is not None:
        raise typer.BadParameter("give either --data or --ephemeral, not both")
    with ExitStack() as stack:
        stack.enter_context(stopping_quietly())
        if ephemeral:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="ostiary-"))
            directory = Path(name)
        else:
            directory = data or Path(".ostiary")
        _serve(directory, port, access_token_alg, as_json=as_json)


def _serve(directory: Path, port: int, algorithm: Algorithm | None, *, as_json: bool) -> None:
    from ostiary.cli import data_directory
    from ostiary.serving import process
    from ostiary.serving.plan import Plan
    from ostiary.settings import find_master_key, load_settings

    port = _free_port(port)
    data_directory.prepare(directory)
    values = data_directory.setting_values(directory)
    flags = {**values, "server": {"host": HOST, "port": port}}
    settings = load_settings(None, _environment(), flags)
    master_key = find_master_key(settings, os.environ)
    demo = _save_demo(settings, master_key, directory / data_directory.SERVICE_KEY, algorithm)
    print_all = partial(_print_json if as_json else _print_banner, demo)
    plan = Plan(settings=settings, master_key=master_key, demo=_shown_at_home(demo))
    process.serve(plan, prepared=True, on_ready=print_all)


def _environment() -> "dict[str, str]":
    """Without what names a database: demo data has its own, in its directory."""
    of_database = [name for name in os.environ if name.startswith("OSTIARY_DATABASE__")]
    for name in of_database:
        say(f"{name} is not used: ostiary dev has a database of its own in its directory")
    return {name: value for name, value in os.environ.items() if name not in of_database}


def _free_port(port: int) -> int:
    """The port, or for 0 a free one; looked at before the data is made to follow it."""
    from ostiary.management.errors import Failure, ManagementError
    from ostiary.serving.listeners import bind

    try:
        sockets = bind(HOST, port)
    except OSError as error:
        raise ManagementError(
            f"cannot listen on port {port}: {os.strerror(error.errno or 0)}",
            f"stop what uses it, or choose another: {typed_name()} dev --port {port + 1}"
            f' (make dev ARGS="--port {port + 1}")',
            Failure.UNAVAILABLE,
        ) from error
    chosen: int = sockets[0].getsockname()[1]
    for each in sockets:
        each.close()
    return chosen


def _save_demo(
    settings: "Settings",
    master_key: "MasterKey",
    service_key_file: Path,
    algorithm: Algorithm | None,
) -> "DemoData":
    from ostiary.management.demo import save_demo
    from ostiary.storage.schema import ensure_schema_beside
    from ostiary.storage.store import Store

    ensure_schema_beside(settings.database.source)
    store = Store.open(settings.database.source)
    try:
        return asyncio.run(
            save_demo(
                store,
                master_key,
                port=settings.server.port,
                now=int(time.time()),
                service_key_file=service_key_file,
                access_token_algorithm=algorithm,
            )
        )
    finally:
        store.close()


def _shown_at_home(demo: "DemoData") -> "Demo":
    from ostiary.management.demo import PASSWORD
    from ostiary.web.home import Demo, DemoClient, DemoUser

    return Demo(
        issuers=tuple(demo.issuers),
        clients=tuple(
            DemoClient(
                client_id=client.client_id,
                secret=client.client_secret,
                private_key_file=_optional_text(client.private_key_file),
                kind=client.kind,
                redirect_uris=client.redirect_uris,
            )
            for client in demo.clients
        ),
        users=tuple(
            DemoUser(username=person.username, password=PASSWORD, note=person.note)
            for person in demo.people
        ),
    )


def _optional_text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _print_json(demo: "DemoData") -> None:
    show(json.dumps(demo.as_json()))


def _print_banner(demo: "DemoData") -> None:
    from ostiary import __version__

    home = demo.urls()["home"]
    say(
        "\n".join(
            (
                f"Ostiary {__version__}  development mode: demo secrets, plain http, loopback only",
                "",
                *_issuer_lines(demo),
                _line("Home", home),
                "",
                *_client_lines(demo),
                "",
                *_user_lines(demo),
                "",
                f"  Next: open {home} · refused? {typed_name()} refusal show R-…"
                f" · {typed_name()} dev --help · stop with Ctrl-C",
            )
        )
    )


def _issuer_lines(demo: "DemoData") -> "Iterator[str]":
    from ostiary.management.demo import discovery_url

    for issuer in demo.issuers:
        yield _line(issuer.issuer_id.capitalize(), issuer.url)
        yield _line("", f"discovery {discovery_url(issuer)}")


def _client_lines(demo: "DemoData") -> "Iterator[str]":
    for number, client in enumerate(demo.clients):
        secret = f"secret {client.client_secret}" if client.client_secret else client.kind
        yield _line("" if number else "Clients", f"{client.client_id:<14}{secret}")
        for uri in client.redirect_uris:
            yield _line("", f"{'':<14}redirect {uri}")
        if client.private_key_file:
            yield _line("", f"{'':<14}key {client.private_key_file}")


def _user_lines(demo: "DemoData") -> "Iterator[str]":
    from ostiary.management.demo import PASSWORD

    for number, person in enumerate(demo.people):
        credentials = f"{person.username} / {PASSWORD}"
        yield _line("" if number else "Users", f"{credentials:<24}{person.note}")


def _line(heading: str, text: str) -> str:
    return f"  {heading:<12}{text}"
