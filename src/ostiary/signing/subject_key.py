"""The key of an issuer's pairwise subjects: sealed for the database, opened for use."""

import os

from ostiary.signing.master_key import MasterKey

KEY_LENGTH = 32


def make_subject_key(issuer_id: str, master_key: MasterKey) -> bytes:
    """A new key, sealed."""
    return master_key.seal(os.urandom(KEY_LENGTH), _context(issuer_id))


def open_subject_key(issuer_id: str, sealed: bytes, master_key: MasterKey) -> bytes:
    return master_key.open(sealed, _context(issuer_id))


def _context(issuer_id: str) -> str:
    return f"subject-key {issuer_id}"
