"""The demo data of `ostiary dev`: two sandbox issuers, the same clients and people on both."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ostiary.accounts.passwords import Passwords
from ostiary.domain.client import ApplicationType, AuthMethod, Client, ClientSecret
from ostiary.domain.face import BASE_PATH, CONSUMER, ENTERPRISE
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.user import Membership, User
from ostiary.management.client_keys import read_public_keys
from ostiary.management.clients import add_client, change_client, hash_secret
from ostiary.management.demo_people import GARDEN_ID, INSTITUTIONS, PEOPLE, DemoPerson
from ostiary.management.errors import ManagementError
from ostiary.management.institutions import save_institution
from ostiary.management.issuers import save_issuer
from ostiary.management.users import add_user, new_user_id
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.tokens import Json
from ostiary.signing.key_file import read_public_pem, write_key_file
from ostiary.signing.master_key import MasterKey
from ostiary.storage.store import Store

PASSWORD = "ostiary-demo"  # noqa: S105  everybody may know it
SECRET = "demo-web-secret"  # noqa: S105  everybody may know it

_KINDS = {
    "demo-web": "Web application with a secret",
    "demo-spa": "Application in a browser: public, PKCE",
    "demo-native": "Application on a device: public, PKCE, any port on loopback",
    "demo-service": "Service: signs with its private key (private_key_jwt), no user",
}
_USER_GRANTS = frozenset({"authorization_code", "refresh_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    client_id: str
    client_secret: str | None
    private_key_file: Path | None
    redirect_uris: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoData:
    """What a developer needs to know of it."""

    issuers: Sequence[Issuer]
    clients: Sequence[DemoClient]
    people: Sequence[DemoPerson]

    def as_json(self) -> dict[str, Json]:
        """Design, section 6: what `ostiary dev --json` prints."""
        issuers: list[Json] = [
            {"name": issuer.issuer_id, "issuer": issuer.url} for issuer in self.issuers
        ]
        users: list[Json] = [
            {"username": person.username, "password": PASSWORD} for person in self.people
        ]
        return {
            "issuers": issuers,
            "clients": [_client_as_json(client) for client in self.clients],
            "users": users,
            "urls": dict(self.urls()),
        }

    def urls(self) -> dict[str, str]:
        return {
            "home": f"{self.issuers[0].origin}/",
            **{f"{issuer.issuer_id}_discovery": discovery_url(issuer) for issuer in self.issuers},
        }


def discovery_url(issuer: Issuer) -> str:
    """OIDC Discovery §4."""
    return f"{issuer.url}/.well-known/openid-configuration"


def _client_as_json(client: DemoClient) -> Json:
    redirect_uris: list[Json] = list(client.redirect_uris)
    proof: dict[str, Json] = {}
    if client.client_secret:
        proof["client_secret"] = client.client_secret
    if client.private_key_file:
        proof["private_key_file"] = str(client.private_key_file.absolute())
    return {"client_id": client.client_id, **proof, "redirect_uris": redirect_uris}


async def save_demo(
    store: Store,
    master_key: MasterKey,
    *,
    port: int,
    now: int,
    service_key_file: Path,
    access_token_algorithm: Algorithm | None = None,
) -> DemoData:
    """Add what is not there yet. What a developer has changed stays; issuers follow the port.

    demo-service gets the key of `service_key_file`, which is made where there is none.
    """
    key, issuers = await asyncio.gather(
        _service_key(service_key_file),
        _save_issuers(store, master_key, port, now, access_token_algorithm),
    )
    password = _DemoPassword()
    for issuer in issuers:
        await _add_institutions(store, issuer, now)
        await _add_clients(store, issuer, key, now)
        await _add_people(store, issuer, password, now)
    return DemoData(
        issuers=issuers,
        clients=[
            DemoClient(
                client_id=client.client_id,
                client_secret=SECRET if client.auth_method is AuthMethod.CLIENT_SECRET else None,
                private_key_file=service_key_file if client.public_keys else None,
                redirect_uris=client.redirect_uris,
                kind=_KINDS[client.client_id],
            )
            for client in _clients(issuers[0], key.public_keys)
        ],
        people=PEOPLE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServiceKey:
    """`is_new` when no client can have it yet."""

    public_keys: tuple[Mapping[str, str], ...]
    is_new: bool


async def _service_key(path: Path) -> _ServiceKey:
    is_new = await asyncio.to_thread(write_key_file, path)
    try:
        keys = read_public_keys(read_public_pem(path))
    except ValueError as error:
        raise ManagementError(
            f"{path} holds no private key that can be used", "delete it, and a new one is made"
        ) from error
    return _ServiceKey(public_keys=keys, is_new=is_new)


class _DemoPassword:
    """Hashed at most once, and only when somebody new needs it: argon2id is slow on purpose."""

    def __init__(self) -> None:
        self._hash: str | None = None

    async def hash(self) -> str:
        if self._hash is None:
            passwords = Passwords(workers=1)
            self._hash = await passwords.hash_beside(PASSWORD)
            passwords.close()
        return self._hash


async def _save_issuers(
    store: Store,
    master_key: MasterKey,
    port: int,
    now: int,
    access_token_algorithm: Algorithm | None,
) -> Sequence[Issuer]:
    saved = []
    for wanted in _issuers(port):
        found = await store.issuers.find(wanted.issuer_id)
        issuer = wanted if found is None else replace(found, url=wanted.url)
        if access_token_algorithm is not None:
            issuer = replace(issuer, access_token_algorithm=access_token_algorithm)
        await save_issuer(store, master_key, issuer, now)
        saved.append(issuer)
    return saved


async def _add_institutions(store: Store, issuer: Issuer, now: int) -> None:
    for institution in INSTITUTIONS:
        if await store.institutions.find(issuer.issuer_id, institution.institution_id) is None:
            await save_institution(store, issuer, institution, now)


async def _add_clients(store: Store, issuer: Issuer, key: _ServiceKey, now: int) -> None:
    for client in _clients(issuer, key.public_keys):
        found = await store.clients.find(issuer.issuer_id, client.client_id)
        if found is None:
            await add_client(store, issuer, _with_secret(client, now), now)
        elif key.is_new and client.public_keys and found.jwks_uri is None:
            renewed = replace(found, public_keys=client.public_keys)
            await change_client(store, issuer, found, renewed, now)


def _with_secret(client: Client, now: int) -> Client:
    if client.auth_method is not AuthMethod.CLIENT_SECRET:
        return client
    sha256 = hash_secret(SECRET)
    kept = ClientSecret(secret_id="demo", sha256=sha256, created_at=now)  # noqa: S106  a name
    return replace(client, secrets=(kept,))


async def _add_people(store: Store, issuer: Issuer, password: _DemoPassword, now: int) -> None:
    for person in PEOPLE:
        if await store.users.find_by_username(issuer.issuer_id, person.username) is not None:
            continue
        user = User(
            user_id=new_user_id(),
            username=person.username,
            password_hash=await password.hash(),
        )
        await add_user(store, issuer, user, _memberships(person, issuer), now)


def _memberships(person: DemoPerson, issuer: Issuer) -> Sequence[Membership]:
    claims = person.claims(issuer.face_name)
    return [
        Membership(institution_id=institution_id, claims=claims)
        for institution_id in person.institution_ids
    ]


def _issuers(port: int) -> Sequence[Issuer]:
    return (
        Issuer(
            issuer_id=ENTERPRISE.name,
            url=f"http://localhost:{port}",
            base_path=BASE_PATH,
            face_name=ENTERPRISE.name,
            name="Ostiary sandbox (enterprise)",
            environment=Environment.SANDBOX,
        ),
        Issuer(
            issuer_id=CONSUMER.name,
            url=f"http://127.0.0.1:{port}{BASE_PATH}",
            base_path=BASE_PATH,
            face_name=CONSUMER.name,
            name="Ostiary sandbox (consumer)",
            environment=Environment.SANDBOX,
        ),
    )


def _clients(issuer: Issuer, service_keys: tuple[Mapping[str, str], ...]) -> Sequence[Client]:
    return (
        Client(
            client_id="demo-web",
            name="Budget Buddy",
            institution_id=GARDEN_ID,
            auth_method=AuthMethod.CLIENT_SECRET,
            redirect_uris=("http://localhost:8080/auth/cb",),
            grant_types=_USER_GRANTS | {"client_credentials"},
            scopes=issuer.scopes,
            restricted_claims=issuer.face.restricted & {"customer_identifier"},
            may_introspect=True,
        ),
        Client(
            client_id="demo-spa",
            name="Budget Buddy in the browser",
            institution_id=GARDEN_ID,
            auth_method=AuthMethod.NONE,
            redirect_uris=("http://localhost:5173/callback",),
            scopes=issuer.scopes,
        ),
        Client(
            client_id="demo-native",
            name="Budget Buddy on the phone",
            institution_id=GARDEN_ID,
            auth_method=AuthMethod.NONE,
            application_type=ApplicationType.NATIVE,
            redirect_uris=("http://127.0.0.1/callback",),
            scopes=issuer.scopes,
        ),
        Client(
            client_id="demo-service",
            name="Statement Service",
            institution_id=GARDEN_ID,
            auth_method=AuthMethod.PRIVATE_KEY_JWT,
            public_keys=service_keys,
            grant_types=frozenset({"client_credentials"}),
            scopes=issuer.scopes,
        ),
    )
