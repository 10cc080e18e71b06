"""RFC 9162 §2.1.1: the root of a Merkle tree."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.protocol.merkle import leaf_hash, merkle_root


def by_the_standard(texts: list[bytes]) -> bytes:
    """As it is written: split at the largest power of two below the number of texts."""
    if not texts:
        return sha256(b"").digest()
    if len(texts) == 1:
        return sha256(b"\x00" + texts[0]).digest()
    split = 1 << (len(texts) - 1).bit_length() - 1
    return sha256(
        b"\x01" + by_the_standard(texts[:split]) + by_the_standard(texts[split:])
    ).digest()


@pytest.mark.spec("RFC 9162 §2.1.1")
@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_root_is_that_of_the_standard(texts: list[bytes]) -> None:
    """Joining pairs level by level gives the tree that the standard splits from above."""
    assert merkle_root([leaf_hash(text) for text in texts]) == by_the_standard(texts)


@pytest.mark.spec("RFC 9162 §2.1.1")
def test_the_roots_of_the_reference_implementation() -> None:
    """The vectors of Certificate Transparency."""
    texts = [bytes.fromhex(each) for each in ("", "00", "10", "2021", "3031", "40414243")]
    leaves = [leaf_hash(text) for text in texts]
    assert merkle_root(leaves[:1]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert merkle_root(leaves[:3]).hex() == (
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    )
    assert merkle_root(leaves).hex() == (
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"
    )
