"""Tokens that clients sign. RFC 7515, RFC 7518, RFC 8725; CA-13 to CA-20 and CA-35 of the attacks."""

import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from ostiary.protocol.client_assertion import ASSERTION_ALGORITHMS
from ostiary.protocol.dpop import PROOF_ALGORITHMS
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.compact import parse_token
from ostiary.protocol.jose.jws import (
    MAX_KEYS_TRIED,
    SHORTEST_SECRET,
    VerifiedToken,
    verify_hmac,
    verify_signature,
)
from ostiary.protocol.jose.public_key import PublicKey
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json
from tests.protocol.jose.client_keys import EVERY, ClientKey, client_key, signature
from tests.protocol.jose.forge import forge, segment

CLAIMS: dict[str, Json] = {"iss": "client", "sub": "client"}
PAYLOAD = json.dumps(CLAIMS).encode()
ES256 = ClientAlgorithm.ES256
SECRET = b"0123456789abcdef0123456789abcdef"
ORDERS = {
    ClientAlgorithm.ES256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ClientAlgorithm.ES256K: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


def refused(token: str, *keys: PublicKey, algorithms: frozenset[ClientAlgorithm] = EVERY) -> bool:
    try:
        verify_signature(parse_token(token), keys, algorithms)
    except Malformed:
        return True
    return False


@pytest.mark.spec("RFC 7518 §3.1", "RFC 8037 §3.1", "RFC 8812 §3.2")
@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_a_token_of_each_algorithm_is_verified(algorithm: ClientAlgorithm) -> None:
    """RFC 7518 §3.1, RFC 8037 §3.1, RFC 8812 §3.2: the algorithms as PyJWT signs them."""
    key = client_key(algorithm)
    token = parse_token(key.token(CLAIMS, typ="JWT", kid="k"))
    expected = VerifiedToken(type="JWT", kid="k", claims=CLAIMS)
    assert verify_signature(token, [key.parsed()], frozenset({algorithm})) == expected


@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_ca_16_an_algorithm_that_is_not_accepted_here_is_refused(
    algorithm: ClientAlgorithm,
) -> None:
    key = client_key(algorithm)
    assert refused(key.token(CLAIMS), key.parsed(), algorithms=EVERY - {algorithm})
    assert refused(key.token(CLAIMS), key.parsed(), algorithms=frozenset())


@pytest.mark.spec("RFC 9864 §2.2")
def test_eddsa_is_also_called_ed25519() -> None:
    """RFC 9864 §2.2: Ed25519 is EdDSA on that curve, the only one that we take."""
    key = client_key(ClientAlgorithm.EDDSA)
    token = forge({"alg": "Ed25519"}, PAYLOAD, key.sign)
    for parsed in (key.parsed(), key.parsed(alg="Ed25519"), key.parsed(alg="EdDSA")):
        assert not refused(token, parsed, algorithms=ASSERTION_ALGORITHMS)
        assert not refused(key.token(CLAIMS), parsed)
        assert refused(token, parsed, algorithms=EVERY - {ClientAlgorithm.EDDSA})
    assert refused(token, client_key(ES256).parsed())
    assert refused(forge({"alg": "Ed448"}, PAYLOAD, key.sign), key.parsed())


def test_what_is_accepted_where() -> None:
    assert {"RS256", "PS256", "ES256", "EdDSA"} == ASSERTION_ALGORITHMS
    assert {"PS256", "PS384", "ES256", "ES256K", "ES384", "ES512", "EdDSA"} == PROOF_ALGORITHMS


@pytest.mark.spec("RFC 8725 §3.1")
@pytest.mark.parametrize(
    "claimed", [*ClientAlgorithm, "HS256", "none", "ES521", "RS512", "es256", ""]
)
@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_ca_16_a_token_is_of_the_algorithm_that_its_header_names(
    algorithm: ClientAlgorithm, claimed: str
) -> None:
    """RFC 8725 §3.1: each key is used with exactly one algorithm, checked when it is used."""
    key = client_key(algorithm)
    token = forge({"alg": claimed}, PAYLOAD, key.sign)
    assert refused(token, key.parsed()) == (claimed != algorithm)
    # A key that says what it is for is for nothing else, even where its type would fit.
    if claimed != algorithm and claimed in key.parsed().algorithms:
        rightly = forge({"alg": claimed}, PAYLOAD, lambda m: signature(m, key.private, claimed))
        assert not refused(rightly, key.parsed())
        assert refused(rightly, key.parsed(alg=str(algorithm)))


def test_ca_16_a_key_verifies_nothing_that_it_is_not_for() -> None:
    key = client_key(ClientAlgorithm.PS256)
    made = key.sign(b"message")
    assert key.parsed().verifies(b"message", made, ClientAlgorithm.PS256)
    assert not key.parsed(alg="RS256").verifies(b"message", made, ClientAlgorithm.PS256)


@pytest.mark.parametrize(
    "curve", [ClientAlgorithm.ES384, ClientAlgorithm.ES512, ClientAlgorithm.ES256K]
)
def test_ca_16_es256_is_not_verified_with_a_key_of_another_curve(curve: ClientAlgorithm) -> None:
    key = client_key(curve)

    def sign(message: bytes) -> bytes:
        return signature(message, key.private, curve)

    assert refused(forge({"alg": "ES256"}, PAYLOAD, sign), key.parsed())


@pytest.mark.parametrize("name", ["none", "nOnE", "None", "NONE", ""])
@pytest.mark.parametrize("bytes_of_signature", [b"", b"\0", b"\0" * 64])
def test_ca_13_none_is_refused(name: str, bytes_of_signature: bytes) -> None:
    token = forge({"alg": name}, PAYLOAD, lambda _: bytes_of_signature)
    with pytest.raises(Malformed):
        verify_signature(parse_token(token), [client_key(ES256).parsed()], EVERY)


def public_forms() -> dict[str, bytes]:
    key = client_key(ClientAlgorithm.RS256)
    return {
        "PEM": key.pem.encode(),
        "PEM, stripped": key.pem.strip().encode(),
        "JWK": json.dumps(key.jwk).encode(),
        "compact JWK": json.dumps(key.jwk, separators=(",", ":")).encode(),
        "modulus": str(key.jwk["n"]).encode(),
        "client's secret": SECRET,
        "nothing": b"",
    }


@pytest.mark.spec("RFC 8725 §3.2")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", public_forms())
def test_ca_14_ca_15_no_secret_makes_a_signature(form: str, algorithm: str) -> None:
    """RFC 8725 §3.2: an attacker who knows a public key must not sign with it as a secret."""
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[algorithm]
    secret = public_forms()[form]
    token = forge({"alg": algorithm}, PAYLOAD, lambda message: hmac.digest(secret, message, digest))
    assert refused(token, client_key(ClientAlgorithm.RS256).parsed())
    assert refused(
        token, client_key(ClientAlgorithm.RS256).parsed(), algorithms=ASSERTION_ALGORITHMS
    )


@pytest.mark.spec("RFC 8725 §3.10")
@pytest.mark.parametrize("member", ["jwk", "x5c", "jku", "x5u"])
def test_ca_17_ca_18_a_key_in_the_header_is_not_looked_at(member: str) -> None:
    """RFC 8725 §3.10: received claims, and what headers point to, are not trusted."""
    ours, theirs = client_key(ES256), client_key(ES256, 1)
    values = {
        "jwk": theirs.jwk,
        "x5c": ["MII"],
        "jku": "https://127.0.0.1:1/",
        "x5u": "https://[::1]/",
    }
    assert refused(theirs.token(CLAIMS, **{member: values[member]}), ours.parsed())
    assert not refused(ours.token(CLAIMS, **{member: values[member]}), ours.parsed())


@pytest.mark.spec("RFC 7515 §4.1.4")
def test_ca_19_the_kid_chooses_the_key() -> None:
    """RFC 7515 §4.1.4: a hint which key was used."""
    one, other = client_key(ES256), client_key(ES256, 1)
    keys = (one.parsed(kid="one"), other.parsed(kid="other"))
    assert not refused(one.token(CLAIMS, kid="one"), *keys)
    assert refused(one.token(CLAIMS, kid="other"), *keys)
    for unknown in ("", "../../x", "' OR 1=1 --", "ONE", "one ", "k" * 3_000):
        assert refused(one.token(CLAIMS, kid=unknown), *keys)


def test_a_key_that_has_no_name_fits_any() -> None:
    key = client_key(ClientAlgorithm.PS256)
    assert not refused(key.token(CLAIMS, kid="of the client's own making"), key.parsed())
    assert not refused(key.token(CLAIMS), key.parsed(kid="named"))


@pytest.mark.spec("RFC 7515 appendix D")
def test_ca_20_without_a_kid_a_few_keys_of_the_fitting_type_are_tried() -> None:
    """RFC 7515 appendix D: keys that do not match the algorithm are filtered out."""
    others = [client_key(each).parsed(kid=each) for each in ClientAlgorithm if each is not ES256]
    assert len(others) > MAX_KEYS_TRIED
    fitting = [client_key(ES256, number).parsed(kid=str(number)) for number in range(8)]
    for number in range(8):
        token = client_key(ES256, number).token(CLAIMS)
        assert refused(token, *others, *fitting) == (number >= MAX_KEYS_TRIED)
    assert not refused(client_key(ES256, 7).token(CLAIMS, kid="7"), *others, *fitting)


def impossible(order: int, good: bytes) -> dict[str, bytes]:
    one, n, zero = (number.to_bytes(32) for number in (1, order, 0))
    r, s = int.from_bytes(good[:32]), int.from_bytes(good[32:])
    return {
        "zeros": zero + zero,
        "r zero": zero + one,
        "s zero": one + zero,
        "r the order": n + one,
        "s the order": one + n,
        "largest": b"\xff" * 64,
        "DER": encode_dss_signature(r, s),
        "DER of zeros": encode_dss_signature(0, 0),
        "one byte short": good[:-1],
        "one byte long": good + b"\0",
        "a zero in front": b"\0" + good,
        "for a longer curve": b"\0" * 16 + good[:32] + b"\0" * 16 + good[32:],
        "r alone": good[:32],
        "twice": good + good,
    }


@pytest.mark.spec("RFC 7518 §3.4")
@pytest.mark.parametrize("kind", impossible(1, bytes(64)))
@pytest.mark.parametrize("algorithm", ORDERS)
def test_ca_35_an_ec_signature_of_another_form_is_refused(
    algorithm: ClientAlgorithm, kind: str
) -> None:
    """RFC 7518 §3.4: R and S, each of exactly 32 octets, concatenated."""
    key = client_key(algorithm)

    def sign(message: bytes) -> bytes:
        return impossible(ORDERS[algorithm], key.sign(message))[kind]

    assert refused(forge({"alg": str(algorithm)}, PAYLOAD, sign), key.parsed())


@pytest.mark.parametrize("size", [0, 1, 31, 63, 65, 131, 132, 133, 255, 257, 512, 4096])
@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_ca_35_no_signature_of_another_length_is_verified(
    algorithm: ClientAlgorithm, size: int
) -> None:
    key = client_key(algorithm)
    message = forge({"alg": str(algorithm)}, PAYLOAD, lambda _: b"x").rpartition(".")[0]
    good = key.sign(message.encode())
    for made in (b"\0" * size, b"\xff" * size, (good + b"\0" * size)[:size]):
        assert made == good or refused(f"{message}.{segment(made)}", key.parsed())


@pytest.mark.spec("RFC 7518 §3.5")
@pytest.mark.parametrize("salt", [0, 20, 48, 222])
def test_a_pss_signature_with_another_salt_is_refused(salt: int) -> None:
    """RFC 7518 §3.5: the salt is as long as the hash."""
    key = client_key(ClientAlgorithm.PS256)
    sha256 = hashes.SHA256()

    def sign(message: bytes) -> bytes:
        how = padding.PSS(mgf=padding.MGF1(sha256), salt_length=salt)
        return bytes(key.private.sign(message, how, sha256))

    assert refused(forge({"alg": "PS256"}, PAYLOAD, sign), key.parsed())


def test_an_ec_signature_with_another_hash_is_refused() -> None:
    private = client_key(ClientAlgorithm.ES256).private

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA512())))
        return r.to_bytes(32) + s.to_bytes(32)

    assert refused(forge({"alg": "ES256"}, PAYLOAD, sign), client_key(ES256).parsed())


