"""Public keys of clients. RFC 7517, RFC 7518 §6; CA-36 and DP-03 of the attacks."""

import json
import time
from collections.abc import Mapping
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.base64url import encode_base64url
from ostiary.protocol.client_assertion import ASSERTION_ALGORITHMS
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.public_key import (
    LARGEST_RSA,
    MAX_KEYS,
    MAX_KID_LENGTH,
    PublicKey,
    jwk_of_pem,
    parse_key_set,
    parse_public_key,
)
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json
from tests.protocol.jose.client_keys import EVERY, client_key, rsa_key

RSA_ALGORITHMS = {ClientAlgorithm.RS256, ClientAlgorithm.PS256, ClientAlgorithm.PS384}
P256 = client_key(ClientAlgorithm.ES256).jwk
ED25519 = client_key(ClientAlgorithm.EDDSA).jwk


def refused(jwk: Json, algorithms: frozenset[ClientAlgorithm] = EVERY) -> bool:
    try:
        parse_public_key(jwk, algorithms)
    except Malformed:
        return True
    return False


def number(value: int) -> str:
    return encode_base64url(value.to_bytes((value.bit_length() + 7) // 8))


def rsa_jwk(modulus: int, exponent: int = 65537) -> dict[str, Json]:
    return {"kty": "RSA", "n": number(modulus), "e": number(exponent)}


@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_a_key_is_for_the_algorithms_that_fit_it(algorithm: ClientAlgorithm) -> None:
    key = parse_public_key(client_key(algorithm).jwk, EVERY)
    assert key.algorithms == (RSA_ALGORITHMS if algorithm in RSA_ALGORITHMS else {algorithm})
    assert key.jwk == client_key(algorithm).jwk
    assert key.kid is None


@pytest.mark.spec("RFC 7517 §4.4")
@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_ca_16_a_key_with_an_algorithm_is_for_that_one_alone(algorithm: ClientAlgorithm) -> None:
    """RFC 7517 §4.4: alg identifies the algorithm intended for use with the key."""
    jwk = client_key(algorithm).jwk
    assert parse_public_key({**jwk, "alg": str(algorithm)}, EVERY).algorithms == {algorithm}
    for other in ("HS256", "none", "RS512", "RSA-OAEP", "ES25", "", None, 5, ["ES256"]):
        assert refused({**jwk, "alg": other})


def test_a_key_that_fits_nothing_that_is_accepted_is_refused() -> None:
    assert refused(client_key(ClientAlgorithm.ES384).jwk, ASSERTION_ALGORITHMS)
    assert refused(client_key(ClientAlgorithm.ES256K).jwk, ASSERTION_ALGORITHMS)
    assert refused({**P256, "alg": "ES256"}, frozenset({ClientAlgorithm.ES384}))
    fits = parse_public_key(client_key(ClientAlgorithm.PS384).jwk, ASSERTION_ALGORITHMS)
    assert fits.algorithms == {ClientAlgorithm.RS256, ClientAlgorithm.PS256}


@pytest.mark.spec("RFC 7638 §3.2")
@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_the_thumbprint_is_of_the_required_members(algorithm: ClientAlgorithm) -> None:
    """RFC 7638 §3.2: e, kty, n; crv, kty, x, y; for OKP (RFC 8037 §2) crv, kty, x."""
    jwk = client_key(algorithm).jwk
    canonical = json.dumps(jwk, separators=(",", ":"), sort_keys=True)
    expected = encode_base64url(sha256(canonical.encode()).digest())
    assert client_key(algorithm).parsed().thumbprint == expected
    described = client_key(algorithm).parsed(kid="k", use="sig", alg=str(algorithm))
    assert described.thumbprint == expected


@pytest.mark.spec("RFC 7518 §6.3.1")
@pytest.mark.parametrize("name", ["n", "e"])
def test_a_number_with_leading_zeros_is_refused(name: str) -> None:
    """RFC 7518 §6.3.1: Base64urlUInt, without leading zero octets: one key has one thumbprint."""
    jwk = rsa_jwk(rsa_key(0).public_key().public_numbers().n)
    padded = {"n": b"\0" + int.to_bytes(rsa_key(0).public_key().public_numbers().n, 256)}
    padded["e"] = b"\0\1\0\1"
    assert not refused(jwk)
    assert refused({**jwk, name: encode_base64url(padded[name])})
    for empty in ("", "AA", "A", None):
        assert refused({**jwk, name: empty})


@pytest.mark.spec("RFC 7518 §3.3")
@pytest.mark.parametrize("bits", [512, 1024, 2047, LARGEST_RSA + 1, 16_384])
def test_ca_36_dp_03_an_rsa_key_of_another_size_is_refused(bits: int) -> None:
    """RFC 7518 §3.3: a key of 2048 bits or larger; ours has an end, for its use takes time."""
    assert refused(rsa_jwk(2 ** (bits - 1) + 1))
    assert not refused(rsa_jwk(2**2047 + 1))
    assert not refused(rsa_jwk(2 ** (LARGEST_RSA - 1) + 1))


@pytest.mark.spec("RFC 8725 §3.4")
@pytest.mark.parametrize("exponent", [0, 1, 2, 4, 65536, 2**64 + 1, 2**2046 + 1])
def test_ca_36_an_rsa_exponent_that_proves_nothing_or_takes_long_is_refused(exponent: int) -> None:
    """RFC 8725 §3.4: cryptographic inputs are validated."""
    modulus = rsa_key(0).public_key().public_numbers().n
    assert refused(rsa_jwk(modulus, exponent))
    for usual in (3, 17, 65537):
        assert not refused(rsa_jwk(modulus, usual))


def test_ca_36_an_even_modulus_is_refused() -> None:
    assert refused(rsa_jwk(rsa_key(0).public_key().public_numbers().n - 1))


@pytest.mark.parametrize(
    "algorithm", [ClientAlgorithm.ES256, ClientAlgorithm.ES256K, ClientAlgorithm.ES384, "ES512"]
)
def test_ca_36_dp_03_a_point_off_the_curve_is_refused(algorithm: str) -> None:
    jwk = client_key(ClientAlgorithm(algorithm)).jwk
    other = client_key(ClientAlgorithm(algorithm), 1).jwk
    size = len(str(jwk["x"]))
    zero = "A" * size
    largest = {43: "_" * 42 + "8", 64: "_" * 64, 88: "_" * 88}[size]
    for members in (
        {"x": other["x"]},
        {"y": other["y"]},
        {"x": jwk["y"], "y": jwk["x"]},
        {"x": zero, "y": zero},
        {"x": zero},
        {"x": largest, "y": largest},
    ):
        assert refused({**jwk, **members})


@pytest.mark.spec("RFC 7518 §6.2.1")
@pytest.mark.parametrize("length", [0, 1, 31, 33, 48, 64])
def test_a_coordinate_of_another_length_is_refused(length: int) -> None:
    """RFC 7518 §6.2.1: the octet string has the full size of a coordinate of its curve."""
    assert refused({**P256, "x": encode_base64url(b"\1" * length)})
    assert refused({**ED25519, "x": encode_base64url(b"\1" * length)})


def test_a_coordinate_keeps_its_zeros_and_gets_no_more() -> None:
    keys = [ec.derive_private_key(secret, ec.SECP256R1()).public_key() for secret in range(1, 700)]
    key = next(key for key in keys if key.public_numbers().x.bit_length() <= 248)
    jwk = dict(jwk_of_pem(public_pem(key)))
    x = key.public_numbers().x
    assert jwk["x"] == encode_base64url(x.to_bytes(32))
    assert refused({**jwk, "x": encode_base64url(x.to_bytes(31))})
    assert refused({**jwk, "x": encode_base64url(x.to_bytes(33))})


def test_a_key_of_one_curve_is_none_of_another() -> None:
    for curve in ("P-384", "P-521", "secp256k1", "Ed25519"):
        assert refused({**P256, "crv": curve})
    assert refused({**client_key(ClientAlgorithm.ES256K).jwk, "crv": "P-256"})


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
@pytest.mark.parametrize("algorithm", [ClientAlgorithm.RS256, "ES256", "EdDSA"])
def test_ca_36_dp_03_a_key_with_a_private_member_is_refused(algorithm: str, member: str) -> None:
    values: list[Json] = ["AQAB", "", None, 0, []]
    for value in values:
        assert refused({**client_key(ClientAlgorithm(algorithm)).jwk, member: value})


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "oct"},
        {"kty": "OKP", "crv": "X25519", "x": ED25519["x"]},
        {"kty": "OKP", "crv": "Ed448", "x": encode_base64url(bytes(57))},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "EC", "crv": "P-256", "x": P256["x"]},
        {"kty": "EC", "crv": "P-192", "x": P256["x"], "y": P256["y"]},
        {"kty": "ec", "crv": "P-256", "x": P256["x"], "y": P256["y"]},
        {**P256, "kty": None},
        {**P256, "kty": ["EC"]},
        {**P256, "crv": ["P-256"]},
        {**P256, "crv": None},
        {**P256, "x": 5},
        {**P256, "x": [P256["x"]]},
        {**P256, "x": f"{P256['x']}="},
        {**P256, "x": f" {P256['x']}"},
        {"kty": "RSA", "e": "AQAB"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
        {},
        [],
        [P256],
        "EC",
        None,
        5,
        True,
    ],
)
def test_what_is_no_public_key_of_ours_is_refused(jwk: Json) -> None:
    assert refused(jwk)


@pytest.mark.spec("RFC 7517 §4.2", "RFC 7517 §4.3")
@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"},
        {"use": None},
        {"use": ["sig"]},
        {"key_ops": ["encrypt"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"use": "sig", "key_ops": ["wrapKey"]},
    ],
)
def test_a_key_for_another_use_is_refused(members: dict[str, Json]) -> None:
    """RFC 7517 §4.2, §4.3: use and key_ops say what a key is intended for."""
    assert refused({**P256, **members})
    assert not refused({**P256, "use": "sig", "key_ops": ["verify"]})


@pytest.mark.parametrize("kid", ["", "k" * (MAX_KID_LENGTH + 1), None, 5, ["k"], {}])
def test_a_kid_that_names_nothing_is_refused(kid: Json) -> None:
    assert refused({**P256, "kid": kid})
    assert parse_public_key({**P256, "kid": "k"}, EVERY).kid == "k"


def test_what_is_stored_is_public_and_reads_the_same_again() -> None:
    key = client_key(ClientAlgorithm.RS256).parsed(
        kid="k", use="sig", alg="PS256", x5c=["MII"], x5u="https://evil.test/", extra={"d": 1}
    )
    assert key.jwk.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert parse_public_key(json.loads(json.dumps(key.jwk)), EVERY) == key


