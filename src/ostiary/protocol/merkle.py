"""The root of a Merkle tree over some texts. RFC 9162 §2.1.1."""

from collections.abc import Sequence
from hashlib import sha256

HASH_LENGTH = 32


def leaf_hash(text: bytes) -> bytes:
    """With a prefix of its own, so that no inner node can be taken for a text."""
    return sha256(b"\x00" + text).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over the leaves' hashes, in their order.

    Pairs are joined from the left, level by level, and one that is left over moves up: the tree
    that the standard splits at the largest power of two.
    """
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        joined = [
            sha256(b"\x01" + level[index] + level[index + 1]).digest()
            for index in range(0, len(level) - 1, 2)
        ]
        level = joined + level[2 * len(joined) :]
    return level[0]
