"""The provider of the browser tests: the demo data of `ostiary dev`, served over real sockets.

It runs in the test's own event loop, so that a test can move its clock and look into its store.
"""

import asyncio
import contextlib
import shutil
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import uvicorn

from ostiary.app import compose
from ostiary.domain.client import ApplicationType, AuthMethod, Client
from ostiary.domain.face import BASE_PATH
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.user import Membership
from ostiary.management.demo import PASSWORD, SECRET, save_demo
from ostiary.management.demo_people import HARBOR_ID, INSTITUTIONS, PEOPLE
from ostiary.management.issuers import save_issuer
from ostiary.serving.listeners import bind
from ostiary.storage.schema import ensure_schema
from ostiary.storage.store import Store
from ostiary.web.asgi import Application
from ostiary.web.home import Demo, DemoClient, DemoUser
from tests.kit.elsewhere import Elsewhere
from tests.kit.relying_party import RelyingParty
from tests.kit.world import MASTER_KEY, MovableClock, World, a_client, an_event
from tests.kit.world import SECRET as KIT_SECRET
from tests.web.client_app import APP_HOST, OTHER_HOST, ClientApp

CUSTOM_SCHEME = "com.example.budget"
PUBLIC_REDIRECT_URI = "https://app.budgetbuddy.example/callback"
API_SCOPES = frozenset(
    {
        "https://api.example.com/accounts.readonly",
        "https://api.example.com/payments.readwrite",
    }
)
# What a bank's customers see: no sandbox, so no notice of it and no help for developers.
PRODUCTION = Issuer(
    issuer_id="production",
    url="http://bank.localhost:9400",
    base_path=BASE_PATH,
    face_name="consumer",
    name="Garden Online",
    environment=Environment.PRODUCTION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedWorld(World):
    """Reached over the network, as everybody else reaches it."""

    def http(self, issuer: Issuer) -> httpx2.AsyncClient:  # type: ignore[override]
        return httpx2.AsyncClient(base_url=issuer.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    world: World
    issuers: dict[str, Issuer]
    app: ClientApp
    database: Path

    @property
    def clock(self) -> MovableClock:
        return self.world.clock

    def relying_party(
        self, client_id: str = "budget", *, issuer: str = "enterprise", path: str = "/cb"
    ) -> RelyingParty:
        """The client as it asks on this issuer, with one of its redirect URIs."""
        host = OTHER_HOST if client_id == "bakery" else APP_HOST
        redirect_uri = f"{CUSTOM_SCHEME}:/cb" if client_id == "phone" else self.app.url(host, path)
        return RelyingParty(
            world=self.world,
            issuer=self.issuers[issuer],
            client_id=client_id,
            redirect_uri=redirect_uri,
            secret=None if client_id == "phone" else KIT_SECRET,
        )

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(issuer.origin for issuer in self.issuers.values())


async def make_demo(path: Path) -> None:
    """A database as `ostiary dev` makes it, and a production issuer with the same people."""
    ensure_schema(path)
    store, now = Store.open(path), int(time.time())
    key_file = path.with_name("demo-service.pem")
    await save_demo(store, MASTER_KEY, port=9400, now=now, service_key_file=key_file)
    await save_issuer(store, MASTER_KEY, PRODUCTION, now)
    for institution in INSTITUTIONS:
        await store.institutions.save(PRODUCTION.issuer_id, institution, an_event())
    alice = await store.users.find_by_username("consumer", "alice")
    assert alice is not None
    for person in PEOPLE:
        memberships = [
            Membership(institution_id=each, claims=person.claims("consumer"))
            for each in person.institution_ids
        ]
        user = replace(alice, user_id=f"production-{person.username}", username=person.username)
        await store.users.add(PRODUCTION.issuer_id, user, memberships, an_event())
    store.close()


@asynccontextmanager
async def open_site(template: Path, path: Path) -> AsyncIterator[Site]:
    """The provider and the client's application, each on a free port of loopback."""
    shutil.copy(template, path)
    clock = MovableClock()
    clock.time = int(time.time())
    store = Store.open(path)
    sockets = bind("localhost", 0)
    port = sockets[0].getsockname()[1]
    app, app_sockets = ClientApp(), bind("localhost", 0)
    app.port = app_sockets[0].getsockname()[1]
    issuers = await _move(store, port, clock.time)
    for issuer in issuers.values():
        for client in _clients(issuer, app):
            assert await store.clients.add(issuer.issuer_id, client, an_event())
    ostiary = compose(
        store, MASTER_KEY, fetcher=Elsewhere(), demo=_demo(issuers), clock_of=lambda _issuer: clock
    )
    world = ServedWorld(ostiary=ostiary, clock=clock)
    async with served(ostiary.application, sockets), served(app, app_sockets):
        yield Site(world=world, issuers=issuers, app=app, database=path)
    await ostiary.close()


async def _move(store: Store, port: int, now: int) -> dict[str, Issuer]:
    """Let the issuers' URLs carry this port."""
    moved = {}
    for issuer in await store.issuers.list():
        url = issuer.url.replace(":9400", f":{port}")
        changed = replace(issuer, url=url, api_scopes=API_SCOPES)
        await save_issuer(store, MASTER_KEY, changed, now)
        moved[issuer.issuer_id] = changed
    return moved


def _clients(issuer: Issuer, app: ClientApp) -> Sequence[Client]:
    paths = ("/cb", "/cb/onward", "/cb/scheme")
    redirect_uris = tuple(app.url(APP_HOST, path) for path in paths)
    return (
        a_client(
            "budget",
            issuer,
            name="Budget Buddy",
            redirect_uris=(*redirect_uris, PUBLIC_REDIRECT_URI),
            backchannel_logout_uri=app.url(APP_HOST, "/backchannel"),
        ),
        a_client(
            "bakery",
            issuer,
            name="Bakery Books",
            redirect_uris=(app.url(OTHER_HOST, "/cb"),),
            backchannel_logout_uri=app.url(OTHER_HOST, "/backchannel"),
        ),
        a_client(
            "lender",
            issuer,
            name="Loan Lily",
            redirect_uris=redirect_uris,
            restricted_claims=issuer.face.restricted & {"tax_id"},
        ),
        a_client(
            "harbor",
            issuer,
            name="Budget Buddy",
            institution_id=HARBOR_ID,
            redirect_uris=redirect_uris,
        ),
        a_client(
            "phone",
            issuer,
            name="Budget Buddy on the phone",
            auth_method=AuthMethod.NONE,
            secrets=(),
            application_type=ApplicationType.NATIVE,
            redirect_uris=(f"{CUSTOM_SCHEME}:/cb",),
        ),
    )


def _demo(issuers: Mapping[str, Issuer]) -> Demo:
    return Demo(
        issuers=(issuers["enterprise"], issuers["consumer"]),
        clients=(
            DemoClient(
                client_id="demo-web",
                secret=SECRET,
                private_key_file=None,
                kind="Web application with a secret",
                redirect_uris=("http://localhost:8080/auth/cb",),
            ),
            DemoClient(
                client_id="demo-spa",
                secret=None,
                private_key_file=None,
                kind="Browser application: public, with PKCE",
                redirect_uris=("http://localhost:5173/callback",),
            ),
            DemoClient(
                client_id="demo-native",
                secret=None,
                private_key_file=None,
                kind="Native application: public, with PKCE, any port",
                redirect_uris=("http://127.0.0.1/callback",),
            ),
            DemoClient(
                client_id="demo-service",
                secret=None,
                private_key_file=".ostiary/demo-service.pem",
                kind="Service: signs with its private key (private_key_jwt), no user",
                redirect_uris=(),
            ),
        ),
        users=tuple(
            DemoUser(
                username=person.username, password=PASSWORD, note=_note(person.institution_ids)
            )
            for person in PEOPLE
        ),
    )


def _note(institution_ids: Sequence[str]) -> str:
    return "Two institutions" if len(institution_ids) > 1 else "One institution"


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(application: Application, sockets: list[socket.socket]) -> AsyncIterator[None]:
    """Over real sockets, in this event loop."""
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets))
    try:
        yield
    finally:
        server.should_exit = True
        await running
        for each in sockets:
            each.close()
