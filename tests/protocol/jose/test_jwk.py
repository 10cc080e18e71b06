"""Public keys as JSON Web Keys. RFC 7517, RFC 7638; DJ-03 to DJ-05 of the attacks."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.jwk import public_jwk
from ostiary.signing.software import PrivateKey, public_pem
from tests.protocol.jose.forge import key_pair

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
NAMED = {"kid", "use", "alg"}
MEMBERS = {
    Algorithm.RS256: {"kty", "n", "e"} | NAMED,
    Algorithm.PS256: {"kty", "n", "e"} | NAMED,
    Algorithm.ES256: {"kty", "crv", "x", "y"} | NAMED,
    Algorithm.EDDSA: {"kty", "crv", "x"} | NAMED,
}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=="))


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def ec_key(secret: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(secret, ec.SECP256R1())


@pytest.mark.parametrize("algorithm", Algorithm)
def test_dj_03_a_public_jwk_has_the_members_of_its_kind_and_no_other(algorithm: Algorithm) -> None:
    assert public_jwk(key_pair(algorithm).pem, algorithm).keys() == MEMBERS[algorithm]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_dj_03_even_of_a_private_key_only_the_public_members_are_told(algorithm: Algorithm) -> None:
    pair = key_pair(algorithm)
    assert public_jwk(private_pem(pair.private), algorithm) == pair.jwk


@settings(deadline=None, max_examples=100)
@given(st.integers(1, P256_ORDER - 1))
def test_dj_03_no_ec_key_tells_its_private_number(secret: int) -> None:
    key = ec_key(secret)
    for pem in (public_pem(key), private_pem(key)):
        jwk = public_jwk(pem, Algorithm.ES256)
        assert not PRIVATE & jwk.keys()
        assert base64url(secret.to_bytes(32)) not in jwk.values()


@settings(deadline=None, max_examples=100)
@given(st.binary(min_size=32, max_size=32))
def test_dj_03_no_ed25519_key_tells_its_seed(seed: bytes) -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    for pem in (public_pem(key), private_pem(key)):
        jwk = public_jwk(pem, Algorithm.EDDSA)
        assert not PRIVATE & jwk.keys()
        assert base64url(seed) not in jwk.values()


@settings(deadline=None, max_examples=100)
@given(st.integers(1, P256_ORDER - 1))
def test_an_ec_key_is_the_same_point_for_pyjwt(secret: int) -> None:
    key = ec_key(secret)
    read = jwt.PyJWK(dict(public_jwk(public_pem(key), Algorithm.ES256))).key
    assert read.public_numbers() == key.public_key().public_numbers()


def test_coordinates_keep_their_leading_zeros() -> None:
    # RFC 7518 §6.2.1.2: always 32 bytes. About one of 128 keys has such a coordinate.
    keys = [ec_key(secret) for secret in range(1, 700)]
    points = [key.public_key().public_numbers() for key in keys]
    short = [
        key
        for key, point in zip(keys, points, strict=True)
        if min(point.x, point.y).bit_length() <= 248
    ]
    assert short
    for key in short:
        jwk = public_jwk(public_pem(key), Algorithm.ES256)
        assert (len(str(jwk["x"])), len(str(jwk["y"]))) == (43, 43)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_jwk_is_for_signatures_of_its_one_algorithm(algorithm: Algorithm) -> None:
    jwk = key_pair(algorithm).jwk
    assert (jwk["use"], jwk["alg"]) == ("sig", algorithm.value)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_dj_05_the_kid_is_the_thumbprint(algorithm: Algorithm) -> None:
    jwk = key_pair(algorithm).jwk
    required = {name: jwk[name] for name in sorted(MEMBERS[algorithm] - NAMED)}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True)
    assert jwk["kid"] == base64url(sha256(canonical.encode()).digest())


def test_the_kid_of_the_example_of_rfc_7638_is_its_thumbprint() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI"
        "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = rsa.RSAPublicNumbers(65537, number(modulus)).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert public_jwk(pem, Algorithm.RS256) == {
        "kty": "RSA",
        "n": modulus,
        "e": "AQAB",
        "use": "sig",
        "alg": "RS256",
        "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    }


def test_the_kid_of_the_example_of_rfc_8037_is_its_thumbprint() -> None:
    raw = urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = public_jwk(pem, Algorithm.EDDSA)
    assert jwk["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")
