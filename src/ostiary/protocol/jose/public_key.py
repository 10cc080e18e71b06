"""Public keys of clients: checked once, then held ready to verify with. RFC 7517, RFC 7518 §6.

A key is for the algorithms that fit its type and curve, and only for its own `alg` if it has one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, thumbprint
from joserfc.jws import JWSRegistry

from ostiary.protocol.base64url import decode_base64url
from ostiary.protocol.jose.algorithms import ClientAlgorithm, usual_name
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json

MAX_KEYS = 20
SMALLEST_RSA = 2048  # RFC 7518 §3.3
LARGEST_RSA = 8192
MAX_KID_LENGTH = 256

Jwk: TypeAlias = Mapping[str, Json]

_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_DESCRIBING_MEMBERS: Final = ("kid", "alg", "use")
_LARGEST_EXPONENT_BITS: Final = 64
_PEM: Final = re.compile(
    r"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]{1,8192}-----END PUBLIC KEY-----", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """`members` are the required ones of RFC 7638 §3.2; `size` the bytes of each coordinate."""

    type: type[RSAKey] | type[ECKey] | type[OKPKey]
    members: tuple[str, ...]
    algorithms: frozenset[ClientAlgorithm]
    size: int = 0


def _ec(algorithm: ClientAlgorithm, size: int) -> _Kind:
    return _Kind(
        type=ECKey,
        members=("crv", "kty", "x", "y"),
        algorithms=frozenset({algorithm}),
        size=size,
    )


_KINDS: Final[Mapping[tuple[str, str | None], _Kind]] = {
    ("RSA", None): _Kind(
        type=RSAKey,
        members=("e", "kty", "n"),
        algorithms=frozenset({ClientAlgorithm.RS256, ClientAlgorithm.PS256, ClientAlgorithm.PS384}),
    ),
    ("EC", "P-256"): _ec(ClientAlgorithm.ES256, 32),
    ("EC", "secp256k1"): _ec(ClientAlgorithm.ES256K, 32),
    ("EC", "P-384"): _ec(ClientAlgorithm.ES384, 48),
    ("EC", "P-521"): _ec(ClientAlgorithm.ES512, 66),
    ("OKP", "Ed25519"): _Kind(
        type=OKPKey,
        members=("crv", "kty", "x"),
        algorithms=frozenset({ClientAlgorithm.EDDSA}),
        size=32,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that signatures can be verified with; made by the functions of this module alone.

    `jwk` is what to store: the public members, with `kid`, `alg` and `use` where they were given.
    """

    kid: str | None
    jwk: Jwk
    algorithms: frozenset[ClientAlgorithm]
    thumbprint: str
    _key: RSAKey | ECKey | OKPKey = field(repr=False, compare=False)

    def verifies(self, message: bytes, signature: bytes, algorithm: ClientAlgorithm) -> bool:
        """Whether this key made the signature, by an algorithm that is one of its own."""
        if algorithm not in self.algorithms:
            return False
        return JWSRegistry.algorithms[algorithm].verify(message, signature, self._key)


def parse_public_key(jwk: Json, algorithms: frozenset[ClientAlgorithm]) -> PublicKey:
    """The key, proved to be public, sound, and of use with one of `algorithms`. RFC 8725 §3.4"""
    if not isinstance(jwk, Mapping):
        raise Malformed("jwk", "a JSON object")
    if _PRIVATE_MEMBERS & jwk.keys():
        raise Malformed("jwk", "the public members of an asymmetric key alone")
    kind = _kind_of(jwk)
    members = _read_members(jwk, kind)
    _check_use(jwk)
    return PublicKey(
        kid=_find_kid(jwk),
        jwk={**members, **{name: jwk[name] for name in _DESCRIBING_MEMBERS if name in jwk}},
        algorithms=_choose_algorithms(jwk, kind.algorithms & algorithms),
        thumbprint=thumbprint({**members}),
        _key=_import(kind.type, tuple(members.items())),
    )


