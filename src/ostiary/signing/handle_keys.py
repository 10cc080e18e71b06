"""The MAC keys of handles: sealed for the database, opened for use."""

import os
from collections.abc import Collection

from ostiary.domain.handle_keys import HandleKey, sealing_number
from ostiary.domain.handles import HandleKeys
from ostiary.signing.master_key import MasterKey

KEY_LENGTH = 32


def make_handle_key(
    issuer_id: str, number: int, master_key: MasterKey, *, now: int, activates_at: int
) -> HandleKey:
    """A new key, sealed."""
    sealed = master_key.seal(os.urandom(KEY_LENGTH), _context(issuer_id, number))
    return HandleKey(number=number, sealed=sealed, created_at=now, activates_at=activates_at)


def open_handle_keys(
    issuer_id: str, keys: Collection[HandleKey], master_key: MasterKey, now: int, epoch: int = 0
) -> HandleKeys:
    """All of them, and which one seals. Raises MasterKeyError when they were sealed under another."""
    return HandleKeys(
        issuer_id=issuer_id,
        sealing=sealing_number(keys, now),
        epoch=epoch,
        keys={
            key.number: master_key.open(key.sealed, _context(issuer_id, key.number)) for key in keys
        },
    )


def _context(issuer_id: str, number: int) -> str:
    return f"handle-key {issuer_id} {number}"