# ---- client_secret_jwt ----------------------------------------------------------------------


def hs256(secret: bytes, algorithm: str = "HS256") -> str:
    return forge(
        {"alg": algorithm}, PAYLOAD, lambda message: hmac.digest(secret, message, "sha256")
    )


@pytest.mark.spec("RFC 7518 §3.2")
def test_a_token_signed_with_the_clients_secret_is_verified() -> None:
    """RFC 7518 §3.2: HMAC with SHA-256."""
    expected = VerifiedToken(type=None, kid=None, claims=CLAIMS)
    assert verify_hmac(parse_token(hs256(SECRET)), SECRET) == expected


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none", "hs256", "RS256", "ES256", ""])
def test_a_secret_is_for_hs256_alone(algorithm: str) -> None:
    with pytest.raises(Malformed):
        verify_hmac(parse_token(hs256(SECRET, algorithm)), SECRET)


@pytest.mark.parametrize("secret", [SECRET + b"x", SECRET[:-1] + b"x", SECRET.upper(), b"", b"x"])
def test_another_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(Malformed):
        verify_hmac(parse_token(hs256(secret)), SECRET)


@pytest.mark.parametrize("length", [0, 1, SHORTEST_SECRET - 1])
def test_a_secret_that_is_too_short_verifies_nothing(length: int) -> None:
    with pytest.raises(Malformed):
        verify_hmac(parse_token(hs256(SECRET[:length])), SECRET[:length])


@pytest.mark.parametrize("cut", [0, 1, 16, 31])
def test_a_part_of_the_digest_is_refused(cut: int) -> None:
    message, _, made = hs256(SECRET).rpartition(".")
    whole = parse_token(f"{message}.{made}").signature
    token = forge({"alg": "HS256"}, PAYLOAD, lambda _: whole[: cut or 1])
    with pytest.raises(Malformed):
        verify_hmac(parse_token(token), SECRET)


def test_a_client_key_is_no_secret() -> None:
    key: ClientKey = client_key(ES256)
    with pytest.raises(Malformed):
        verify_hmac(parse_token(key.token(CLAIMS)), SECRET)
