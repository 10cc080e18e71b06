"""Proofs of possession. RFC 9449 §4; DP-02 to DP-14 and DP-18 of the attacks."""

import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.dpop import (
    MAX_AGE,
    MAX_AHEAD,
    MAX_JTI_LENGTH,
    PROOF_ALGORITHMS,
    DPoPProof,
    check_proof,
    parse_proof,
)
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json
from tests.protocol.jose.client_keys import client_key, signature
from tests.protocol.jose.forge import forge, segment

URL = "https://op.example/a/oidc-provider/api/v0/token"
NOW = 1_700_000_000
ES256 = ClientAlgorithm.ES256
KEY = client_key(ES256)
CLAIMS: dict[str, Json] = {"jti": "one", "htm": "POST", "htu": URL, "iat": NOW}
HEADER: dict[str, Json] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.jwk}
ACCESS_TOKEN = "eyJ.access.token"
ABSENT: Json = ["absent"]


def present(members: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value is not ABSENT}


def proof(header: dict[str, Json] | None = None, /, **claims: Json) -> str:
    payload = json.dumps(present({**CLAIMS, **claims})).encode()
    return forge(present({**HEADER, **(header or {})}), payload, KEY.sign)


def unparsed(text: str) -> bool:
    try:
        parse_proof(text)
    except Malformed:
        return True
    return False


def refused(
    text: str, method: str = "POST", url: str = URL, access_token: str | None = None
) -> bool:
    parsed = parse_proof(text)
    try:
        check_proof(parsed, method=method, url=url, now=NOW, access_token=access_token)
    except Malformed:
        return True
    return False


def ath(access_token: str) -> str:
    return urlsafe_b64encode(sha256(access_token.encode()).digest()).rstrip(b"=").decode()


@pytest.mark.spec("RFC 9449 §4.2")
@pytest.mark.parametrize("algorithm", sorted(PROOF_ALGORITHMS))
def test_a_proof_of_each_algorithm_names_its_key(algorithm: ClientAlgorithm) -> None:
    """RFC 9449 §4.2: typ, alg, jwk; jti, htm, htu, iat; §6.1: the key by its thumbprint."""
    key = client_key(algorithm)
    text = key.token({**CLAIMS, "nonce": "n", "ath": "a"}, typ="dpop+jwt", jwk=key.jwk)
    assert parse_proof(text) == DPoPProof(
        algorithm=algorithm,
        jkt=key.parsed().thumbprint,
        jti="one",
        htm="POST",
        htu=URL,
        iat=NOW,
        exp=None,
        nbf=None,
        nonce="n",
        ath="a",
    )


def test_the_example_of_the_standard_is_read() -> None:
    text = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0"
        "VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10"
        "NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoi"
        "UE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-"
        "GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    parsed = parse_proof(text)
    assert parsed.jkt == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    check_proof(parsed, method="POST", url="https://server.example.com/token", now=1_562_262_616)


@pytest.mark.parametrize(
    "kind", ["JWT", "dpop", "DPoP+JWT", "application/dpop+jwt", "at+jwt", "", None, ABSENT]
)
def test_dp_02_another_type_is_no_proof(kind: Json) -> None:
    assert unparsed(proof({"typ": kind}))


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "RS256", "PS256", "ES384", "", None, ABSENT]
)
def test_dp_02_another_algorithm_is_no_proof(algorithm: Json) -> None:
    assert unparsed(proof({"alg": algorithm}))


def test_dp_02_an_rs256_proof_is_refused_though_it_is_signed_rightly() -> None:
    key = client_key(ClientAlgorithm.RS256)
    header = {"typ": "dpop+jwt", "alg": "RS256", "jwk": key.jwk}
    text = forge(header, json.dumps(CLAIMS).encode(), lambda m: signature(m, key.private, "RS256"))
    assert unparsed(text)


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "a.b", f"{proof()}.", f"{proof()},{proof()}", f" {proof()}"]
)
def test_dp_01_dp_02_what_is_no_token_is_no_proof(text: str) -> None:
    assert unparsed(text)


