"""Issuers being served: each is looked up when first asked for, and renewed when it changes.

A change is noticed within a second: the issuer's version, one row, is looked at that often.
"""

import asyncio
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
from ostiary.signing.master_key import MasterKey
from ostiary.signing.signer import Signer
from ostiary.storage.store import Store

SECONDS_BETWEEN_LOOKS = 1.0

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
        self._looked_at = 0.0

    @property
    def fresh(self) -> OpenIDProvider | None:
        """The provider, while there is no need to look whether it has changed."""
        return self._provider if time.monotonic() < self._looked_at else None

    async def current(self) -> OpenIDProvider | None:
        """None when the issuer is no longer there."""
        return self.fresh or await self._look()

    async def _look(self) -> OpenIDProvider | None:
        self._looked_at = time.monotonic() + SECONDS_BETWEEN_LOOKS
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


class ServedIssuers:
    """All issuers asked for so far, by id. Nothing is loaded before it is asked for."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings: Final = surroundings
        self._served: Final[dict[str, ServedIssuer]] = {}

    def named(self, issuer_id: str) -> ServedIssuer:
        return self._served.setdefault(issuer_id, ServedIssuer(issuer_id, self.surroundings))

    async def at_host(self, host: str) -> Sequence[ServedIssuer]:
        """The issuers whose URL has this host and port."""
        issuers = await self.surroundings.store.issuers.find_by_host(host)
        return [self.named(issuer.issuer_id) for issuer in issuers]
