"""The composition root: from settings to a running server."""

import asyncio
import contextlib
import errno
import gc
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
import uvicorn

from ostiary.accounts.passwords import Passwords
from ostiary.domain.clock import Clock
from ostiary.domain.issuer import Issuer
from ostiary.logs import configure_logs
from ostiary.management.keys import rotate_due
from ostiary.outbound.fetcher import Fetcher
from ostiary.outbound.guarded import GuardedFetcher
from ostiary.provider.beside import Beside
from ostiary.provider.logout_delivery import LogoutDelivery
from ostiary.provider.published_keys import PublishedKeys
from ostiary.provider.refusal_log import RefusalLog
from ostiary.provider.secret_use_log import SecretUseLog
from ostiary.provider.served import ServedIssuers, Surroundings
from ostiary.settings import Settings
from ostiary.signing.master_key import MasterKey
from ostiary.storage.schema import ensure_schema_beside
from ostiary.storage.sqlite import StoreUnavailable
from ostiary.storage.store import Store
from ostiary.web.access_log import AccessLog
from ostiary.web.asgi import Application
from ostiary.web.assets import Assets
from ostiary.web.endpoint import Edge
from ostiary.web.home import Demo
from ostiary.web.http_protocol import BoundedHttp
from ostiary.web.pages.context import PageServices
from ostiary.web.pages.render import Renderer
from ostiary.web.pages.site import Site
from ostiary.web.probes import Probes

SECONDS_BETWEEN_HOUSEKEEPING = 60
SECONDS_TO_DRAIN = 5

_NOT_ON_THIS_MACHINE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})

_log = structlog.get_logger("ostiary.app")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ostiary:
    """Everything that runs, put together once."""

    store: Store
    master_key: MasterKey
    passwords: Passwords
    beside: Beside
    logout_delivery: LogoutDelivery
    application: Application
    clock_of: Callable[[Issuer], Clock]

    async def close(self) -> None:
        await self.beside.drain()
        self.passwords.close()
        self.store.close()


def compose(
    store: Store,
    master_key: MasterKey,
    *,
    fetcher: Fetcher,
    demo: Demo | None = None,
    unfit: Callable[[Issuer], Sequence[str]] = lambda _issuer: (),
    clock_of: Callable[[Issuer], Clock] = lambda _issuer: SystemClock(),
    clock: Clock | None = None,
) -> Ostiary:
    """The application over an open store whose schema is current.

    `clock` is that of the process itself: the machine's, unless a test moves it.
    """
    passwords = Passwords()
    beside = Beside()
    refusals = RefusalLog(beside)
    assets = Assets()
    renderer = Renderer(assets)
    issuers = ServedIssuers(
        Surroundings(
            store=store,
            master_key=master_key,
            passwords=passwords,
            secret_uses=SecretUseLog(store, beside),
            published_keys=PublishedKeys(store, fetcher, beside),
            session_ended=asyncio.Event(),
            clock_of=clock_of,
            unfit=unfit,
        )
    )
    services = PageServices(renderer=renderer, refusals=refusals)
    pages = Site(services, assets, demo).router()
    edge = Edge(issuers, refusals, renderer, pages)
    return Ostiary(
        store=store,
        master_key=master_key,
        passwords=passwords,
        beside=beside,
        logout_delivery=LogoutDelivery(issuers, fetcher, clock or SystemClock()),
        application=Probes(edge, lambda: _is_ready(store)),
        clock_of=clock_of,
    )


def serve(
    settings: Settings,
    *,
    master_key: MasterKey,
    demo: Demo | None = None,
    unfit: Callable[[Issuer], Sequence[str]] = lambda _issuer: (),
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve until told to stop; `on_ready` is called once the server answers.

    `unfit` gives the reasons for which an issuer must not be served here.

    Raises OSError when the address is taken, StoreUnavailable and MasterKeyError as they come.
    """
    configure_logs(settings.log.format, settings.log.level)
    path = Path(settings.database.path)
    ensure_schema_beside(path)
    sockets = bind(settings.server.host, settings.server.port)
    # Demo data means a developer's own machine, where the clients' servers are too.
    fetcher = GuardedFetcher(allow=settings.outbound.allow, allow_loopback=demo is not None)
    ostiary = compose(Store.open(path), master_key, fetcher=fetcher, demo=demo, unfit=unfit)
    application = ostiary.application
    config = uvicorn.Config(
        AccessLog(application) if settings.log.requests else application,
        loop="uvloop",
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_DRAIN,
    )
    server = _Server(config, on_ready)
    # What was made so far stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(server, sockets, ostiary, fetcher))


class _Server(uvicorn.Server):
    """Uvicorn's, telling when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_ready: Final = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready is not None:
            self._on_ready()


async def _run(
    server: _Server, sockets: list[socket.socket], ostiary: Ostiary, fetcher: GuardedFetcher
) -> None:
    try:
        async with _housekeeping(ostiary):
            await server.serve(sockets)
    finally:
        await fetcher.close()
        await ostiary.close()


@contextlib.asynccontextmanager
async def _housekeeping(ostiary: Ostiary) -> AsyncIterator[None]:
    """What nobody should have to schedule, done beside the requests."""
    tasks = [
        asyncio.create_task(_keep_house(ostiary)),
        asyncio.create_task(ostiary.logout_delivery.run()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_house(ostiary: Ostiary) -> None:
    while True:
        try:
            for issuer in await ostiary.store.issuers.list():
                now = ostiary.clock_of(issuer).now()
                await rotate_due(ostiary.store, ostiary.master_key, issuer, now)
        except StoreUnavailable as error:
            _log.warning("housekeeping put off", error=str(error))
        except Exception:
            _log.exception("housekeeping failed")
        await asyncio.sleep(SECONDS_BETWEEN_HOUSEKEEPING)


async def _is_ready(store: Store) -> bool:
    try:
        await store.ping()
    except StoreUnavailable:
        return False
    return True


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address of the host: "localhost" is two on most machines."""
    addresses = dict.fromkeys(
        (family, address[0])
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    sockets = []
    unusable: OSError | None = None
    for family, address in addresses:
        try:
            bound = socket.create_server((str(address), port), family=family, backlog=2048)
        except OSError as error:
            unusable = error
            if error.errno not in _NOT_ON_THIS_MACHINE:
                break
            continue
        # With port 0 the first address chooses for all of them.
        port = bound.getsockname()[1]
        sockets.append(bound)
    if unusable is not None and (not sockets or unusable.errno not in _NOT_ON_THIS_MACHINE):
        for bound in sockets:
            bound.close()
        raise unusable
    return sockets
