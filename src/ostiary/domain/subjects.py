"""Subjects: the identifier by which each client knows a person. OIDC Core §8.

All clients of subject type "public" see one identifier. Those of type "pairwise" see one of their
sector's own, from which neither the person's nor another sector's can be told.
"""

import hmac
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ostiary.domain.client import Client, SubjectType
from ostiary.protocol.base64url import encode_base64url
from ostiary.protocol.framing import framed
from ostiary.protocol.redirect_uri import LOOPBACK_HOSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """An issuer's; `key` is never changed, as every pairwise identifier would change with it."""

    key: bytes = field(repr=False)

    def of(self, client: Client, user_id: str) -> str:
        """The `sub` of this person for this client. OIDC Core §8.1."""
        if client.subject_type is SubjectType.PUBLIC:
            return user_id
        return self._pairwise("person", client, user_id.encode())

    def session_of(self, client: Client, session_id: bytes) -> str:
        """The `sid` of this session for this client: one that all shared would tell the same people
        in two sectors by it."""
        if client.subject_type is SubjectType.PUBLIC:
            return encode_base64url(session_id)
        return self._pairwise("session", client, session_id)

    def tag(self, purpose: str, name: bytes) -> bytes:
        """A MAC that stays the same however often other keys are replaced; of two parts, so that it
        is no identifier of a person or a session, which have three."""
        return hmac.digest(self.key, framed(purpose.encode(), name), "sha256")

    def _pairwise(self, kind: str, client: Client, name: bytes) -> str:
        sector = find_sector(client)
        if sector is None:
            raise ValueError(f"{client.client_id} has no sector")
        message = framed(kind.encode(), sector.encode(), name)
        return encode_base64url(hmac.digest(self.key, message, "sha256"))


def find_sector(client: Client) -> str | None:
    """The group of clients that see the same pairwise subjects: the one that is registered, else the
    host of the redirect URIs; None when they do not tell one. OIDC Core §8.1.

    An app on a device shares its loopback host, or its lack of one, with every other app.
    """
    if client.sector is not None:
        return client.sector
    hosts = {urlsplit(uri).hostname for uri in client.redirect_uris}
    host = hosts.pop() if len(hosts) == 1 else None
    return None if host in LOOPBACK_HOSTS else host
