"""The MAC keys of handles: sealed for the database, opened for use."""

import os
from collections.abc import Mapping

from ostiary.domain.handles import HandleKeys
from ostiary.signing.master_key import MasterKey

KEY_LENGTH = 32


def make_handle_key(issuer_id: str, number: int, master_key: MasterKey) -> bytes:
    """A new key, sealed."""
    return master_key.seal(os.urandom(KEY_LENGTH), _context(issuer_id, number))


def open_handle_keys(
    issuer_id: str, sealed: Mapping[int, bytes], master_key: MasterKey
) -> HandleKeys:
    return HandleKeys(
        issuer_id=issuer_id,
        keys={
            number: master_key.open(secret, _context(issuer_id, number))
            for number, secret in sealed.items()
        },
    )


def _context(issuer_id: str, number: int) -> str:
    return f"handle-key {issuer_id} {number}"
