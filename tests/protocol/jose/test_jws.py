"""Signed tokens that come back. RFC 7515, RFC 7519, RFC 8725; CA-13 to CA-35 of the attacks."""

import contextlib
import hashlib
import hmac
import json
import time
import tracemalloc
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.compact import MAX_TOKEN_LENGTH
from ostiary.protocol.jose.jws import VerifiedToken, verify_token
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json
from ostiary.signing.software import signing_function
from tests.protocol.jose.forge import (
    CLAIMS,
    KeyPair,
    claims_by_pyjwt,
    forge,
    honest,
    json_segment,
    key_pair,
    segment,
)

PAYLOAD = json.dumps(CLAIMS).encode()
EC = Algorithm.ES256
# The order of P-256. SEC 2 §2.4.2
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def refused(token: str, keys: Mapping[str, Mapping[str, Json]]) -> bool:
    try:
        verify_token(token, keys)
    except Malformed:
        return True
    return False


def hs256(secret: bytes) -> KeyPair:
    """The key of ES256, used as if it were a secret."""
    pair = key_pair(EC)
    return KeyPair(
        algorithm=pair.algorithm,
        private=pair.private,
        pem=pair.pem,
        jwk=pair.jwk,
        sign=lambda message: hmac.digest(secret, message, "sha256"),
    )


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_of_each_algorithm_is_verified(algorithm: Algorithm) -> None:
    pair = key_pair(algorithm)
    expected = VerifiedToken(type="at+jwt", kid=pair.kid, claims=CLAIMS)
    assert verify_token(honest(pair), pair.keys) == expected


@pytest.mark.parametrize("algorithm", [Algorithm.RS256, Algorithm.PS256, Algorithm.ES256])
def test_the_kid_chooses_among_many_keys(algorithm: Algorithm) -> None:
    pairs = [key_pair(each) for each in Algorithm] + [key_pair(EC, 1)]
    keys = {pair.kid: pair.jwk for pair in pairs}
    assert verify_token(honest(key_pair(algorithm)), keys).claims == CLAIMS


@pytest.mark.parametrize("members", [{}, {"typ": None}, {"typ": 5}, {"typ": ["at+jwt"]}])
def test_a_type_that_is_no_text_is_none(members: dict[str, object]) -> None:
    pair = key_pair(EC)
    header = {"alg": "ES256", "kid": pair.kid, **members}
    with contextlib.suppress(Malformed):
        assert verify_token(forge(header, PAYLOAD, pair.sign), pair.keys).type is None


@pytest.mark.parametrize(
    "payload", [b"[]", b'"text"', b"1", b"null", b"", b"{", b"\xff", b"{}x", b'{"a":1}{"b":2}']
)
def test_a_payload_that_is_no_json_object_is_refused(payload: bytes) -> None:
    pair = key_pair(EC)
    assert refused(forge(pair.header, payload, pair.sign), pair.keys)


def test_a_payload_nested_too_deeply_to_be_read_is_refused() -> None:
    pair = key_pair(EC)
    payload = b'{"a":' + b"[" * 10_000 + b"]" * 10 + b"}"
    token = forge(pair.header, payload[:12_000], pair.sign)
    assert len(token) < MAX_TOKEN_LENGTH
    assert refused(token, pair.keys)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_token_signed_by_another_key_of_the_algorithm_is_refused(algorithm: Algorithm) -> None:
    # An RSA key takes long to make; the other algorithm's serves as well.
    other = {Algorithm.RS256: Algorithm.PS256, Algorithm.PS256: Algorithm.RS256}.get(algorithm)
    stranger = key_pair(other) if other else key_pair(algorithm, 1)
    pair = key_pair(algorithm)
    assert refused(forge(pair.header, PAYLOAD, stranger.sign), pair.keys)


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("name", ["none", "nOnE", "NONE", "None", "", "none "])
def test_ca_13_a_token_that_claims_to_need_no_signature_is_refused(
    name: str, algorithm: Algorithm
) -> None:
    pair = key_pair(algorithm)
    header = {**pair.header, "alg": name}
    message = f"{json_segment(header)}.{segment(PAYLOAD)}"
    assert refused(f"{message}.", pair.keys)
    assert refused(f"{message}.AA", pair.keys)
    assert refused(forge(header, PAYLOAD, pair.sign), pair.keys)


