"""A whole provider in the test's own process: real store, real keys, a clock that the test moves."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import httpx2

from ostiary.accounts.passwords import Passwords
from ostiary.app import Front, Ostiary, compose
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.client import (
    ApplicationType,
    AuthMethod,
    Client,
    ClientSecret,
)
from ostiary.domain.face import BASE_PATH
from ostiary.domain.institution import Institution, SignInLayout
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.user import Membership, User
from ostiary.management.issuers import save_issuer
from ostiary.serving.readiness import ProcessState, Readiness
from ostiary.signing.master_key import MasterKey
from ostiary.storage.database import Database
from ostiary.storage.postgresql.engine import PostgresqlDatabase
from ostiary.storage.schema import ensure_schema
from ostiary.storage.source import Source
from ostiary.storage.sqlite import SqliteDatabase
from ostiary.storage.store import Store
from ostiary.web.probes import Probes
from tests.kit.elsewhere import Elsewhere

MASTER_KEY = MasterKey(bytes(range(32)))
START = 1_800_000_000
PASSWORD = "correct horse battery staple"
SECRET = "ostiary_a-secret-of-the-tests"
GARDEN, HARBOR = "c8b309b0-fc09-11e5-8adf-0e09432615dc", "0f3c8e3a-5a53-4b4e-9d0e-6f4cf7d1a001"

ENTERPRISE = Issuer(
    issuer_id="enterprise",
    url="http://localhost:9400",
    base_path=BASE_PATH,
    face_name="enterprise",
    name="Garden Identity",
    environment=Environment.SANDBOX,
    api_scopes=frozenset({"https://api.example.com/accounts.readonly"}),
)
CONSUMER = Issuer(
    issuer_id="consumer",
    url=f"http://127.0.0.1:9400{BASE_PATH}",
    base_path=BASE_PATH,
    face_name="consumer",
    name="Garden Online",
    environment=Environment.SANDBOX,
)
ISSUERS = {issuer.issuer_id: issuer for issuer in (ENTERPRISE, CONSUMER)}

INSTITUTIONS = (
    Institution(institution_id=GARDEN, name="Garden Credit Union", support="Call 555 0100"),
    Institution(
        institution_id=HARBOR,
        name="Harbor Bank",
        brand_color="#0b3d6e",
        sign_in_layout=SignInLayout.ONE_PAGE,
    ),
)

REDIRECT_URI = "https://rp.example/cb"
ALL_GRANTS = frozenset({"authorization_code", "refresh_token", "client_credentials"})


def a_client(client_id: str, issuer: Issuer, **changes: object) -> Client:
    """A confidential client that may do everything, changed as the test needs it."""
    values: dict[str, object] = {
        "client_id": client_id,
        "name": f"The {client_id} app",
        "institution_id": GARDEN,
        "auth_method": AuthMethod.CLIENT_SECRET,
        "secrets": (
            ClientSecret(
                secret_id="1", sha256=sha256(SECRET.encode()).hexdigest(), created_at=START
            ),
        ),
        "redirect_uris": (REDIRECT_URI,),
        "grant_types": ALL_GRANTS,
        "scopes": issuer.scopes,
    }
    return Client(**(values | changes))  # type: ignore[arg-type]


def standard_clients(issuer: Issuer) -> tuple[Client, ...]:
    public = {"auth_method": AuthMethod.NONE, "secrets": ()}
    return (
        a_client("web", issuer),
        a_client("other", issuer, redirect_uris=("https://other.example/cb",)),
        a_client("trusted", issuer, consent_required=False),
        a_client("harbor", issuer, institution_id=HARBOR),
        a_client("relaxed", issuer, require_pkce=False),
        a_client("service", issuer, grant_types=frozenset({"client_credentials"})),
        a_client("spa", issuer, **public, redirect_uris=("https://spa.example/cb",)),
        a_client(
            "native",
            issuer,
            **public,
            application_type=ApplicationType.NATIVE,
            redirect_uris=("http://127.0.0.1/cb", "com.example.app:/cb"),
        ),
    )


ALICE_CLAIMS = {
    "name": "Alice Q Example",
    "given_name": "Alice",
    "family_name": "Example",
    "middle_name": None,
    "preferred_username": "alice",
    "email": "alice@example.com",
    "email_verified": True,
    "phone_number": "+15555550100",
    "department": "retail",
    "title": "teller",
    "birthdate": "1990-01-31",
    "netteller_id": "888800000001",
    "cash_management_user_id": "cm-1",
    "cash_management_user": {"role": "admin"},
    "theme_data": {"color": "#1f4e79"},
    "address": {
        "street_address": "1 Main Street",
        "locality": "Cedar Falls",
        "region": "IA",
        "postal_code": "506130000",
    },
}
USERS = {"alice": (GARDEN,), "bob": (GARDEN, HARBOR), "harry": (HARBOR,)}


def find_master_key() -> MasterKey:
    """As commands are handed it: asked for only when something has to be sealed."""
    return MASTER_KEY


def sqlite_of(store: Store) -> SqliteDatabase:
    assert isinstance(store.database, SqliteDatabase)
    return store.database


class MovableClock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> int:
        return self.time


Witness = Callable[[httpx2.Response], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One provider with both faces, reached over ASGI."""

    ostiary: Ostiary
    clock: MovableClock
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    # Each looks at every answer that `http` brings.
    witnesses: tuple[Witness, ...] = ()
    # From where `http` asks.
    peer: str = "127.0.0.1"

    @property
    def store(self) -> Store:
        return self.ostiary.store

    @property
    def on_sqlite(self) -> bool:
        return isinstance(self.store.database, SqliteDatabase)

    @property
    def source(self) -> Source:
        database = self.store.database
        return database.source if isinstance(database, PostgresqlDatabase) else self.path

    @property
    def path(self) -> Path:
        """The file, of a world over SQLite."""
        return sqlite_of(self.store).path

    def http(self, issuer: Issuer = ENTERPRISE) -> httpx2.AsyncClient:
        """A plain HTTP client at the issuer's host; it follows no redirects."""
        transport = httpx2.ASGITransport(app=self.ostiary.application, client=(self.peer, 50_000))
        return httpx2.AsyncClient(
            transport=transport,
            base_url=issuer.origin,
            event_hooks={"response": [*self.witnesses]},
        )

    def restarted(self, front: Front, peer: str) -> "World":
        """Once more over the same file, with other settings of who asks, asked from this address."""
        return replace(
            self,
            ostiary=compose(
                Store.open(self.path),
                MASTER_KEY,
                fetcher=self.elsewhere,
                clock_of=lambda _issuer: self.clock,
                front=front,
            ),
            peer=peer,
        )

    async def add_client(self, client: Client, issuer: Issuer = ENTERPRISE) -> Client:
        assert await self.store.clients.add(issuer.issuer_id, client, an_event())
        return client

    async def replace_client(
        self, seen: Client, client: Client, issuer: Issuer = ENTERPRISE
    ) -> None:
        """As an operator would in another process: the provider notices within a second."""
        assert await self.store.clients.replace(issuer.issuer_id, seen, client, an_event())

    async def user_id(self, username: str, issuer: Issuer = ENTERPRISE) -> str:
        user = await self.store.users.find_by_username(issuer.issuer_id, username)
        assert user is not None
        return user.user_id


