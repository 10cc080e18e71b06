"""Public keys of clients, as people give them: PEM, a JWK or a JWK Set. RFC 7517, RFC 7523 §3."""

from ostiary.protocol.client_assertion import ASSERTION_ALGORITHMS
from ostiary.protocol.jose.public_key import (
    PublicKey,
    jwk_of_pem,
    parse_key_set,
    parse_public_key,
)
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.strict_json import parse_json_object
from ostiary.protocol.tokens import Json

# Long enough for a set of the largest keys.
MAX_TEXT_LENGTH = 65_536
_PUBLIC_HALF = "the public half of this PRIVATE key, which tells: openssl pkey -in FILE -pubout"


def read_public_keys(text: str) -> tuple[dict[str, str], ...]:
    """The keys as they are stored. Raises Malformed for what is no public key, or no sound one."""
    start = text.lstrip()[:80]
    if start.startswith("-----"):
        if "PRIVATE KEY-----" in start:
            raise Malformed("public key", _PUBLIC_HALF)
        return (check_public_key(jwk_of_pem(text)),)
    if not start.startswith("{"):
        raise Malformed("public key", "a key in PEM, a JWK or a JWK Set")
    document = parse_json_object(text, max_length=MAX_TEXT_LENGTH)
    if "keys" not in document:
        return (check_public_key(document),)
    keys = parse_key_set(document, ASSERTION_ALGORITHMS, skip_unusable=False)
    return tuple(_stored(key) for key in keys)


def check_public_key(jwk: Json) -> dict[str, str]:
    """The key as it is stored, proved to be public, sound, and of use for an assertion."""
    return _stored(parse_public_key(jwk, ASSERTION_ALGORITHMS))


def _stored(key: PublicKey) -> dict[str, str]:
    return {name: str(value) for name, value in key.jwk.items()}
