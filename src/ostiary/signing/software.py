"""Private keys in software: made, sealed, opened and used through `cryptography`. RFC 7518 §3."""

from collections.abc import Callable
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ostiary.protocol.jose.algorithms import Algorithm

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Sign: TypeAlias = Callable[[bytes], bytes]

RSA_BITS = 2048
_SHA256 = hashes.SHA256()
_ECDSA = ec.ECDSA(_SHA256)
_PSS = padding.PSS(mgf=padding.MGF1(_SHA256), salt_length=_SHA256.digest_size)


def generate_private_key(algorithm: Algorithm) -> PrivateKey:
    match algorithm:
        case Algorithm.RS256 | Algorithm.PS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.EDDSA:
            return ed25519.Ed25519PrivateKey.generate()


def public_pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def dump_private_key(key: PrivateKey) -> bytes:
    """Unencrypted DER, to be sealed at once."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def load_private_key(der: bytes) -> PrivateKey:
    """From what dump_private_key gave. The seal has proved it unchanged, so RSA's slow check of
    its own numbers (30 ms) is left out."""
    key = serialization.load_der_private_key(
        der, password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, PrivateKey):
        raise TypeError(f"not a signing key: {type(key).__name__}")
    return key


def signing_function(key: PrivateKey, algorithm: Algorithm) -> Sign:
    """What makes a JWS signature of a message. RFC 7518 §3.3 to §3.5, RFC 8037 §3.1."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _ecdsa(key)
    return _rsa(key, _PSS if algorithm is Algorithm.PS256 else padding.PKCS1v15())


def _rsa(key: rsa.RSAPrivateKey, how: padding.AsymmetricPadding) -> Sign:
    return lambda message: key.sign(message, how, _SHA256)


def _ecdsa(key: ec.EllipticCurvePrivateKey) -> Sign:
    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, _ECDSA))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign
