"""Catalogue section 4, CA-12 to CA-39: assertions that a client did not sign, or not for this."""

import asyncio
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ostiary.domain.client import AuthMethod
from ostiary.management.client_keys import read_public_keys
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.public_key import PublicKey
from ostiary.protocol.malformed import Malformed
from tests.attacks.aftermath import unharmed
from tests.attacks.assertions import (
    CLIENT_ID,
    GRANT,
    URI,
    add_keyed,
    base64url,
    good_claims,
    present,
    segment,
    signed,
)
from tests.attacks.expected import is_json
from tests.attacks.signing import sign_as_issuer, sign_with_secret
from tests.attacks.wire import encode, path_of, post
from tests.kit.client_key import ASSERTION_TYPE, ClientKey
from tests.kit.fapi_party import FapiParty
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, SECRET, START, World, a_client, world_over

ES256 = {"alg": "ES256"}


@pytest.fixture
def key() -> ClientKey:
    return ClientKey.make()


async def refused(world: World, *assertions: str) -> None:
    async with unharmed(world):
        for assertion in assertions:
            is_json(await present(world, assertion), 401, "invalid_client")


async def test_ca_01_an_assertion_beside_a_secret(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    async with unharmed(world):
        for form, headers in (
            ({"client_id": "web", "client_secret": SECRET}, []),
            ({}, [("authorization", f"Basic {b64encode(f'web:{SECRET}'.encode()).decode()}")]),
        ):
            assertion = signed(key, ES256, good_claims(world))
            values = {
                **GRANT,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
                **form,
            }
            answer = await post(
                world, path_of(ENTERPRISE, "token"), encode(values), headers=headers
            )
            is_json(answer, 400, "invalid_request")


@pytest.mark.parametrize("kind", [None, "", "jwt", "urn:ietf:params:oauth:grant-type:jwt-bearer"])
async def test_ca_12_another_type_of_assertion(
    world: World, key: ClientKey, kind: str | None
) -> None:
    await add_keyed(world, key)
    async with unharmed(world):
        assertion = signed(key, ES256, good_claims(world))
        answer = await present(world, assertion, client_assertion_type=kind)
        is_json(answer, 401, "invalid_client")


@pytest.mark.parametrize("algorithm", ["none", "nOnE", "NONE", "", None, 1, ["ES256"], "es256"])
async def test_ca_13_no_signature(world: World, key: ClientKey, algorithm: Any) -> None:
    await add_keyed(world, key)
    header, claims = segment({"alg": algorithm}), segment(good_claims(world))
    good = signed(key, {"alg": algorithm}, good_claims(world))
    await refused(world, f"{header}.{claims}.", f"{header}.{claims}.AA", good)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_ca_14_the_public_key_as_a_secret(world: World, algorithm: str) -> None:
    key = ClientKey.make(algorithm)
    await add_keyed(world, key)
    public = key.private.public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    secrets = [
        public.public_bytes(serialization.Encoding.PEM, info),
        public.public_bytes(serialization.Encoding.PEM, info).strip(),
        public.public_bytes(serialization.Encoding.DER, info),
        json.dumps(key.public_jwk).encode(),
        (key.public_jwk.get("n") or key.public_jwk["x"]).encode(),
        b"",
    ]
    tokens = [sign_with_secret({"alg": "HS256"}, good_claims(world), each) for each in secrets]
    await refused(world, *tokens)


async def test_ca_15_the_secret_of_a_client_with_a_key(world: World, key: ClientKey) -> None:
    with_secret = a_client("x", ENTERPRISE).secrets
    await add_keyed(world, key, secrets=with_secret)
    await refused(
        world,
        sign_with_secret({"alg": "HS256"}, good_claims(world), SECRET.encode()),
        sign_with_secret({"alg": "HS256"}, good_claims(world), with_secret[0].sha256.encode()),
    )


async def test_ca_15_the_hash_of_a_secret_that_is_not_sealed(world: World) -> None:
    """A copied database holds nothing to sign with."""
    client = a_client(CLIENT_ID, ENTERPRISE, auth_method=AuthMethod.CLIENT_SECRET_JWT)
    await world.add_client(client)
    await refused(
        world,
        sign_with_secret({"alg": "HS256"}, good_claims(world), SECRET.encode()),
        sign_with_secret({"alg": "HS256"}, good_claims(world), client.secrets[0].sha256.encode()),
    )


async def test_ca_16_rs256_of_a_strict_client(world: World) -> None:
    party = await FapiParty(world, ENTERPRISE).register()
    flow = party.rp.begin()
    async with unharmed(world):
        other = ClientKey("RS256", party.key.private)
        form = other.assertion("fapi", ENTERPRISE.url, world.clock.time)
        is_json(await party.push(flow, **form), 401, "invalid_client")
    assert (await party.push(flow)).status_code == 201


async def test_ca_16_another_algorithm_than_the_registered_one(world: World) -> None:
    key = ClientKey.make("PS256")
    await add_keyed(world, key, assertion_algorithm=Algorithm.PS256)
    other = ClientKey("RS256", key.private)
    await refused(world, signed(other, {"alg": "RS256"}, good_claims(world)))
    good = signed(key, {"alg": "PS256"}, good_claims(world))
    assert (await present(world, good)).status_code == 200


async def test_ca_16_an_algorithm_for_another_kind_of_key(world: World) -> None:
    large, small = ClientKey.make("ES384"), ClientKey.make("ES256")
    await add_keyed(world, small, public_keys=(small.public_jwk, large.public_jwk))
    await refused(
        world,
        signed(large, ES256, good_claims(world)),
        signed(large, {"alg": "ES384"}, good_claims(world)),
        signed(small, {"alg": "PS256"}, good_claims(world)),
        signed(small, {"alg": "EdDSA"}, good_claims(world)),
    )


async def test_ca_17_a_key_in_the_header(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    own = ClientKey.make()
    await refused(
        world,
        signed(own, {**ES256, "jwk": own.public_jwk}, good_claims(world)),
        signed(own, {**ES256, "jwk": own.public_jwk, "kid": own.thumbprint}, good_claims(world)),
        signed(own, {**ES256, "x5c": ["MIIB"]}, good_claims(world)),
    )


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_ca_18_a_place_of_keys_in_the_header(
    world: World, key: ClientKey, member: str
) -> None:
    own = ClientKey.make()
    world.elsewhere.documents["https://attacker.example/jwks"] = {"keys": [own.public_jwk]}
    await add_keyed(world, key)
    header = {**ES256, member: "https://attacker.example/jwks"}
    await refused(world, signed(own, header, good_claims(world)))
    assert world.elsewhere.asked == []


@pytest.mark.parametrize(
    "kid",
    ["../../x", "' OR 1=1 --", "x" * 7_000, "x" * 12_000, ["one"], None, 1, {}, "", "\0", "two"],
)
@pytest.mark.parametrize("where", ["registered", "published"])
async def test_ca_19_odd_names_of_keys(world: World, key: ClientKey, kid: Any, where: str) -> None:
    """`two` is another client's."""
    own = ClientKey.make()
    named = {**key.public_jwk, "kid": "one"}
    world.elsewhere.documents[URI] = {"keys": [named]}
    source = {"public_keys": (named,)} if where == "registered" else {"public_keys": ()}
    await add_keyed(world, key, **source, jwks_uri=URI if where == "published" else None)
    await world.add_client(
        a_client(
            "other-keyed",
            ENTERPRISE,
            auth_method=AuthMethod.PRIVATE_KEY_JWT,
            public_keys=({**own.public_jwk, "kid": "two"},),
        )
    )
    await refused(world, signed(own, {**ES256, "kid": kid}, good_claims(world)))
    if isinstance(kid, str):
        await refused(world, signed(key, {**ES256, "kid": kid}, good_claims(world)))


async def test_ca_20_many_keys_and_no_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only keys of the fitting type are tried, and few of them."""
    tried: list[PublicKey] = []
    verifies = PublicKey.verifies

    def counting(self: PublicKey, *arguments: Any) -> bool:
        tried.append(self)
        return verifies(self, *arguments)

    monkeypatch.setattr(PublicKey, "verifies", counting)
    keys = [ClientKey.make() for _ in range(19)]
    rsa = ClientKey.make("RS256")
    await add_keyed(world, rsa, public_keys=(*(each.public_jwk for each in keys), rsa.public_jwk))
    good = signed(rsa, {"alg": "RS256"}, good_claims(world))
    assert (await present(world, good)).status_code == 200
    assert len(tried) == 1
    await refused(world, signed(ClientKey.make(), ES256, good_claims(world)))
    assert len(tried) == 1 + 5


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": "x"},
        {"b64": False, "crit": ["b64"]},
        {"b64": False},
        {"b64": True},
    ],
)
async def test_ca_21_critical_extensions(
    world: World, key: ClientKey, header: dict[str, Any]
) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256 | header, good_claims(world)))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "web"},
        {"sub": "web"},
        {"iss": "web", "sub": "web"},
        {"sub": None},
        {"iss": None},
        {"iss": None, "sub": None},
        {"iss": [CLIENT_ID], "sub": [CLIENT_ID]},
        {"iss": 1, "sub": 1},
        {"iss": "", "sub": ""},
        {"iss": "nobody", "sub": "nobody"},
        {"iss": f"{CLIENT_ID} ", "sub": f"{CLIENT_ID} "},
        {"iss": CLIENT_ID.upper(), "sub": CLIENT_ID.upper()},
    ],
)
async def test_ca_22_another_client(world: World, key: ClientKey, changes: dict[str, Any]) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256, good_claims(world, **changes)))


async def test_ca_22_a_client_of_another_issuer(world: World, key: ClientKey) -> None:
    await add_keyed(world, key, CONSUMER)
    await refused(world, signed(key, ES256, good_claims(world)))


STRICT_AUDIENCES = (
    ENTERPRISE.endpoint("token"),
    ENTERPRISE.endpoint("request"),
    [ENTERPRISE.url],
    [ENTERPRISE.url, "https://attacker.example"],
)
NOBODY = (
    f"{ENTERPRISE.url}/",
    CONSUMER.url,
    [CONSUMER.url],
    "https://attacker.example",
    ENTERPRISE.url.upper(),
    ENTERPRISE.endpoint("me"),
    ENTERPRISE.endpoint("auth"),
    f"{ENTERPRISE.endpoint('token')}?x=1",
)


@pytest.mark.parametrize("audience", [*STRICT_AUDIENCES, *NOBODY], ids=str)
async def test_ca_23_an_audience_that_a_strict_client_must_not_name(
    world: World, audience: Any
) -> None:
    party = await FapiParty(world, ENTERPRISE).register()
    async with unharmed(world):
        answer = await party.push(party.rp.begin(), **party.assertion(aud=audience))
        is_json(answer, 401, "invalid_client")


@pytest.mark.parametrize("audience", STRICT_AUDIENCES[:3], ids=str)
async def test_ca_23_other_clients_may_name_where_they_authenticate(
    world: World, key: ClientKey, audience: Any
) -> None:
    await add_keyed(world, key)
    good = signed(key, ES256, good_claims(world, aud=audience))
    assert (await present(world, good)).status_code == 200


@pytest.mark.parametrize("audience", NOBODY, ids=str)
async def test_ca_23_an_audience_that_is_not_us(
    world: World, key: ClientKey, audience: Any
) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256, good_claims(world, aud=audience)))


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param([1, None], id="numbers"),
        pytest.param([ENTERPRISE.url, None], id="null"),
        pytest.param([ENTERPRISE.url, 1], id="a number"),
        pytest.param([[ENTERPRISE.url]], id="nested"),
        pytest.param({ENTERPRISE.url: 1}, id="object"),
        pytest.param([ENTERPRISE.url] * 300, id="many"),
        pytest.param([], id="empty"),
        pytest.param(1, id="1"),
        pytest.param(True, id="true"),
    ],
)
async def test_ca_24_odd_audiences(world: World, key: ClientKey, audience: Any) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256, good_claims(world, aud=audience)))


async def test_ca_24_ten_thousand_audiences(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    claims = good_claims(world, aud=[1] * 10_000)
    await refused(world, signed(key, ES256, claims))


@pytest.mark.parametrize(
    "expiry",
    [
        str(START - 300),
        '"9999999999"',
        "true",
        "1e400",
        "NaN",
        "Infinity",
        "-1",
        "-1e300",
        "253402300800",
        "99999999999999",
        "9" * 400,
        "null",
        "[]",
        "{}",
        "1e18",
        f"{START * 1000}.5",
    ],
)
async def test_ca_25_odd_expiries(world: World, key: ClientKey, expiry: str) -> None:
    await add_keyed(world, key)
    claims = json.dumps(good_claims(world, exp="HERE")).replace('"HERE"', expiry).encode()
    await refused(world, signed(key, ES256, claims))


async def test_ca_25_no_expiry(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256, good_claims(world, exp=None)))


@pytest.mark.parametrize("ahead", [361, 3600, 10 * 365 * 86_400, 10 * 365 * 86_400 * 1000])
async def test_ca_26_an_assertion_for_years(world: World, key: ClientKey, ahead: int) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256, good_claims(world, exp=START + ahead)))
    milliseconds = START * 1000 + ahead * 1000
    await refused(world, signed(key, ES256, good_claims(world, exp=milliseconds)))


@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_ca_27_clocks_that_differ(world: World, key: ClientKey, name: str) -> None:
    await add_keyed(world, key)
    for ahead in (8, 60):
        good = signed(key, ES256, good_claims(world) | {name: START + ahead})
        assert (await present(world, good)).status_code == 200
    await refused(world, signed(key, ES256, good_claims(world) | {name: START + 61}))


async def test_ca_28_the_same_assertion_twice(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    assertion = signed(key, ES256, good_claims(world))
    assert (await present(world, assertion)).status_code == 200
    await refused(world, assertion, assertion)


async def test_ca_28_the_same_jti_in_another_assertion(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    claims = good_claims(world)
    assert (await present(world, signed(key, ES256, claims))).status_code == 200
    await refused(world, signed(key, ES256, claims | {"exp": START + 120}))


async def test_ca_28_at_one_endpoint_and_then_at_another(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    assertion = signed(key, ES256, good_claims(world))
    pushing: dict[str, Any] = RelyingParty(world, client_id=CLIENT_ID).begin().sent
    pushed = await present(world, assertion, "request", grant_type=None, **pushing)
    assert pushed.status_code == 201, pushed.text
    await refused(world, assertion)
    async with unharmed(world):
        answer = await present(world, assertion, "token/revocation", token="x")
        is_json(answer, 401, "invalid_client")


async def test_ca_28_after_a_restart(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    assertion = signed(key, ES256, good_claims(world))
    assert (await present(world, assertion)).status_code == 200
    again = world_over(world.path, world.clock)
    await refused(again, assertion)
    await again.ostiary.close()


async def test_ca_28_a_refused_request_has_used_its_assertion(world: World, key: ClientKey) -> None:
    """Whoever reads the request on its way cannot send the assertion with another one."""
    await add_keyed(world, key)
    assertion = signed(key, ES256, good_claims(world))
    is_json(await present(world, assertion, grant_type="no"), 400, "unsupported_grant_type")
    await refused(world, assertion)


async def test_ca_29_the_same_jti_of_two_clients(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    await world.add_client(
        a_client(
            "second",
            ENTERPRISE,
            auth_method=AuthMethod.PRIVATE_KEY_JWT,
            secrets=(),
            public_keys=(key.public_jwk,),
        )
    )
    first = good_claims(world, jti="the same")
    second = good_claims(world, jti="the same", iss="second", sub="second")
    for claims in (first, second):
        assert (await present(world, signed(key, ES256, claims))).status_code == 200


@pytest.mark.parametrize("jti", [None, "", ["x"], {"x": 1}, 1, True, "x" * 10_000, "x" * 257])
async def test_ca_30_odd_names_of_assertions(world: World, key: ClientKey, jti: Any) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, ES256, good_claims(world, jti=jti)))


MANGLED: dict[str, Callable[[str], str]] = {
    "no dots": lambda token: token.replace(".", ""),
    "one dot": lambda token: token.rpartition(".")[0],
    "four dots": lambda token: f"{token}.x.y",
    "a space in front": lambda token: f" {token}",
    "a newline behind": lambda token: f"{token}\n",
    "a space inside": lambda token: token.replace(".", ". "),
    "padding": lambda token: token.replace(".", "=."),
    "padding behind": lambda token: f"{token}==",
    "the other alphabet": lambda token: f"{token[:-4]}+/+/",
    "a tab": lambda token: f"{token[:20]}\t{token[20:]}",
    "quotes": lambda token: f'"{token}"',
}


@pytest.mark.parametrize("how", MANGLED)
async def test_ca_31_another_spelling(world: World, key: ClientKey, how: str) -> None:
    await add_keyed(world, key)
    await refused(world, MANGLED[how](signed(key, ES256, good_claims(world))))


async def test_ca_31_another_last_character(world: World, key: ClientKey) -> None:
    """The spare bits of the last character: four spellings of one signature, one of them good."""
    await add_keyed(world, key)
    good = signed(key, ES256, good_claims(world))
    raw = urlsafe_b64decode(good.rpartition(".")[2] + "==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = [
        good[:-1] + last
        for last in alphabet
        if last != good[-1]
        and urlsafe_b64decode((good[:-1] + last).rpartition(".")[2] + "==") == raw
    ]
    assert len(same) == 15
    await refused(world, *same)
    assert (await present(world, good)).status_code == 200


@pytest.mark.parametrize("part", ["header", "claims", "signature"])
@pytest.mark.parametrize(("size", "status"), [(5_000_000, 413), (40_000, 401)])
async def test_ca_32_a_huge_segment(
    world: World, key: ClientKey, part: str, size: int, status: int
) -> None:
    await add_keyed(world, key)
    filler = "x" * size
    header = {**ES256, "x": filler} if part == "header" else ES256
    claims = good_claims(world, x=filler if part == "claims" else None)
    token = signed(key, header, claims) + ("A" * size if part == "signature" else "")
    async with unharmed(world):
        error = "invalid_request" if status == 413 else "invalid_client"
        is_json(await present(world, token), status, error)


@pytest.mark.parametrize(
    ("header", "extra"),
    [
        (b'{"alg":"ES256","alg":"ES256"}', b""),
        (b'{"alg":"none","alg":"ES256"}', b""),
        (b'{"alg":"ES256"}', b',"iss":"web"'),
        (b'{"alg":"ES256"}', b',"exp":9'),
        (b'{"alg":"ES256"}', b',"x":{"a":1,"a":2}'),
    ],
)
async def test_ca_33_a_member_twice(
    world: World, key: ClientKey, header: bytes, extra: bytes
) -> None:
    await add_keyed(world, key)
    claims = json.dumps(good_claims(world)).encode()[:-1] + extra + b"}"
    await refused(world, signed(key, header, claims))


@pytest.mark.parametrize("kind", ["at+jwt", "dpop+jwt", "logout+jwt", "JOSE", "", 1, ["JWT"], None])
async def test_ca_34_another_type_of_token(world: World, key: ClientKey, kind: Any) -> None:
    await add_keyed(world, key)
    await refused(world, signed(key, {**ES256, "typ": kind}, good_claims(world)))


@pytest.mark.parametrize("kind", ["JWT", "jwt", "client-authentication+jwt"])
async def test_ca_34_the_types_that_an_assertion_has(
    world: World, key: ClientKey, kind: str
) -> None:
    await add_keyed(world, key)
    good = signed(key, {**ES256, "typ": kind}, good_claims(world))
    assert (await present(world, good)).status_code == 200


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def fixed(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(fixed(0, 0), id="zeros"),
        pytest.param(fixed(ORDER, ORDER), id="the order of the curve"),
        pytest.param(fixed(0, 1), id="r is 0"),
        pytest.param(fixed(1, 0), id="s is 0"),
        pytest.param(fixed(1, ORDER), id="s is the order"),
        pytest.param(b"\xff" * 64, id="beyond the order"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\1" * 63, id="too short"),
        pytest.param(b"\1" * 65, id="too long"),
        pytest.param(encode_dss_signature(1, 1), id="DER"),
    ],
)
async def test_ca_35_signatures_that_fit_everything(
    world: World, key: ClientKey, signature: bytes
) -> None:
    await add_keyed(world, key)
    message = f"{segment(ES256)}.{segment(good_claims(world))}"
    await refused(world, f"{message}.{base64url(signature)}")


async def test_ca_35_a_good_signature_in_der(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    token = signed(key, ES256, good_claims(world))
    message, _, text = token.rpartition(".")
    raw = urlsafe_b64decode(text + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    await refused(world, f"{message}.{base64url(der)}")


def big(number: int) -> str:
    return base64url(number.to_bytes((number.bit_length() + 7) // 8))


EC_KEY = ClientKey("ES256", ec.derive_private_key(7, ec.SECP256R1())).public_jwk


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param({"kty": "RSA", "n": big((1 << 1023) + 9), "e": "AQAB"}, id="RSA 1024"),
        pytest.param({"kty": "RSA", "n": big((1 << 2047) + 9), "e": "AQ"}, id="e is 1"),
        pytest.param({"kty": "RSA", "n": big((1 << 2047) + 9), "e": "Ag"}, id="e is even"),
        pytest.param({"kty": "RSA", "n": big((1 << 2047) + 8), "e": "AQAB"}, id="even modulus"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="oct"),
        pytest.param({**EC_KEY, "d": "AA"}, id="private member"),
        pytest.param({**EC_KEY, "y": EC_KEY["x"]}, id="off the curve"),
        pytest.param({**EC_KEY, "crv": "P-384"}, id="another curve's"),
        pytest.param({**EC_KEY, "use": "enc"}, id="for encryption"),
        pytest.param({**EC_KEY, "alg": "ES512"}, id="for another algorithm"),
        pytest.param({}, id="empty"),
    ],
)
def test_ca_36_keys_that_prove_nothing_are_not_registered(jwk: dict[str, str]) -> None:
    for text in (json.dumps(jwk), json.dumps({"keys": [EC_KEY, jwk]})):
        with pytest.raises(Malformed):
            read_public_keys(text)
    assert read_public_keys(json.dumps({"keys": [EC_KEY]}))


class Seconds:
    """The machine's own time, by which published keys are kept."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    instants = Seconds()
    monkeypatch.setattr("ostiary.provider.published_keys.monotonic", instants)
    return instants


def named(key: ClientKey, kid: str) -> dict[str, str]:
    return {**key.public_jwk, "kid": kid}


async def test_ca_37_a_thousand_unknown_kids(
    world: World, key: ClientKey, seconds: Seconds
) -> None:
    world.elsewhere.documents[URI] = {"keys": [named(key, "one")]}
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    own = ClientKey.make()
    for number in range(1_000):
        token = signed(own, {**ES256, "kid": f"k{number}"}, good_claims(world))
        is_json(await present(world, token), 401, "invalid_client")
    assert world.elsewhere.asked == [URI]
    seconds.now += 60
    await refused(world, signed(own, {**ES256, "kid": "x"}, good_claims(world)))
    assert world.elsewhere.asked == [URI, URI]
    good = signed(key, {**ES256, "kid": "one"}, good_claims(world))
    assert (await present(world, good)).status_code == 200


async def test_ca_37_old_keys_are_kept_if_the_fetch_fails(
    world: World, key: ClientKey, seconds: Seconds
) -> None:
    world.elsewhere.documents[URI] = {"keys": [named(key, "one")]}
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    for wait in (0, 60, 3600):
        seconds.now += wait
        good = signed(key, {**ES256, "kid": "one"}, good_claims(world))
        assert (await present(world, good)).status_code == 200
        world.elsewhere.documents.clear()
    await refused(world, signed(ClientKey.make(), {**ES256, "kid": "x"}, good_claims(world)))
    assert len(world.elsewhere.asked) <= 3


async def test_ca_37_a_server_that_is_down_is_not_asked_by_every_request(
    world: World, key: ClientKey, seconds: Seconds
) -> None:
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    tokens = [signed(key, {**ES256, "kid": "one"}, good_claims(world)) for _ in range(20)]
    await refused(world, *tokens)
    assert world.elsewhere.asked == [URI]


async def test_ca_37_many_at_once_share_one_fetch(world: World, key: ClientKey) -> None:
    world.elsewhere.documents[URI] = {"keys": [named(key, "one")]}
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    tokens = [signed(key, {**ES256, "kid": "one"}, good_claims(world)) for _ in range(50)]
    answers = await asyncio.gather(*(present(world, token) for token in tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert world.elsewhere.asked == [URI]


async def test_ca_37_who_goes_away_does_not_take_the_fetch_along(
    world: World, key: ClientKey
) -> None:
    world.elsewhere.documents[URI] = {"keys": [named(key, "one")]}
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    first, second = (
        asyncio.create_task(
            present(world, signed(key, {**ES256, "kid": "one"}, good_claims(world)))
        )
        for _ in range(2)
    )
    await asyncio.sleep(0.005)
    first.cancel()
    assert (await second).status_code == 200
    assert world.elsewhere.asked == [URI]


async def test_ca_37_the_reason_stays_inside(world: World, key: ClientKey) -> None:
    """Whether a port is open at an address inside is nobody's business."""
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    token = signed(key, {**ES256, "kid": "one"}, good_claims(world))
    answer = await present(world, token)
    is_json(answer, 401, "invalid_client")
    assert answer.json()["error_description"] == "client authentication failed"
    assert "connection" not in str(answer.headers) + answer.text


async def test_ca_38_a_key_that_the_client_took_away(
    world: World, key: ClientKey, seconds: Seconds
) -> None:
    world.elsewhere.documents[URI] = {"keys": [named(key, "one")]}
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    good = signed(key, {**ES256, "kid": "one"}, good_claims(world))
    assert (await present(world, good)).status_code == 200
    world.elsewhere.documents[URI] = {"keys": [named(ClientKey.make(), "two")]}
    seconds.now += 600
    await refused(world, signed(key, {**ES256, "kid": "one"}, good_claims(world)))


async def test_ca_38_keys_are_not_kept_for_ever(
    world: World, key: ClientKey, seconds: Seconds
) -> None:
    """Nor can a client's key be kept alive by keeping its server from answering."""
    world.elsewhere.documents[URI] = {"keys": [named(key, "one")]}
    await add_keyed(world, key, public_keys=(), jwks_uri=URI)
    good = signed(key, {**ES256, "kid": "one"}, good_claims(world))
    assert (await present(world, good)).status_code == 200
    world.elsewhere.documents.clear()
    seconds.now += 86_400
    await refused(world, signed(key, {**ES256, "kid": "one"}, good_claims(world)))


async def test_ca_39_other_tokens_of_ours(world: World, key: ClientKey) -> None:
    await add_keyed(world, key)
    rp = RelyingParty(world, client_id="web")
    tokens = await rp.tokens()
    await refused(
        world,
        tokens["id_token"],
        tokens["access_token"],
        await sign_as_issuer(world, good_claims(world)),
        await sign_as_issuer(world, good_claims(world), token_type=None),
    )


async def test_ca_39_other_tokens_of_the_client(world: World, key: ClientKey) -> None:
    """A DPoP proof of the same key, even one that has an assertion's claims."""
    await add_keyed(world, key)
    url = ENTERPRISE.endpoint("token")
    proof = key.proof("POST", url, START)["dpop"]
    disguised = key.proof("POST", url, START, **good_claims(world))["dpop"]
    await refused(world, proof, disguised)