def public_forms() -> dict[str, bytes]:
    pair = key_pair(EC)
    public = load_pem_public_key(pair.pem)
    spki = PublicFormat.SubjectPublicKeyInfo
    return {
        "PEM": pair.pem,
        "PEM without final newline": pair.pem.rstrip(),
        "DER": public.public_bytes(Encoding.DER, spki),
        "JWK": json.dumps(dict(pair.jwk)).encode(),
        "compact JWK": json.dumps(dict(pair.jwk), separators=(",", ":")).encode(),
        "coordinate": str(pair.jwk["x"]).encode(),
        "kid": pair.kid.encode(),
        "nothing": b"",
    }


@pytest.mark.parametrize("form", public_forms())
def test_ca_14_hs256_with_the_public_key_as_secret_is_refused(form: str) -> None:
    pair = hs256(public_forms()[form])
    assert refused(forge({"alg": "HS256", "kid": pair.kid}, PAYLOAD, pair.sign), pair.keys)
    assert refused(forge(pair.header, PAYLOAD, pair.sign), pair.keys)


@pytest.mark.parametrize("other", [*map(str, Algorithm), "HS256", "ES384", "RS512", "EdDSA "])
@pytest.mark.parametrize("algorithm", Algorithm)
def test_ca_16_a_token_that_names_another_algorithm_than_its_key_is_refused(
    algorithm: Algorithm, other: str
) -> None:
    pair = key_pair(algorithm)
    if other != algorithm:
        assert refused(forge({**pair.header, "alg": other}, PAYLOAD, pair.sign), pair.keys)


@pytest.mark.parametrize(
    ("signing", "claiming"),
    [(Algorithm.RS256, Algorithm.PS256), (Algorithm.PS256, Algorithm.RS256)],
)
def test_ca_16_one_kind_of_rsa_signature_is_not_taken_for_the_other(
    signing: Algorithm, claiming: Algorithm
) -> None:
    pair = key_pair(signing)
    jwk = {**pair.jwk, "alg": str(claiming)}
    header = {**pair.header, "alg": str(claiming)}
    assert refused(forge(header, PAYLOAD, pair.sign), {pair.kid: jwk})


@pytest.mark.parametrize(
    ("registered", "used"),
    [(Algorithm.RS256, Algorithm.PS256), (Algorithm.PS256, Algorithm.RS256)],
)
def test_ca_16_a_rightly_signed_token_of_another_algorithm_than_its_key_is_for_is_refused(
    registered: Algorithm, used: Algorithm
) -> None:
    pair = key_pair(registered)
    header = {**pair.header, "alg": str(used)}
    token = forge(header, PAYLOAD, signing_function(pair.private, used))
    assert claims_by_pyjwt(token, {pair.kid: {**pair.jwk, "alg": str(used)}}) == CLAIMS
    assert refused(token, pair.keys)


@pytest.mark.parametrize("member", ["jwk", "x5c", "jku", "x5u", "x5t"])
def test_ca_17_ca_18_a_key_in_the_header_is_not_looked_at(member: str) -> None:
    pair, attacker = key_pair(EC), key_pair(EC, 1)
    value: dict[str, object] = {
        "jwk": dict(attacker.jwk),
        "x5c": [segment(attacker.pem)],
        "jku": "https://127.0.0.1:1/jwks",
        "x5u": "https://127.0.0.1:1/cert",
        "x5t": attacker.kid,
    }
    header = {**pair.header, member: value[member]}
    assert refused(forge(header, PAYLOAD, attacker.sign), pair.keys)
    header |= {"kid": attacker.kid}
    assert refused(forge(header, PAYLOAD, attacker.sign), pair.keys)