def test_a_key_is_imported_once() -> None:
    one, same = (client_key(ClientAlgorithm.ES512).parsed() for _ in range(2))
    assert one._key is same._key


# ---- sets -----------------------------------------------------------------------------------

USABLE: list[Mapping[str, Json]] = [
    {**client_key(ClientAlgorithm.ES256, each).jwk, "kid": f"ec-{each}"} for each in range(3)
]
UNUSABLE: list[Json] = [
    {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    {"kty": "oct", "k": "c2VjcmV0"},
    {**P256, "use": "enc"},
    {**P256, "d": "AA"},
    client_key(ClientAlgorithm.ES384).jwk,
    rsa_jwk(2**1023 + 1),
    "key",
    None,
]


def kids(keys: tuple[PublicKey, ...]) -> list[str | None]:
    return [key.kid for key in keys]


@pytest.mark.spec("RFC 7517 §5")
@pytest.mark.parametrize("unusable", UNUSABLE)
def test_of_a_published_set_what_is_not_for_us_is_skipped(unusable: Json) -> None:
    """RFC 7517 §5: keys of types or with values that are not understood should be ignored."""
    document: Json = {"keys": [USABLE[0], unusable, USABLE[1]]}
    keys = parse_key_set(document, ASSERTION_ALGORITHMS, skip_unusable=True)
    assert kids(keys) == ["ec-0", "ec-1"]
    with pytest.raises(Malformed):
        parse_key_set(document, ASSERTION_ALGORITHMS, skip_unusable=False)


def test_ca_36_rg_03_a_registered_set_needs_a_key_and_a_name_once() -> None:
    def register(*entries: Json) -> list[str | None]:
        document: Json = {"keys": list(entries)}
        return kids(parse_key_set(document, ASSERTION_ALGORITHMS, skip_unusable=False))

    assert register(*USABLE) == ["ec-0", "ec-1", "ec-2"]
    assert register(P256, client_key(ClientAlgorithm.ES256, 1).jwk) == [None, None]
    with pytest.raises(Malformed):
        register()
    with pytest.raises(Malformed, match="no kid twice"):
        register(USABLE[0], {**USABLE[1], "kid": "ec-0"})


def test_ca_38_a_published_set_may_be_empty() -> None:
    assert parse_key_set({"keys": []}, ASSERTION_ALGORITHMS, skip_unusable=True) == ()


@pytest.mark.parametrize("skip_unusable", [False, True])
@pytest.mark.parametrize(
    "document",
    [None, [], "", 5, {}, {"keys": None}, {"keys": {}}, {"keys": "x"}, {"key": []}, P256],
)
def test_what_is_no_set_is_refused(document: Json, skip_unusable: bool) -> None:
    with pytest.raises(Malformed):
        parse_key_set(document, ASSERTION_ALGORITHMS, skip_unusable=skip_unusable)


@pytest.mark.parametrize("skip_unusable", [False, True])
def test_ca_36_a_set_of_too_many_keys_is_refused_unread(skip_unusable: bool) -> None:
    entries: list[Json] = [{**P256, "kid": str(each)} for each in range(MAX_KEYS)]
    parse_key_set({"keys": entries}, ASSERTION_ALGORITHMS, skip_unusable=skip_unusable)
    with pytest.raises(Malformed, match="at most"):
        parse_key_set(
            {"keys": [*entries, USABLE[0]]}, ASSERTION_ALGORITHMS, skip_unusable=skip_unusable
        )


# ---- PEM ------------------------------------------------------------------------------------


def public_pem(key: object) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_the_jwk_of_a_pem_is_the_same_key_without_a_name(algorithm: ClientAlgorithm) -> None:
    key = client_key(algorithm)
    for pem in (key.pem, f"\n {key.pem}\n\n", key.pem.replace("\n", "\r\n"), key.pem.strip()):
        assert jwk_of_pem(pem) == key.jwk


def bad_pems() -> dict[str, str]:
    good = client_key(ClientAlgorithm.ES256).pem
    private = client_key(ClientAlgorithm.ES256).private
    numbers = rsa.RSAPublicNumbers(65537, 2**1023 + 1)
    pkcs1 = rsa_key(0).public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    pkcs8 = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    sec1 = private.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()
    return {
        "empty": "",
        "no PEM": "key",
        "private, PKCS 8": pkcs8,
        "private, SEC 1": sec1,
        "private behind the public": good + pkcs8,
        "two keys": good + good,
        "text in front": "Here: " + good,
        "PKCS 1": pkcs1,
        "certificate": good.replace("PUBLIC KEY", "CERTIFICATE"),
        "cut off": good[:60],
        "half": good[:60] + "\n-----END PUBLIC KEY-----",
        "junk inside": good.replace("MFk", "M!k"),
        "header inside": good.replace("-----\nM", "-----\nProc-Type: 4,ENCRYPTED\n\nM"),
        "not ASCII": good + "é",
        "NUL": good + "\0",
        "RSA 1024": public_pem(numbers.public_key()),
        "RSA e=2^64+1": public_pem(rsa.RSAPublicNumbers(2**64 + 1, 2**2047 + 1).public_key()),
        "RSA 16384": public_pem(rsa.RSAPublicNumbers(65537, 2**16383 + 1).public_key()),
        "DSA": public_pem(
            dsa.DSAPublicNumbers(
                5, dsa.DSAParameterNumbers(2**2047 + 1, 2**255 + 1, 2)
            ).public_key()
        ),
        "P-192": public_pem(ec.derive_private_key(5, ec.SECP192R1()).public_key()),
        "brainpool": public_pem(ec.derive_private_key(5, ec.BrainpoolP256R1()).public_key()),
        "X25519": public_pem(x25519.X25519PrivateKey.from_private_bytes(bytes(32)).public_key()),
        "Ed448": public_pem(ed448.Ed448PrivateKey.from_private_bytes(bytes(57)).public_key()),
        "1 MB": good.replace("MFk", "A" * 1_000_000 + "MFk"),
    }


BAD_PEMS = bad_pems()


@pytest.mark.parametrize("kind", BAD_PEMS)
def test_ca_36_what_is_no_public_key_in_pem_is_refused(kind: str) -> None:
    with pytest.raises(Malformed):
        jwk_of_pem(BAD_PEMS[kind])


# ---- properties -----------------------------------------------------------------------------

MEMBERS = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=6),
    st.sampled_from(
        ["RSA", "EC", "OKP", "P-256", "Ed25519", "sig", "ES256", "AQAB", *P256.values()]
    ),
    st.lists(st.text(max_size=2), max_size=2),
)
JWKS = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "kid", "use", "alg", "key_ops", "x5c"]),
    MEMBERS,
)


