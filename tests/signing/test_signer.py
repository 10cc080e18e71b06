"""What we sign, read by libraries that no one here wrote. RFC 7515 §7.1, RFC 7518 §3, RFC 8037."""

import json
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Mapping

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import import_key

from ostiary.domain.signing_keys import KeyState, SigningKey, states
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.jwk import public_jwk
from ostiary.protocol.jose.jws import VerifiedToken, verify_token
from ostiary.protocol.tokens import Json
from ostiary.signing.master_key import MasterKey, MasterKeyError
from ostiary.signing.signer import Signer, make_signing_key
from ostiary.signing.software import (
    dump_private_key,
    generate_private_key,
    load_private_key,
    public_pem,
)

MASTER_KEY = MasterKey(b"m" * 32)
ISSUER = "main"
CLAIMS: dict[str, Json] = {"iss": "https://id.example", "sub": "alice-id", "exp": 1, "name": "Zoë"}

Keys = Mapping[Algorithm, SigningKey]

JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.fixture(scope="session")
def keys() -> Keys:
    """One key of each algorithm, as the database would hold it."""
    return {
        algorithm: make_signing_key(ISSUER, algorithm, MASTER_KEY, now=100, activates_at=200)
        for algorithm in Algorithm
    }


@pytest.fixture(scope="session")
def signer(keys: Keys) -> Signer:
    return Signer(keys.values(), MASTER_KEY, ISSUER)


def read_by_pyjwt(token: str, key: SigningKey) -> object:
    read = jwt.PyJWK(dict(key.public_jwk))
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_sub": False}
    return jwt.decode(token, read, algorithms=[key.algorithm.value], options=options)  # type: ignore[arg-type]


def read_by_joserfc(token: str, key: SigningKey) -> object:
    with warnings.catch_warnings():
        # It advises RFC 9864's names, which few clients know.
        warnings.simplefilter("ignore", SecurityWarning)
        read = import_key(json.loads(json.dumps(dict(key.public_jwk))))
        return json.loads(jws.deserialize_compact(token, read, [key.algorithm.value]).payload)