@pytest.mark.parametrize(
    "kid",
    [None, "", "unknown", "../../x", "' OR 1=1 --", "k" * 300, [], ["a"], {}, {"a": 1}, 0, True],
)
def test_ca_19_a_kid_that_names_no_key_is_refused(kid: object) -> None:
    pair = key_pair(EC)
    assert refused(forge({**pair.header, "kid": kid}, PAYLOAD, pair.sign), pair.keys)


def test_ca_19_the_kid_of_another_key_is_refused() -> None:
    pair, other = key_pair(EC), key_pair(EC, 1)
    header = {**pair.header, "kid": other.kid}
    assert refused(forge(header, PAYLOAD, pair.sign), {**pair.keys, **other.keys})


def test_ca_20_a_token_without_kid_is_refused() -> None:
    pair = key_pair(EC)
    assert refused(forge({"alg": "ES256"}, PAYLOAD, pair.sign), pair.keys)


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["x-unknown"], "x-unknown": 1},
        {"crit": ["exp"]},
        {"crit": ["kid"]},
        {"crit": []},
        {"crit": None},
        {"crit": "b64"},
        {"b64": False, "crit": ["b64"]},
        {"b64": True, "crit": ["b64"]},
        {"b64": False},
    ],
)
def test_ca_21_a_critical_extension_is_refused(members: dict[str, object]) -> None:
    pair = key_pair(EC)
    header = {**pair.header, **members}
    assert refused(forge(header, PAYLOAD, pair.sign), pair.keys)
    # As RFC 7797 signs: over the payload itself, which here is in the alphabet of base64url.
    message = f"{json_segment(header)}.e30"
    assert refused(f"{message}.{segment(pair.sign(message.encode()))}", pair.keys)


def changed_texts(token: str) -> dict[str, str]:
    header, payload, signature = token.split(".")
    return {
        "no signature": f"{header}.{payload}",
        "one segment": header,
        "empty": "",
        "dots alone": "..",
        "empty signature": f"{header}.{payload}.",
        "empty header": f".{payload}.{signature}",
        "detached payload": f"{header}..{signature}",
        "fourth segment": f"{token}.{signature}",
        "five segments": f"{token}..",
        "space in front": f" {token}",
        "newline behind": f"{token}\n",
        "newline inside": f"{header}.{payload[:4]}\n{payload[4:]}.{signature}",
        "space inside": f"{header}.{payload}.{signature[:4]} {signature[4:]}",
        "tab behind the header": f"{header}\t.{payload}.{signature}",
        "padded header": f"{header}=.{payload}.{signature}",
        "padded payload": f"{header}.{payload}==.{signature}",
        "padded signature": f"{token}==",
        "the other alphabet": f"{header}.{payload}.{'+/' + signature[2:]}",
        "percent": f"{header}.{payload}.%41{signature[1:]}",
        "not ASCII": f"{header}.{payload}.{signature}é",
        "not ASCII digit": f"{header}.{payload}.{signature[:-1]}\u0661",
        "NUL": f"{token}\0",
        "JSON serialization": json.dumps(
            {"protected": header, "payload": payload, "signature": signature}
        ),
    }


@pytest.mark.parametrize("change", changed_texts("a.b.c"))
def test_ca_31_a_token_of_another_shape_is_refused(change: str) -> None:
    pair = key_pair(EC)
    assert refused(changed_texts(honest(pair))[change], pair.keys)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_ca_31_no_other_spelling_of_the_last_character_is_accepted(algorithm: Algorithm) -> None:
    pair = key_pair(algorithm)
    token = honest(pair)
    accepted = [last for last in ALPHABET if not refused(token[:-1] + last, pair.keys)]
    assert accepted == [token[-1]]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_ca_32_a_segment_of_five_megabytes_is_refused_at_once(position: int) -> None:
    pair = key_pair(EC)
    segments = honest(pair).split(".")
    segments[position] = "A" * 5_000_000
    token = ".".join(segments)
    tracemalloc.start()
    began = time.process_time()
    assert refused(token, pair.keys)
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 0.1
    assert peak < 100_000


