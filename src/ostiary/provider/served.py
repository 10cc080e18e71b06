"""Issuers being served: each is looked up when first asked for, and renewed when it changes.

A change is noticed within a second: the issuer's version, one row, is looked at that often.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from ostiary.accounts.passwords import Passwords
from ostiary.accounts.subjects import open_subjects
from ostiary.domain.clock import Clock
from ostiary.domain.handle_keys import next_activation
from ostiary.domain.issuer import Issuer
from ostiary.domain.observer import Observer
from ostiary.domain.signing_keys import KeyState, next_change, states
from ostiary.provider.endpoints.discovery import discovery_document
from ostiary.provider.endpoints.jwks import jwks_document
from ostiary.provider.limits import RequestLimits
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.published_keys import PublishedKeys
from ostiary.provider.secret_use_log import SecretUseLog
from ostiary.signing.client_secrets import ClientSecrets
from ostiary.signing.handle_keys import open_handle_keys
from ostiary.signing.key_name import check_name
from ostiary.signing.master_key import MasterKey
from ostiary.signing.signer import Signer
from ostiary.storage.store import Store

SECONDS_BETWEEN_LOOKS = 1.0
MOST_HOSTS = 1000

_log = structlog.get_logger("ostiary.issuers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all issuers of the process share."""

    store: Store
    master_key: MasterKey
    passwords: Passwords
    secret_uses: SecretUseLog
    published_keys: PublishedKeys
    observer: Observer
    session_ended: asyncio.Event
    limits: RequestLimits
    clock_of: Callable[[Issuer], Clock]
    # Why an issuer must not be served here, such as a sandbox in production.
    unfit: Callable[[Issuer], Sequence[str]]


class ServedIssuer:
    """One issuer: `current` is its provider as of at most a second ago."""

    def __init__(self, issuer_id: str, surroundings: Surroundings) -> None:
        self.issuer_id: Final = issuer_id
        self._surroundings: Final = surroundings
        self._provider: OpenIDProvider | None = None
        self._version: int | None = None
        self._changes_at: int | None = None
        self._fresh_until = -math.inf
        self._looking: asyncio.Task[OpenIDProvider | None] | None = None

    @property
    def fresh(self) -> OpenIDProvider | None:
        """The provider, while there is no need to look whether it has changed."""
        return self._provider if time.monotonic() < self._fresh_until else None

    @property
    def last_known(self) -> OpenIDProvider | None:
        """Of any age: for what promises nothing of anybody's rights."""
        return self._provider

    async def current(self) -> OpenIDProvider | None:
        """None when the issuer is no longer there. Raises StoreUnavailable when nobody can say."""
        return self.fresh or await self._look_together()

    async def _look_together(self) -> OpenIDProvider | None:
        """One looks for all who wait, and whoever leaves does not take the look along."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._forget_look)
        return await asyncio.shield(self._looking)

    def _forget_look(self, look: asyncio.Task[OpenIDProvider | None]) -> None:
        self._looking = None
        if not look.cancelled():
            look.exception()  # told to whoever waits; perhaps nobody does any more

    async def _look(self) -> OpenIDProvider | None:
        began = time.monotonic()
        provider = await self._renewed()
        # Only a look that has succeeded counts, as of when it asked.
        self._fresh_until = began + SECONDS_BETWEEN_LOOKS
        return provider

    async def _renewed(self) -> OpenIDProvider | None:
        version = await self._surroundings.store.issuers.version(self.issuer_id)
        if version != self._version or self._keys_have_changed():
            self._provider = await self._load()
            # What could not be loaded is tried again.
            self._version = version if self._provider else None
        return self._provider

    def _keys_have_changed(self) -> bool:
        return (
            self._provider is not None
            and self._changes_at is not None
            and self._changes_at <= self._provider.clock.now()
        )

    async def _load(self) -> OpenIDProvider | None:
        shared = self._surroundings
        issuer = await shared.store.issuers.find(self.issuer_id)
        if issuer is None:
            return None
        if reasons := shared.unfit(issuer):
            _log.error("issuer not served", issuer=self.issuer_id, reasons=list(reasons))
            return None
        clock = shared.clock_of(issuer)
        now = clock.now()
        keys = await shared.store.keys.signing_keys(self.issuer_id)
        handle_keys = await shared.store.keys.handle_keys(self.issuer_id)
        epoch = await shared.store.issuers.epoch(self.issuer_id)
        if not keys or not handle_keys:
            return None  # being made at this moment
        for key in keys:
            check_name(key.kid, key.public_jwk)
        state = states(keys, now)
        published = [key for key in keys if state[key.kid] is not KeyState.GONE]
        active = [key for key in keys if state[key.kid] is KeyState.ACTIVE]
        changes = next_change(keys, now), next_activation(handle_keys, now)
        self._changes_at = min(filter(None, changes), default=None)
        return OpenIDProvider(
            issuer=issuer,
            clock=clock,
            store=shared.store,
            passwords=shared.passwords,
            handles=open_handle_keys(self.issuer_id, handle_keys, shared.master_key, now, epoch),
            subjects=await open_subjects(shared.store, shared.master_key, self.issuer_id, now),
            signer=Signer(active, shared.master_key, self.issuer_id),
            client_secrets=ClientSecrets(self.issuer_id, shared.master_key),
            secret_uses=shared.secret_uses,
            published_keys=shared.published_keys,
            observer=shared.observer,
            verification_keys={key.kid: key.public_jwk for key in published},
            hint_keys={key.kid: key.public_jwk for key in keys},
            session_ended=shared.session_ended,
            limits=shared.limits,
            discovery=discovery_document(issuer),
            jwks=jwks_document(key.public_jwk for key in published),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """Who was found there, and until when that holds."""

    issuers: Sequence[ServedIssuer]
    fresh_until: float


class ServedIssuers:
    """All issuers asked for so far, by id. Nothing is loaded before it is asked for."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings: Final = surroundings
        self._served: Final[dict[str, ServedIssuer]] = {}
        self._hosts: Final[dict[str, _Host]] = {}

    def named(self, issuer_id: str) -> ServedIssuer:
        return self._served.setdefault(issuer_id, ServedIssuer(issuer_id, self.surroundings))

    async def at_host(self, host: str) -> Sequence[tuple[ServedIssuer, OpenIDProvider]]:
        """The issuers whose URL has this host and port."""
        found = [(served, await served.current()) for served in await self._seen_at(host)]
        # Since the host was looked up an issuer may have moved.
        return [(served, op) for served, op in found if op is not None and op.issuer.host == host]

    def last_known_at(self, host: str) -> Sequence[OpenIDProvider]:
        """The same without asking: of any age, and not all of them."""
        known = self._hosts.get(host)
        providers = [served.last_known for served in known.issuers] if known else []
        return [op for op in providers if op is not None and op.issuer.host == host]

    async def _seen_at(self, host: str) -> Sequence[ServedIssuer]:
        """As of at most a second ago, also where nobody is: anybody may ask at any host."""
        known = self._hosts.get(host)
        if known is not None and time.monotonic() < known.fresh_until:
            return known.issuers
        fresh_until = time.monotonic() + SECONDS_BETWEEN_LOOKS
        found = await self.surroundings.store.issuers.find_by_host(host)
        issuers = [self.named(issuer.issuer_id) for issuer in found]
        self._hosts.pop(host, None)
        if len(self._hosts) >= MOST_HOSTS:
            del self._hosts[next(iter(self._hosts))]  # looked up before all others
        self._hosts[host] = _Host(issuers=issuers, fresh_until=fresh_until)
        return issuers
