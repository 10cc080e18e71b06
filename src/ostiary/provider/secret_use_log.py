"""Noting when a client's secret was last used, to the hour, so that people know which to retire."""

from typing import Final

from ostiary.domain.client import Client, ClientSecret
from ostiary.provider.beside import Beside
from ostiary.storage.store import Store

SECONDS_BETWEEN_NOTES = 3600


class SecretUseLog:
    """One for the process. Each secret is written at most once an hour, beside the answer."""

    def __init__(self, store: Store, beside: Beside) -> None:
        self._store: Final = store
        self._beside: Final = beside
        self._noted: Final[dict[tuple[str, str, str], int]] = {}

    def note(self, issuer_id: str, client: Client, secret: ClientSecret, now: int) -> None:
        key = (issuer_id, client.client_id, secret.secret_id)
        noted_at = self._noted.get(key)
        if noted_at is not None and now - noted_at < SECONDS_BETWEEN_NOTES:
            return
        if self._beside.has_room:
            self._noted[key] = now
            self._beside.start(self._store.secret_uses.save(*key, now), "use of a secret")