def parse_key_set(
    document: Json, algorithms: frozenset[ClientAlgorithm], *, skip_unusable: bool
) -> tuple[PublicKey, ...]:
    """The keys of a JWK Set. RFC 7517 §5

    What a client publishes may hold keys for other uses, which are skipped; what it registers
    (`skip_unusable=False`) has to be usable to the last key, each with a name of its own.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise Malformed("jwks", f'a JSON object with "keys", a list of at most {MAX_KEYS}')
    keys: list[PublicKey] = []
    for entry in entries:
        try:
            keys.append(parse_public_key(entry, algorithms))
        except Malformed:
            if not skip_unusable:
                raise
    kids = [key.kid for key in keys if key.kid is not None]
    if not skip_unusable and (not keys or len(set(kids)) != len(kids)):
        raise Malformed("jwks", "at least one key, and no kid twice")
    return tuple(keys)


def jwk_of_pem(pem: str) -> Jwk:
    """The JWK of a public key in PEM ("BEGIN PUBLIC KEY"): without `kid`, which PEM cannot say."""
    expected = f"one public key in PEM: RSA of {SMALLEST_RSA} bits or more, EC, or Ed25519"
    text = pem.strip()
    if not _PEM.fullmatch(text):
        raise Malformed("public key", expected)
    try:
        native = load_pem_public_key(text.encode("ascii"))
        if isinstance(native, RSAPublicKey) and native.key_size < SMALLEST_RSA:
            expected = f"a longer key: RSA of {SMALLEST_RSA} bits or more, not {native.key_size}"
            raise Malformed("public key", expected)
        if isinstance(native, RSAPublicKey):
            key: RSAKey | ECKey | OKPKey = RSAKey.import_key(native)
        elif isinstance(native, EllipticCurvePublicKey):
            key = ECKey.import_key(native)
        elif isinstance(native, Ed25519PublicKey):
            key = OKPKey.import_key(native)
        else:
            raise Malformed("public key", expected)
        members = key.as_dict(private=False)
    except (KeyError, UnsupportedAlgorithm, ValueError) as error:
        raise Malformed("public key", expected) from error
    return parse_public_key(members, frozenset(ClientAlgorithm)).jwk


def _kind_of(jwk: Jwk) -> _Kind:
    kty, crv = jwk.get("kty"), jwk.get("crv")
    kind = None
    if isinstance(kty, str) and (crv is None or isinstance(crv, str)):
        kind = _KINDS.get((kty, None if kty == "RSA" else crv))
    if kind is None:
        raise Malformed("jwk", "RSA; or EC on P-256, P-384, P-521 or secp256k1; or OKP on Ed25519")
    return kind


def _read_members(jwk: Jwk, kind: _Kind) -> dict[str, str]:
    """The required members, each in the one spelling that its number has. RFC 7518 §6.2.1, §6.3.1"""
    members: dict[str, str] = {}
    for name in kind.members:
        value = jwk.get(name)
        if not isinstance(value, str):
            raise Malformed("jwk", f"{name} as text")
        members[name] = value
    if kind.size == 0:
        _check_rsa(decode_base64url(members["n"]), decode_base64url(members["e"]))
    for name in members.keys() & {"x", "y"}:
        if len(decode_base64url(members[name])) != kind.size:
            raise Malformed("jwk", f"coordinates of {kind.size} bytes")
    return members


def _check_rsa(modulus: bytes, exponent: bytes) -> None:
    """No number whose use would prove nothing, or would take too long. RFC 7518 §3.3"""
    n, e = int.from_bytes(modulus), int.from_bytes(exponent)
    if modulus[:1] in {b"", b"\0"} or exponent[:1] in {b"", b"\0"}:
        raise Malformed("jwk", "n and e without leading zeros")
    if not SMALLEST_RSA <= n.bit_length() <= LARGEST_RSA:
        raise Malformed("jwk", f"an RSA key of {SMALLEST_RSA} to {LARGEST_RSA} bits")
    # The library refuses an exponent that is even, or 1.
    if n % 2 == 0 or e.bit_length() > _LARGEST_EXPONENT_BITS:
        raise Malformed("jwk", "an odd modulus, and an exponent of at most 64 bits")


def _check_use(jwk: Jwk) -> None:
    """RFC 7517 §4.2, §4.3"""
    operations = jwk.get("key_ops", ["verify"])
    verifies = isinstance(operations, list) and "verify" in operations
    if jwk.get("use", "sig") != "sig" or not verifies:
        raise Malformed("jwk", "a key for signatures")


def _find_kid(jwk: Jwk) -> str | None:
    if "kid" not in jwk:
        return None
    kid = jwk["kid"]
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        raise Malformed("kid", f"text of at most {MAX_KID_LENGTH} characters")
    return kid


def _choose_algorithms(jwk: Jwk, fitting: frozenset[ClientAlgorithm]) -> frozenset[ClientAlgorithm]:
    """Those that fit the key; of them only its own, if it names one. RFC 7517 §4.4"""
    if "alg" in jwk:
        own = jwk["alg"]
        name = usual_name(own) if isinstance(own, str) else None
        fitting = frozenset(algorithm for algorithm in fitting if algorithm == name)
    if not fitting:
        raise Malformed("jwk", "a key for one of the algorithms that are accepted here")
    return fitting


@lru_cache(maxsize=1024)
def _import(
    key_type: type[RSAKey] | type[ECKey] | type[OKPKey], members: tuple[tuple[str, str], ...]
) -> RSAKey | ECKey | OKPKey:
    """The library's key: a client's proofs all carry the same one, and importing it takes time."""
    try:
        return key_type.import_key({**dict(members)})
    except (JoseError, ValueError) as error:
        raise Malformed("jwk", "numbers that make a key, such as a point on its curve") from error