@settings(max_examples=200)
@given(JWKS, st.sampled_from([{}, P256, ED25519, client_key(ClientAlgorithm.RS256).jwk]))
def test_any_members_at_all_are_a_public_key_or_refused(
    members: dict[str, Json], good: Mapping[str, Json]
) -> None:
    jwk = {**good, **members}
    if not refused(jwk):
        assert not {"d", "x5c"} & parse_public_key(jwk, EVERY).jwk.keys()


@settings(max_examples=200)
@given(st.binary(max_size=80).map(encode_base64url), st.binary(max_size=80).map(encode_base64url))
def test_any_numbers_at_all_are_a_key_or_refused(one: str, other: str) -> None:
    for jwk in (
        {**P256, "x": one, "y": other},
        {**ED25519, "x": one},
        {"kty": "RSA", "n": one, "e": other},
    ):
        refused(jwk)


@settings(max_examples=100)
@given(st.integers(1, 2**256), st.sampled_from([ec.SECP256R1(), ec.SECP256K1()]))
def test_every_key_that_can_be_made_is_read(secret: int, curve: ec.EllipticCurve) -> None:
    pem = public_pem(ec.derive_private_key(secret % 2**255 + 1, curve).public_key())
    assert not refused(jwk_of_pem(pem))


@settings(max_examples=100)
@given(st.binary(min_size=32, max_size=32))
def test_every_ed25519_key_that_can_be_made_is_read(seed: bytes) -> None:
    assert not refused(
        jwk_of_pem(public_pem(ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()))
    )


@pytest.mark.parametrize("kind", ["most bits", "largest exponent"])
def test_the_slowest_key_that_is_accepted_is_not_slow(kind: str) -> None:
    exponent = 2**64 - 1 if kind == "largest exponent" else 65537
    key = parse_public_key(rsa_jwk(2**LARGEST_RSA - 1, exponent), EVERY)
    began = time.process_time()
    for _ in range(10):
        assert not key.verifies(b"x", b"\1" * 1024, ClientAlgorithm.PS256)
    assert time.process_time() - began < 0.1