def test_ca_32_a_token_over_the_limit_is_refused_though_its_signature_fits() -> None:
    pair = key_pair(EC)
    filler = "x" * MAX_TOKEN_LENGTH
    assert refused(honest(pair, {"filler": filler}), pair.keys)
    assert not refused(honest(pair, {"filler": filler[: MAX_TOKEN_LENGTH // 2]}), pair.keys)


@pytest.mark.parametrize(
    ("first", "second"), [("none", "ES256"), ("HS256", "ES256"), ("ES256", "none")]
)
def test_ca_33_a_header_with_a_member_twice_is_read_no_other_way_than_by_pyjwt(
    first: str, second: str
) -> None:
    pair = key_pair(EC)
    header = f'{{"alg":"{first}","kid":"{pair.kid}","alg":"{second}"}}'.encode()
    token = forge(header, PAYLOAD, pair.sign)
    assert refused(token, pair.keys) or claims_by_pyjwt(token, pair.keys) == CLAIMS


def test_ca_33_a_payload_with_a_member_twice_is_read_no_other_way_than_by_pyjwt() -> None:
    pair = key_pair(EC)
    token = forge(pair.header, b'{"sub":"mallory","sub":"alice"}', pair.sign)
    if not refused(token, pair.keys):
        assert verify_token(token, pair.keys).claims == claims_by_pyjwt(token, pair.keys)


def raw_signatures() -> dict[str, bytes]:
    private = key_pair(EC).private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    one, n, zero = (number.to_bytes(32) for number in (1, N, 0))
    good = key_pair(EC).sign(b"x")
    return {
        "zero": zero + zero,
        "r zero": zero + one,
        "s zero": one + zero,
        "r the order": n + one,
        "s the order": one + n,
        "largest": b"\xff" * 64,
        "empty DER": encode_dss_signature(0, 0),
        "one byte short": good[:-1],
        "one byte long": good + b"\0",
        "twice as long": good + good,
        "one byte": b"\0",
    }


@pytest.mark.parametrize("kind", raw_signatures())
def test_ca_35_an_ec_signature_of_impossible_numbers_or_length_is_refused(kind: str) -> None:
    pair = key_pair(EC)
    message = f"{json_segment(pair.header)}.{segment(PAYLOAD)}"
    assert refused(f"{message}.{segment(raw_signatures()[kind])}", pair.keys)


def test_ca_35_an_ec_signature_in_der_is_refused() -> None:
    pair = key_pair(EC)
    message = f"{json_segment(pair.header)}.{segment(PAYLOAD)}"
    good = pair.sign(message.encode())
    der = encode_dss_signature(int.from_bytes(good[:32]), int.from_bytes(good[32:]))
    assert not refused(f"{message}.{segment(good)}", pair.keys)
    assert refused(f"{message}.{segment(der)}", pair.keys)


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 255, 256, 257])
@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_signature_of_zeros_of_any_length_is_refused(algorithm: Algorithm, size: int) -> None:
    pair = key_pair(algorithm)
    message = f"{json_segment(pair.header)}.{segment(PAYLOAD)}"
    assert refused(f"{message}.{segment(bytes(size))}", pair.keys)


def test_without_keys_every_token_is_refused() -> None:
    assert refused(honest(key_pair(EC)), {})


# ---- properties -----------------------------------------------------------------------------

JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
NAMES = st.sampled_from([*map(str, Algorithm), "none", "nOnE", "HS256", "ES256K", ""])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": NAMES | JSON,
        "kid": st.sampled_from([key_pair(EC).kid, key_pair(EC, 1).kid, "x"]) | JSON,
        "typ": st.sampled_from(["JWT", "at+jwt"]) | JSON,
        "crit": st.lists(st.sampled_from(["b64", "exp", "kid"]), max_size=2) | JSON,
        "b64": st.booleans() | JSON,
        "jwk": st.just(dict(key_pair(EC, 1).jwk)) | JSON,
        "jku": st.just("https://127.0.0.1:1/") | JSON,
        "x5c": JSON,
        "cty": JSON,
        "zip": st.just("DEF"),
        "x-other": JSON,
    },
)
BODIES = st.one_of(
    st.just(PAYLOAD),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b'{"a":1,"a":2}', b'{"a":NaN}', b"{}", b'\xef\xbb\xbf{"a":1}', b" {} "]),
    st.binary(max_size=20),
)