def an_event() -> AuditEvent:
    return AuditEvent(type=EventType.CLIENT_CHANGED, at=START, actor="test")


def make_template(source: Source) -> None:
    """A database with both issuers, their keys, clients and people, to be copied for each test."""
    ensure_schema(source)

    async def fill() -> None:
        store = Store.open(source)
        hashed = Passwords().hash(PASSWORD)
        for issuer in ISSUERS.values():
            await save_issuer(store, MASTER_KEY, issuer, START - 86_400)
            await _fill_issuer(store, issuer, hashed)
        store.close()

    asyncio.run(fill())


async def _fill_issuer(store: Store, issuer: Issuer, password_hash: str) -> None:
    issuer_id, event = issuer.issuer_id, an_event()
    for institution in INSTITUTIONS:
        await store.institutions.save(issuer_id, institution, event)
    for client in standard_clients(issuer):
        assert await store.clients.add(issuer_id, client, event)
    for username, institutions in USERS.items():
        user = User(
            user_id=f"{issuer_id}-{username}-id", username=username, password_hash=password_hash
        )
        claims = {**ALICE_CLAIMS, "preferred_username": username}
        memberships = [Membership(institution_id=each, claims=claims) for each in institutions]
        await store.users.add(issuer_id, user, memberships, event)


def copy_template(template: Path, path: Path) -> None:
    shutil.copy(template, path)


def open_world(template: Path, path: Path) -> World:
    copy_template(template, path)
    return world_over(path, MovableClock())


def world_over(source: Source, clock: MovableClock) -> World:
    """A provider over a database that is there: as if it were started again, or once more."""
    return world_with(Store.open(source).database, clock)


def world_with(database: Database, clock: MovableClock) -> World:
    elsewhere = Elsewhere()
    ostiary = compose(
        Store(database),
        MASTER_KEY,
        fetcher=elsewhere,
        clock_of=lambda _issuer: clock,
    )
    readiness = Readiness(process=ProcessState(), store=ostiary.store, clock=clock, prepared=True)
    ostiary = replace(ostiary, application=Probes(ostiary.application, readiness.is_ready))
    return World(ostiary=ostiary, clock=clock, elsewhere=elsewhere)
