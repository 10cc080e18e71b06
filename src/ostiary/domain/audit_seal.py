"""Seals over audit events: each signs a batch of them, and names the seal before it.

A seal is a JWS whose claims name its number, the root of a Merkle tree over its events, and the
fingerprint of the previous seal. So nothing that has been sealed can be changed, left out, added
or moved without one of the seals being made anew, for which a key of the issuer is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ostiary.protocol.malformed import Malformed
from ostiary.protocol.merkle import HASH_LENGTH, leaf_hash, merkle_root
from ostiary.protocol.tokens import Claims

SEAL_TYPE = "audit-seal+jwt"
LARGEST_BATCH = 1000
EVENT_ID_LENGTH = 16
_LEAF_LENGTH = EVENT_ID_LENGTH + HASH_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An event as it is sealed: `text` is the one text that stands for everything in its row."""

    event_id: bytes
    text: bytes

    @property
    def at(self) -> int:
        """When it happened: its id begins with that."""
        return int.from_bytes(self.event_id[:5])


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A seal as somebody noted it down elsewhere."""

    number: int
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.number}:{self.fingerprint}"


def parse_anchor(text: str) -> Anchor:
    """From NUMBER:FINGERPRINT, as `ostiary audit verify` and the logs tell it."""
    number, _, fingerprint = text.strip().partition(":")
    if not number.isascii() or not number.isdigit() or len(fingerprint) != 64:
        raise Malformed("seal", "NUMBER:FINGERPRINT, as ostiary audit verify prints it")
    return Anchor(number=int(number), fingerprint=fingerprint.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """`leaves` are the id and the hash of each event, so that one that was changed can be named.

    They are not signed; the root over their hashes is, in `token`.
    """

    number: int
    at: int
    token: str
    leaves: bytes

    @property
    def fingerprint(self) -> str:
        """What the next seal says of this one, and what an anchor elsewhere keeps of it."""
        return sha256(self.token.encode()).hexdigest()

    @property
    def anchor(self) -> Anchor:
        return Anchor(number=self.number, fingerprint=self.fingerprint)

    @property
    def events(self) -> int:
        return len(self.leaves) // _LEAF_LENGTH


def next_number(previous: Seal | None) -> int:
    return 1 if previous is None else previous.number + 1


def seal_claims(
    issuer_id: str, previous: Seal | None, records: Sequence[AuditRecord], now: int
) -> Claims:
    """What the seal over these events says; the next after `previous`."""
    return {
        "issuer_id": issuer_id,
        "number": next_number(previous),
        "at": now,
        "events": len(records),
        "root": merkle_root([leaf_hash(record.text) for record in records]).hex(),
        "previous": None if previous is None else previous.fingerprint,
    }


def join_leaves(records: Sequence[AuditRecord]) -> bytes:
    return b"".join(record.event_id + leaf_hash(record.text) for record in records)


def split_leaves(leaves: bytes) -> dict[bytes, bytes]:
    """The hash of each event by its id, in the order in which they were sealed."""
    parts = [leaves[start : start + _LEAF_LENGTH] for start in range(0, len(leaves), _LEAF_LENGTH)]
    return {part[:EVENT_ID_LENGTH]: part[EVENT_ID_LENGTH:] for part in parts}