def bad_keys() -> dict[str, Json]:
    small = rsa.RSAPublicNumbers(65537, 2**1023 + 1)
    return {
        "missing": ABSENT,
        "null": None,
        "text": "key",
        "list": [KEY.jwk],
        "empty": {},
        "private": {**KEY.jwk, "d": "AQAB"},
        "symmetric": {"kty": "oct", "k": "AQAB"},
        "RSA 1024": {"kty": "RSA", "e": "AQAB", "n": segment(small.n.to_bytes(128))},
        "off the curve": {**KEY.jwk, "x": KEY.jwk["y"]},
        "for encryption": {**KEY.jwk, "use": "enc"},
        "for another algorithm": {**KEY.jwk, "alg": "ES384"},
        "another key": client_key(ES256, 1).jwk,
        "another curve": client_key(ClientAlgorithm.ES384).jwk,
        "50 kB": {**KEY.jwk, "x5c": ["A" * 50_000]},
        "5 kB": {**KEY.jwk, "x5c": ["A" * 5_000]},
    }


@pytest.mark.parametrize("kind", bad_keys())
def test_dp_03_dp_04_a_proof_with_another_key_is_refused(kind: str) -> None:
    assert unparsed(proof({"jwk": bad_keys()[kind]}))


def test_dp_04_a_proof_that_was_changed_is_refused() -> None:
    header, payload, made = proof().split(".")
    other = segment(json.dumps({**CLAIMS, "htu": "https://evil.test/"}).encode())
    assert unparsed(f"{header}.{other}.{made}")
    assert unparsed(f"{header}.{payload}.{segment(b'1' * 64)}")


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat"])
@pytest.mark.parametrize("value", [ABSENT, None, True, [], {}, ["x"], ""], ids=str)
def test_dp_05_a_claim_that_is_missing_or_of_another_type_is_refused(
    name: str, value: Json
) -> None:
    """RFC 9449 §4.3: all required claims are contained."""
    assert unparsed(proof(**{name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jti", 5),
        ("htm", 5),
        ("htu", 5),
        ("iat", "1700000000"),
        ("iat", -1),
        ("iat", 1e300),
        ("nonce", 5),
        ("nonce", ""),
        ("ath", 5),
        ("ath", ["x"]),
        ("exp", "x"),
        ("nbf", True),
    ],
)
def test_dp_05_a_claim_of_another_type_is_refused(name: str, value: Json) -> None:
    assert unparsed(proof(**{name: value}))


@pytest.mark.parametrize("method", ["GET", "post", "Post", "POST ", "PUT"])
def test_dp_06_a_proof_for_another_method_is_refused(method: str) -> None:
    assert refused(proof(htm=method))
    assert not refused(proof(htm=method), method=method)


@pytest.mark.parametrize(
    "url",
    [
        "https://op.example/a/oidc-provider/api/v0/me",
        "https://evil.test/a/oidc-provider/api/v0/token",
        "http://op.example/a/oidc-provider/api/v0/token",
        "https://user@op.example/a/oidc-provider/api/v0/token",
        "https://op.example/a/oidc-provider/api/v0/TOKEN",
        "POST",
    ],
)
def test_dp_07_a_proof_for_another_endpoint_is_refused(url: str) -> None:
    assert refused(proof(htu=url))


@pytest.mark.parametrize("url", [f"{URL}?a=b#c", URL.replace("op.example", "OP.example:443")])
def test_dp_08_another_spelling_of_the_endpoint_is_accepted(url: str) -> None:
    assert not refused(proof(htu=url))


@pytest.mark.parametrize("seconds", [1 - MAX_AGE, -10, 0, 10, MAX_AHEAD, 9.5])
def test_dp_10_a_clock_may_be_a_little_wrong(seconds: float) -> None:
    assert not refused(proof(iat=NOW + seconds))


@pytest.mark.parametrize("seconds", [-3_600, -MAX_AGE, MAX_AHEAD + 1, 3_600])
def test_dp_10_a_proof_of_another_time_is_refused(seconds: int) -> None:
    assert refused(proof(iat=NOW + seconds))


@pytest.mark.parametrize("seconds", [-3_600, 3_600])
def test_a_fresh_nonce_tells_the_time_better_than_iat(seconds: int) -> None:
    parsed = parse_proof(proof(iat=NOW + seconds, nonce="n"))
    check_proof(parsed, method="POST", url=URL, now=NOW, nonce_is_fresh=True)
    with pytest.raises(Malformed):
        check_proof(parsed, method="POST", url=URL, now=NOW)


@pytest.mark.spec("RFC 9449 §11.1")
def test_dp_12_a_proof_that_is_remembered_until_max_age_is_accepted_no_longer() -> None:
    """RFC 9449 §11.1: jti values are kept for the time in which a proof is acceptable."""
    parsed = parse_proof(proof())
    check_proof(parsed, method="POST", url=URL, now=NOW + MAX_AGE - 1)
    with pytest.raises(Malformed):
        check_proof(parsed, method="POST", url=URL, now=NOW + MAX_AGE)


def test_dp_11_exp_and_nbf_hold_where_they_are_said() -> None:
    assert not refused(proof(exp=NOW + 1, nbf=NOW))
    assert not refused(proof(nbf=NOW + 10))
    for members in ({"exp": NOW}, {"exp": NOW - 300}, {"nbf": NOW + MAX_AHEAD + 1}, {"exp": 0}):
        assert refused(proof(**members))


def test_dp_14_a_jti_has_an_end() -> None:
    assert not unparsed(proof(jti="j" * MAX_JTI_LENGTH))
    for length in (MAX_JTI_LENGTH + 1, 10_000, 1_000_000):
        assert unparsed(proof(jti="j" * length))


@pytest.mark.parametrize(
    "hash_of_token",
    [
        ABSENT,
        ath("another"),
        ath(ACCESS_TOKEN)[:-1],
        ath(ACCESS_TOKEN) + "=",
        ath(ACCESS_TOKEN).lower(),
        "é",
    ],
)
def test_dp_18_a_proof_for_another_token_is_refused(hash_of_token: Json) -> None:
    assert refused(proof(ath=hash_of_token), access_token=ACCESS_TOKEN)


def test_dp_18_the_hash_counts_only_where_a_token_comes_with_the_proof() -> None:
    assert not refused(proof(ath=ath(ACCESS_TOKEN)), access_token=ACCESS_TOKEN)
    assert not refused(proof(ath=ath("another")))


def test_what_else_stands_in_a_proof_does_not_matter() -> None:
    text = proof({"kid": "k", "x5u": "https://evil.test/", "jku": "https://evil.test/"}, more=[{}])
    assert not refused(text)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["typ", "alg", "jwk", "kid", "crit", "x"]),
        st.none()
        | st.text(max_size=5)
        | st.sampled_from(["ES256", "dpop+jwt"])
        | st.just({"kty": "EC"}),
    ),
    st.dictionaries(
        st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce", "exp"]),
        st.none() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    ),
)
def test_any_proof_at_all_is_accepted_or_refused(
    header: dict[str, Json], claims: dict[str, Json]
) -> None:
    text = proof(header, **claims)
    if not unparsed(text):
        refused(text, access_token=ACCESS_TOKEN)


def test_no_proof_takes_long() -> None:
    texts = [proof(htu="https://op.example/" + "%41" * 3_000), proof({"x": "A" * 2_900})]
    texts.append(proof(nonce="n" * 10_000))
    began = time.process_time()
    for text in texts:
        if not unparsed(text):
            refused(text)
    assert time.process_time() - began < 0.1
