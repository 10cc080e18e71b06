"""Spent ids: what must not be accepted a second time before it has expired.

Kept as digests in one table: the `jti` of client assertions and of DPoP proofs, and access tokens
that were revoked before their time.
"""

from enum import StrEnum
from hashlib import sha256

from ostiary.protocol.framing import framed

SPENT_ID_LENGTH = 16


class SpentKind(StrEnum):
    ASSERTION = "assertion"
    PROOF = "proof"
    ACCESS_TOKEN = "access_token"  # noqa: S105  a name
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  a name


def spent_id(kind: SpentKind, owner: str, name: str) -> bytes:
    """The id of `name` among those of its owner: a client, a key, or an issuer's own tokens."""
    return sha256(framed(kind.encode(), owner.encode(), name.encode())).digest()[:SPENT_ID_LENGTH]