def header_of(token: str) -> object:
    return json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_is_verified_by_pyjwt(algorithm: Algorithm, signer: Signer, keys: Keys) -> None:
    assert read_by_pyjwt(signer.sign(CLAIMS, algorithm), keys[algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_is_verified_by_joserfc(algorithm: Algorithm, signer: Signer, keys: Keys) -> None:
    assert read_by_joserfc(signer.sign(CLAIMS, algorithm), keys[algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_is_verified_by_ourselves(algorithm: Algorithm, signer: Signer, keys: Keys) -> None:
    public = {key.kid: key.public_jwk for key in keys.values()}
    verified = verify_token(signer.sign(CLAIMS, algorithm, "at+jwt"), public)
    kid = keys[algorithm].kid
    assert verified == VerifiedToken(type="at+jwt", kid=kid, claims=CLAIMS)


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("now", [0, 99, 199, 200])
def test_a_clock_before_the_first_activation_signs_with_the_oldest_key(
    algorithm: Algorithm, now: int, keys: Keys
) -> None:
    successor = make_signing_key(
        ISSUER, Algorithm.ES256, MASTER_KEY, now=100, activates_at=200 + 86_400
    )
    all_keys = [successor, *keys.values()]
    state = states(all_keys, now)
    active = [key for key in all_keys if state[key.kid] is KeyState.ACTIVE]
    token = Signer(active, MASTER_KEY, ISSUER).sign(CLAIMS, algorithm)
    assert read_by_joserfc(token, keys[algorithm]) == CLAIMS
    assert header_of(token) == {"alg": algorithm.value, "kid": keys[algorithm].kid}
    assert state[successor.kid] is KeyState.PENDING, "published already, and not used yet"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_of_one_key_is_refused_by_pyjwt_under_another(
    algorithm: Algorithm, signer: Signer, keys: Keys
) -> None:
    token = signer.sign(CLAIMS, algorithm)
    other = {Algorithm.RS256: Algorithm.PS256, Algorithm.PS256: Algorithm.RS256}.get(algorithm)
    stranger = (
        keys[other]
        if other
        else make_signing_key(ISSUER, algorithm, MASTER_KEY, now=0, activates_at=0)
    )
    with pytest.raises(jwt.PyJWTError):
        read_by_pyjwt(token, stranger)


@pytest.mark.parametrize("algorithm", Algorithm)
@settings(deadline=None, max_examples=30)
@given(claims=st.dictionaries(st.text(max_size=10), JSON, max_size=6))
def test_any_claims_are_read_back_as_they_were(
    algorithm: Algorithm, claims: dict[str, Json], signer: Signer, keys: Keys
) -> None:
    token = signer.sign(claims, algorithm)
    assert read_by_joserfc(token, keys[algorithm]) == claims
    payload = jwt.PyJWS().decode(token, jwt.PyJWK(dict(keys[algorithm].public_jwk)))
    assert json.loads(payload) == claims


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_claims_that_json_cannot_say_are_not_signed(number: float, signer: Signer) -> None:
    with pytest.raises(ValueError):
        signer.sign({"balance": number}, Algorithm.ES256)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_header_says_algorithm_and_key_and_nothing_else(
    algorithm: Algorithm, signer: Signer, keys: Keys
) -> None:
    header = {"alg": algorithm.value, "kid": keys[algorithm].kid}
    assert header_of(signer.sign(CLAIMS, algorithm)) == header


def test_the_header_says_the_type_of_each_token(signer: Signer) -> None:
    for kind in ("at+jwt", "JWT", "at+jwt"):
        header = header_of(signer.sign(CLAIMS, Algorithm.ES256, kind))
        assert isinstance(header, dict)
        assert header["typ"] == kind


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_is_compact_and_without_padding(algorithm: Algorithm, signer: Signer) -> None:
    token = signer.sign(CLAIMS, algorithm)
    assert token.isascii()
    assert token.count(".") == 2
    assert not set(token) & set("=+/ \n")


def test_every_ecdsa_signature_is_64_bytes_and_verified(signer: Signer, keys: Keys) -> None:
    # RFC 7518 §3.4: one of 128 has a number with a leading zero byte, which must stay.
    for number in range(400):
        token = signer.sign({"n": number}, Algorithm.ES256)
        assert len(token.rpartition(".")[2]) == 86
        assert read_by_pyjwt(token, keys[Algorithm.ES256]) == {"n": number}


def test_without_a_key_of_the_algorithm_nothing_is_signed(keys: Keys) -> None:
    signer = Signer([keys[Algorithm.ES256]], MASTER_KEY, ISSUER)
    with pytest.raises(KeyError):
        signer.sign(CLAIMS, Algorithm.RS256)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_new_key_is_named_by_its_thumbprint_and_dated(algorithm: Algorithm, keys: Keys) -> None:
    key = keys[algorithm]
    private = load_private_key(MASTER_KEY.open(key.sealed, f"signing-key {ISSUER} {key.kid}"))
    assert key.public_jwk == public_jwk(public_pem(private), algorithm)
    assert key.kid == key.public_jwk["kid"]
    assert (key.algorithm, key.created_at, key.activates_at) == (algorithm, 100, 200)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_private_key_does_not_stand_in_what_the_database_holds(
    algorithm: Algorithm, keys: Keys
) -> None:
    key = keys[algorithm]
    der = MASTER_KEY.open(key.sealed, f"signing-key {ISSUER} {key.kid}")
    held = key.sealed + json.dumps(dict(key.public_jwk)).encode()
    assert not any(der[at : at + 16] in key.sealed for at in range(len(der) - 16))
    assert der not in held
    assert b"PRIVATE" not in held


@pytest.mark.parametrize(
    ("issuer_id", "master_key"), [("other", MASTER_KEY), (ISSUER, MasterKey(b"n" * 32))]
)
def test_a_key_of_another_issuer_or_master_key_is_not_loaded(
    issuer_id: str, master_key: MasterKey, keys: Keys
) -> None:
    with pytest.raises(MasterKeyError):
        Signer(keys.values(), master_key, issuer_id)


def test_a_key_put_in_the_place_of_another_is_not_loaded(keys: Keys) -> None:
    one, other = keys[Algorithm.RS256], keys[Algorithm.PS256]
    swapped = SigningKey(
        kid=one.kid,
        algorithm=one.algorithm,
        public_jwk=one.public_jwk,
        sealed=other.sealed,
        created_at=0,
        activates_at=0,
    )
    with pytest.raises(MasterKeyError):
        Signer([swapped], MASTER_KEY, ISSUER)


def test_keys_are_of_the_kinds_and_sizes_of_rfc_7518() -> None:
    key = generate_private_key(Algorithm.RS256)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert (key.key_size, key.public_key().public_numbers().e) == (2048, 65537)
    key = generate_private_key(Algorithm.ES256)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert isinstance(generate_private_key(Algorithm.EDDSA), ed25519.Ed25519PrivateKey)


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EDDSA])
def test_every_new_key_is_another(algorithm: Algorithm) -> None:
    made = {public_pem(generate_private_key(algorithm)) for _ in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EDDSA])
def test_a_dumped_key_loads_to_itself(algorithm: Algorithm) -> None:
    key = generate_private_key(algorithm)
    assert public_pem(load_private_key(dump_private_key(key))) == public_pem(key)


def test_a_key_that_cannot_sign_is_not_loaded() -> None:
    from cryptography.hazmat.primitives.asymmetric import x25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    der = x25519.X25519PrivateKey.generate().private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(TypeError, match="not a signing key"):
        load_private_key(der)