def agrees_or_is_stricter(token: str, keys: Mapping[str, Mapping[str, Json]]) -> None:
    try:
        claims = verify_token(token, keys).claims
    except Malformed:
        return
    assert json.dumps(claims) == json.dumps(claims_by_pyjwt(token, keys))


@settings(deadline=None, max_examples=150)
@given(HEADERS, BODIES, st.booleans())
def test_of_validly_signed_headers_none_is_accepted_that_pyjwt_refuses(
    header: dict[str, object], payload: bytes, complete: bool
) -> None:
    pair, other = key_pair(EC), key_pair(EC, 1)
    said = {**pair.header, **header} if complete else header
    agrees_or_is_stricter(forge(said, payload, pair.sign), {**pair.keys, **other.keys})


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=300),
        JSON.map(lambda value: json.dumps(value).encode()),
        st.sampled_from(
            [
                b'"alg"',
                b'"alg kid b64"',
                b'["alg","kid","b64"]',
                b"[" * 380,
                b'{"a":' * 70,
                b"9" * 380,
            ]
        ),
    ),
    st.binary(max_size=70),
)
def test_any_header_at_all_is_refused_without_another_exception(
    header: bytes, signature: bytes
) -> None:
    assert refused(f"{segment(header)}.e30.{segment(signature)}", key_pair(EC).keys)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_any_text_at_all_is_refused_without_another_exception(text: str) -> None:
    assert refused(text, key_pair(EC).keys)


@pytest.mark.parametrize("algorithm", Algorithm)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_no_changed_text_of_a_token_is_accepted(algorithm: Algorithm, data: st.DataObject) -> None:
    pair = key_pair(algorithm)
    token = honest(pair)
    at = data.draw(st.integers(0, len(token)))
    inserted = data.draw(st.text(ALPHABET + ".=+/ \n\0é", max_size=2))
    changed = token[:at] + inserted + token[at + data.draw(st.integers(0, 2)) :]
    if changed != token:
        assert refused(changed, pair.keys)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.integers(0, 2).flatmap(lambda part: st.tuples(st.just(part), st.integers(0, 3))),
        min_size=1,
        max_size=4,
    )
)
def test_segments_of_different_tokens_never_make_a_token(parts: list[tuple[int, int]]) -> None:
    pair, other = key_pair(EC), key_pair(EC, 1)
    keys = {**pair.keys, **other.keys}
    tokens = [
        honest(pair, {"n": 1}),
        honest(pair, {"n": 2}),
        honest(other, {"n": 1}),
        honest(other, {"n": 2}),
    ]
    mixed = ".".join(tokens[which].split(".")[part] for part, which in parts)
    assert mixed in tokens or refused(mixed, keys)


def test_the_digest_alone_is_no_signature() -> None:
    pair = key_pair(EC)
    message = f"{json_segment(pair.header)}.{segment(PAYLOAD)}"
    assert refused(f"{message}.{segment(hashlib.sha512(message.encode()).digest())}", pair.keys)
