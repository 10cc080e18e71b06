"""An OpenID Provider: one issuer with its keys and registrations, as they stood at one moment.

It is a snapshot: what is cached in it is never stale by itself, for when anything of the issuer
changes, a new one is made (`provider.served`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ostiary.accounts.passwords import Passwords
from ostiary.accounts.people import People
from ostiary.accounts.throttle import Throttle
from ostiary.domain.access_token import AccessToken
from ostiary.domain.client import Client
from ostiary.domain.clock import Clock
from ostiary.domain.handles import HandleKeys
from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer
from ostiary.domain.observer import Observer
from ostiary.domain.profile import Profile, stricter
from ostiary.domain.subjects import Subjects
from ostiary.protocol.client_assertion import ASSERTION_ALGORITHMS
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.public_key import PublicKey, parse_public_key
from ostiary.protocol.tokens import Claims, Json
from ostiary.provider.exchange import Document
from ostiary.provider.limits import RequestLimits
from ostiary.provider.published_keys import PublishedKeys
from ostiary.provider.secret_use_log import SecretUseLog
from ostiary.signing.client_secrets import ClientSecrets
from ostiary.signing.signer import Signer
from ostiary.storage.store import Store

K = TypeVar("K")
T = TypeVar("T")

MOST_CACHED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIDProvider:
    """`verification_keys` are the public JWKs by kid, those of retiring keys among them; `hint_keys`
    are all that there have ever been. `session_ended` is set whenever one has, for who tells of it.
    """

    issuer: Issuer
    clock: Clock
    store: Store
    passwords: Passwords
    handles: HandleKeys
    subjects: Subjects
    signer: Signer
    client_secrets: ClientSecrets
    secret_uses: SecretUseLog
    published_keys: PublishedKeys
    observer: Observer
    verification_keys: Mapping[str, Mapping[str, Json]]
    hint_keys: Mapping[str, Mapping[str, Json]]
    session_ended: asyncio.Event
    limits: RequestLimits
    discovery: Document
    jwks: Document
    _clients: dict[str, Client] = field(default_factory=dict)
    _client_keys: dict[str, tuple[PublicKey, ...]] = field(default_factory=dict)
    _origins: dict[str, bool] = field(default_factory=dict)
    _institutions: dict[str, Institution] = field(default_factory=dict)
    _minted: dict[str, Claims] = field(default_factory=dict)
    _access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    _picture_urls: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """What began before this instant is over: a backup was restored then."""
        return self.handles.epoch

    def people(self, address: str, now: int) -> People:
        """The issuer's people, for somebody who wants to be one of them, at this address."""
        issuer_id = self.issuer.issuer_id
        throttle = Throttle(
            issuer_id=issuer_id,
            store=self.store,
            subjects=self.subjects,
            observer=self.observer,
            address=address,
            now=now,
        )
        return People(
            issuer_id=issuer_id,
            store=self.store,
            passwords=self.passwords,
            throttle=None if self.issuer.sandbox else throttle,
        )

    async def find_client(self, client_id: str) -> Client | None:
        client = self._clients.get(client_id)
        if client is None:
            client = await self.store.clients.find(self.issuer.issuer_id, client_id)
            if client is not None:
                _keep(self._clients, client_id, client)
        return client

    def known_client(self, client_id: str | None) -> Client | None:
        """The client, if a request of its has been answered lately: without asking the store."""
        return self._clients.get(client_id or "")

    async def knows_origin(self, origin: str) -> bool:
        """Whether a client has registered this origin of web pages."""
        known = self._origins.get(origin)
        if known is None:
            known = await self.store.client_origins.contains(self.issuer.issuer_id, origin)
            _keep(self._origins, origin, known)
        return known

    def registered_keys(self, client: Client) -> tuple[PublicKey, ...]:
        """The client's own public keys, ready to verify its assertions with."""
        keys = self._client_keys.get(client.client_id)
        if keys is None:
            keys = tuple(parse_public_key(jwk, ASSERTION_ALGORITHMS) for jwk in client.public_keys)
            _keep(self._client_keys, client.client_id, keys)
        return keys

    async def institution(self, institution_id: str) -> Institution:
        """The institution, or one that is called as the issuer when there is none of this id."""
        found = self._institutions.get(institution_id)
        if found is None:
            found = await self.store.institutions.find(
                self.issuer.issuer_id, institution_id
            ) or Institution(institution_id=institution_id, name=self.issuer.name)
            _keep(self._institutions, institution_id, found)
        return found

    def profile(self, client: Client) -> Profile:
        """What is required of this client."""
        return stricter(self.issuer.profile_name, client.profile_name)

    def usable(self, algorithm: Algorithm, client: Client) -> Algorithm:
        """The algorithm that the client has registered, or what its profile has in place of it."""
        allowed = self.profile(client).algorithms
        return algorithm if algorithm in allowed else allowed[0]

    def keep_minted(self, token: str, claims: Claims) -> None:
        """Spare the verification of an access token that comes back: the signature fits."""
        _keep(self._minted, token, claims)

    def find_minted(self, token: str) -> Claims | None:
        return self._minted.get(token)

    def keep_access_token(self, token: str, read: AccessToken) -> None:
        """What never changes of it; whether it still stands is asked at each use."""
        _keep(self._access_tokens, token, read)

    def find_access_token(self, token: str) -> AccessToken | None:
        return self._access_tokens.get(token)

    def picture_url(self, user_id: str, institution_id: str, make: Callable[[], str]) -> str:
        """The address of a person's picture, which is the same until the keys change."""
        who = (user_id, institution_id)
        url = self._picture_urls.get(who)
        if url is None:
            url = make()
            _keep(self._picture_urls, who, url)
        return url


def _keep(cache: dict[K, T], key: K, value: T) -> None:
    """Bounded in the simplest way: a full cache starts again."""
    if len(cache) >= MOST_CACHED:
        cache.clear()
    cache[key] = value
