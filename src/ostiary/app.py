"""The composition root: from an open store to the application over it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ostiary.accounts.passwords import Passwords
from ostiary.domain.clock import Clock
from ostiary.domain.issuer import Issuer
from ostiary.housekeeping import housekeeper
from ostiary.housekeeping.clockwatch import Clockwatch
from ostiary.housekeeping.job import Household
from ostiary.outbound.fetcher import Fetcher
from ostiary.provider.beside import Beside
from ostiary.provider.limits import Limits, RequestLimits
from ostiary.provider.logout_delivery import LogoutDelivery
from ostiary.provider.published_keys import PublishedKeys
from ostiary.provider.refusal_log import RefusalLog
from ostiary.provider.secret_use_log import SecretUseLog
from ostiary.provider.served import ServedIssuers, Surroundings
from ostiary.signing.master_key import MasterKey
from ostiary.storage.store import Store
from ostiary.telemetry.instruments import Instruments
from ostiary.telemetry.telemetry import Telemetry
from ostiary.web.access_log import AccessLog
from ostiary.web.asgi import Application
from ostiary.web.assets import Assets
from ostiary.web.endpoint import Edge
from ostiary.web.forwarded import Forwarded, TrustedProxies
from ostiary.web.home import Demo
from ostiary.web.pages.context import PageServices
from ostiary.web.pages.render import Renderer
from ostiary.web.pages.site import Site

SECONDS_TO_DRAIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What is agreed with who asks: whom to believe about others, and how much may come."""

    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ostiary:
    """Everything that runs, put together once."""

    store: Store
    master_key: MasterKey
    passwords: Passwords
    beside: Beside
    logout_delivery: LogoutDelivery
    application: Application
    limits: RequestLimits
    telemetry: Telemetry
    clock_of: Callable[[Issuer | None], Clock]

    async def close(self, patience: float = SECONDS_TO_DRAIN) -> None:
        """`patience` is for what is still being written beside the answers."""
        await self.beside.drain(patience)
        self.passwords.close()
        self.store.close()


def compose(  # noqa: PLR0913  what there is to choose is chosen here, and nowhere else
    store: Store,
    master_key: MasterKey,
    *,
    fetcher: Fetcher,
    demo: Demo | None = None,
    unfit: Callable[[Issuer], Sequence[str]] = lambda _issuer: (),
    clock_of: Callable[[Issuer | None], Clock] = lambda _issuer: SystemClock(),
    telemetry: Telemetry | None = None,
    front: Front | None = None,
) -> Ostiary:
    """The application over an open store whose schema is current.

    `clock_of` gives each issuer's clock, and that of the process itself for None: the machine's,
    unless a test moves it.
    """
    telemetry = telemetry or Telemetry(Instruments())
    passwords = Passwords(observer=telemetry)
    front = front or Front()
    limits = RequestLimits(front.limits, clock_of(None), telemetry)
    beside = Beside()
    issuers = ServedIssuers(
        Surroundings(
            store=store,
            master_key=master_key,
            passwords=passwords,
            secret_uses=SecretUseLog(store, beside),
            published_keys=PublishedKeys(store, fetcher, beside),
            observer=telemetry,
            session_ended=asyncio.Event(),
            limits=limits,
            clock_of=clock_of,
            unfit=unfit,
        )
    )
    edge = telemetry.around(_edge(issuers, beside, demo))
    logged = AccessLog(edge, telemetry, lines=telemetry.request_lines)
    return Ostiary(
        store=store,
        master_key=master_key,
        passwords=passwords,
        beside=beside,
        logout_delivery=LogoutDelivery(issuers, fetcher, clock_of(None)),
        application=Forwarded(logged, front.proxies),
        limits=limits,
        telemetry=telemetry,
        clock_of=clock_of,
    )


def _edge(issuers: ServedIssuers, beside: Beside, demo: Demo | None) -> Edge:
    refusals = RefusalLog(beside)
    assets = Assets()
    renderer = Renderer(assets)
    pages = Site(PageServices(renderer=renderer, refusals=refusals), assets, demo).router()
    return Edge(issuers, refusals, renderer, pages)


async def keep_house(ostiary: Ostiary) -> None:
    """What nobody should have to schedule, done beside the requests until cancelled."""
    household = Household(
        store=ostiary.store,
        master_key=ostiary.master_key,
        logout_delivery=ostiary.logout_delivery,
        observer=ostiary.telemetry,
        clock_of=ostiary.clock_of,
        clockwatch=Clockwatch(ostiary.clock_of(None)),
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(housekeeper.keep_house(household))
        # Every process for itself: nobody's house is kept by it.
        tasks.create_task(ostiary.limits.run(ostiary.store.request_counts))
