"""A public key is what its name says: who can only write to the database can put no other in its
place, in the JWKS or behind a seal."""

from collections.abc import Mapping

from ostiary.protocol.jose.jwk import is_named_by_thumbprint
from ostiary.protocol.tokens import Json


class KeyExchanged(Exception):
    """The database holds another public key under a kid than the one that was given this name."""


def check_name(kid: str, public_jwk: Mapping[str, Json]) -> None:
    if not is_named_by_thumbprint(kid, public_jwk):
        raise KeyExchanged(
            f"the public key {kid} was exchanged in the database; restore it from a backup, "
            "and find out who can write there"
        )
