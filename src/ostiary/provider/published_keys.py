"""The keys that clients publish at their jwks_uri: fetched, kept, fetched anew. OIDC Core §10.1.1.

A key that a client takes away is refused ten minutes later. While its server does not answer, the
keys that it had are good for a day.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Final

from ostiary.domain.refusals import ReasonCode
from ostiary.outbound.fetcher import Fetcher, FetchFailed
from ostiary.protocol.client_assertion import ASSERTION_ALGORITHMS
from ostiary.protocol.jose.public_key import PublicKey, parse_key_set
from ostiary.protocol.malformed import Malformed
from ostiary.provider.beside import Beside
from ostiary.storage.jwks_fetches import JwksFetch
from ostiary.storage.store import Store

# The machine's time, whatever an issuer's clock says: this spares machines, ours and the client's.
FRESH_SECONDS = 600
LONGEST_KEPT_SECONDS = 86_400
SECONDS_BETWEEN_FETCHES = 60


class _ClientJwks:
    """What one client publishes, as far as this process knows."""

    def __init__(self, uri: str) -> None:
        self.uri: Final = uri
        self.keys: Sequence[PublicKey] = ()
        self.error: str | None = None
        self.fetched_at: float | None = None
        self.asked_at: float | None = None
        self.fetching: asyncio.Task[None] | None = None

    def has(self, kid: str | None, seconds: float) -> bool:
        """Whether there are keys, one of them of this name, fetched in the last `seconds`."""
        young = self.fetched_at is not None and monotonic() - self.fetched_at < seconds
        return young and any(kid is None or key.kid in {None, kid} for key in self.keys)

    @property
    def was_just_asked(self) -> bool:
        return self.asked_at is not None and monotonic() - self.asked_at < SECONDS_BETWEEN_FETCHES


class PublishedKeys:
    """One for the process."""

    def __init__(self, store: Store, fetcher: Fetcher, beside: Beside) -> None:
        self._store: Final = store
        self._fetcher: Final = fetcher
        self._beside: Final = beside
        self._known: Final[dict[tuple[str, str], _ClientJwks]] = {}

    async def find(
        self, issuer_id: str, client_id: str, uri: str, now: int, *, seeks: str | None
    ) -> Sequence[PublicKey]:
        """The client's keys; asked for anew when they are old, or `seeks` is the kid of none."""
        jwks = self._known.get((issuer_id, client_id))
        if jwks is None or jwks.uri != uri:
            jwks = self._known[issuer_id, client_id] = _ClientJwks(uri)
        if not jwks.has(seeks, FRESH_SECONDS):
            await self._fetch_unless_just_asked(issuer_id, client_id, jwks, now)
        if jwks.error is not None and not jwks.has(seeks, LONGEST_KEPT_SECONDS):
            raise ReasonCode.CLIENT_KEYS_UNAVAILABLE.refusal(
                expected=f"keys at {uri}", received=jwks.error
            )
        return jwks.keys

    async def _fetch_unless_just_asked(
        self, issuer_id: str, client_id: str, jwks: _ClientJwks, now: int
    ) -> None:
        if jwks.fetching is None:
            if jwks.was_just_asked:
                return
            jwks.asked_at = monotonic()
            fetch = self._fetch(issuer_id, client_id, jwks, now)
            jwks.fetching = asyncio.get_running_loop().create_task(fetch)
        # All who wait share it, and none who goes away takes it along.
        await asyncio.shield(jwks.fetching)

    async def _fetch(self, issuer_id: str, client_id: str, jwks: _ClientJwks, now: int) -> None:
        try:
            document = await self._fetcher.fetch_json(jwks.uri)
            jwks.keys = parse_key_set(document, ASSERTION_ALGORITHMS, skip_unusable=True)
            jwks.fetched_at = monotonic()
            jwks.error = None if jwks.keys else "no key in it can verify a client assertion"
        except FetchFailed as error:
            jwks.error = error.reason
        except Malformed as error:
            jwks.error = f"not a JWK Set: expected {error.expected}"
        finally:
            jwks.fetching = None
        if self._beside.has_room:
            outcome = JwksFetch(at=now, error=jwks.error)
            change = self._store.jwks_fetches.save(issuer_id, client_id, outcome)
            self._beside.start(change, "fetch of a jwks_uri")
