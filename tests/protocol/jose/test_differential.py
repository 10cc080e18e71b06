"""Our verdict on tokens beside PyJWT's: whoever reads one must not read another. SC-02.

Ours may be the stricter one, never the laxer, and where both accept, both read the same claims.
Each way of being stricter that is known is counted, so that a new one is seen.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest

from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.compact import parse_token
from ostiary.protocol.jose.jws import verify_signature
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json
from tests.protocol.jose.client_keys import ClientKey, claims_by_pyjwt, client_key
from tests.protocol.jose.forge import forge, json_segment, segment

CLAIMS: dict[str, Json] = {"iss": "client", "sub": "client", "exp": 1_700_000_000, "jti": "é"}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SIGNED_AGAIN = 3_000
CHANGED = 3_000

# What is said of a header or a payload: none of it makes an honest token.
ODD_VALUES: list[Json] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "none",
    "HS256",
    "ES256",
    "RS256",
    [],
    ["x"],
    {},
]
ODD_TEXTS = [
    '{"alg":"none",%s',
    '{"a":NaN,%s',
    '{"a":1e999,%s',
    '{"a":"\\ud800",%s',
    '{"a":"\\u0000",%s',
    '{"a":[[[[[[[[[[[[1]]]]]]]]]]]],%s',
    '{"a":1,"a":2,%s',
    "\ufeff{%s",
    " {%s",
    "{%s ",
    "{%s x",
    "[{%s]",
    '{"a":999999999999999999999999,%s',
    '{"\\u0061lg":"ES256",%s',
]


def claims_by_us(token: str, key: ClientKey) -> object:
    try:
        algorithms = frozenset({key.algorithm})
        return verify_signature(parse_token(token), [key.parsed()], algorithms).claims
    except Malformed as error:
        return error


def compare(token: str, key: ClientKey) -> str:
    """The verdicts; fails where ours is laxer, or another one on what was said."""
    ours, theirs = claims_by_us(token, key), claims_by_pyjwt(token, key.jwk, [str(key.algorithm)])
    if not isinstance(ours, Malformed):
        assert theirs == ours, f"we accept {token}"
        return "accepted"
    # PyJWT does not look into the payload, which may be anything.
    return "refused" if not isinstance(theirs, dict) else f"stricter: {ours}"


def resigned(random: Random, key: ClientKey) -> Iterator[str]:
    """Odd headers and payloads, under a signature that is right."""
    for _ in range(SIGNED_AGAIN // len(ClientAlgorithm)):
        header: dict[str, object] = {"alg": str(key.algorithm), "typ": "JWT", "kid": "k"}
        claims: dict[str, object] = dict(CLAIMS)
        for target in random.choices([header, claims], k=random.randrange(3)):
            name = random.choice([*target, "crit", "b64", "jwk", "cty", "zip", "aud"])
            target[name] = random.choice(ODD_VALUES)
        texts = [json.dumps(header), json.dumps(claims, ensure_ascii=False)]
        if random.random() < 0.3:
            place = random.randrange(2)
            texts[place] = random.choice(ODD_TEXTS) % texts[place][1:]
        yield forge(texts[0].encode(), texts[1].encode("utf-8", "surrogatepass"), key.sign)


def drop(random: Random, token: str) -> str:
    at = random.randrange(len(token))
    return token[:at] + token[at + 1 :]


def insert(random: Random, token: str) -> str:
    at = random.randrange(len(token) + 1)
    return token[:at] + random.choice(ALPHABET + ".=+/ \n%\0é") + token[at:]


def replace(random: Random, token: str) -> str:
    at = random.randrange(len(token))
    return token[:at] + random.choice(ALPHABET) + token[at + 1 :]


def change_an_end(random: Random, token: str) -> str:
    parts = token.split(".")
    place = random.randrange(3)
    parts[place] = parts[place][:-1] + random.choice(ALPHABET)
    return ".".join(parts)


def flip_a_bit_of_the_signature(random: Random, token: str) -> str:
    message, _, _ = token.rpartition(".")
    raw = bytearray(parse_token(token).signature)
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return f"{message}.{segment(bytes(raw))}"


def change_a_segment(random: Random, token: str) -> str:
    parts = token.split(".")
    parts[random.randrange(3)] = random.choice(["", "e30", json_segment({"alg": "none"}), parts[0]])
    return ".".join(parts)


def cut(random: Random, token: str) -> str:
    return token[: random.randrange(len(token))]


CHANGES: list[Callable[[Random, str], str]] = [
    drop,
    insert,
    replace,
    change_an_end,
    flip_a_bit_of_the_signature,
    change_a_segment,
    cut,
]


@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_sc_02_of_rightly_signed_oddities_none_is_accepted_that_pyjwt_reads_otherwise(
    algorithm: ClientAlgorithm,
) -> None:
    random, key = Random(f"resigned {algorithm}"), client_key(algorithm)
    verdicts = Counter(compare(token, key) for token in resigned(random, key))
    assert verdicts.pop("accepted") > 50
    assert verdicts.pop("refused") > 50
    assert set(verdicts) <= {
        "stricter: JSON: expected well-formed JSON",
        "stricter: JSON: expected at most 10 levels",
        "stricter: JSON: expected each member once",
        "stricter: JSON: expected integers of at most 20 digits",
        "stricter: JSON: expected no NaN and no Infinity",
        "stricter: JSON: expected numbers in the range of a double",
        "stricter: JSON: expected text without NUL and lone surrogates",
        "stricter: token: expected no critical extension",
        "stricter: typ: expected text",
        "stricter: kid: expected text",
    }


@pytest.mark.parametrize("algorithm", ClientAlgorithm)
def test_sc_02_no_changed_token_is_accepted_and_pyjwt_agrees_or_is_laxer(
    algorithm: ClientAlgorithm,
) -> None:
    random, key = Random(f"changed {algorithm}"), client_key(algorithm)
    honest = key.token(CLAIMS, kid="k")
    assert compare(honest, key) == "accepted"
    verdicts: Counter[str] = Counter()
    for _ in range(CHANGED // len(ClientAlgorithm)):
        token = random.choice(CHANGES)(random, honest)
        if token != honest:
            verdicts[compare(token, key)] += 1
    assert verdicts.pop("refused") > 200
    assert set(verdicts) <= {
        "stricter: token: expected a compact JWS",
        "stricter: base64url: expected base64url without padding, in its one spelling",
    }
