"""What an assertion of a client proves. RFC 7523 §3; CA-12 to CA-39 of the attacks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.client_assertion import (
    ASSERTION_ALGORITHMS,
    CLOCK_SKEW,
    MAX_AUDIENCES,
    MAX_JTI_LENGTH,
    MAX_LIFETIME,
    AssertionId,
    check_assertion_claims,
    parse_client_assertion,
)
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.jws import verify_signature
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json
from tests.protocol.jose.client_keys import client_key

ISSUER = "https://op.example"
TOKEN = f"{ISSUER}/a/oidc-provider/api/v0/token"
CLIENT = "199e6f35-client"
NOW = 1_700_000_000
GOOD: dict[str, Json] = {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW + 60, "jti": "one"}
ABSENT: Json = ["absent"]


def check(strict: bool = False, token_type: str | None = None, /, **members: Json) -> AssertionId:
    claims = {name: value for name, value in {**GOOD, **members}.items() if value is not ABSENT}
    return check_assertion_claims(
        claims,
        token_type=token_type,
        client_id=CLIENT,
        audiences=frozenset({ISSUER} if strict else {ISSUER, TOKEN}),
        now=NOW,
        strict=strict,
    )


def refused(strict: bool = False, token_type: str | None = None, /, **members: Json) -> bool:
    try:
        check(strict, token_type, **members)
    except Malformed:
        return True
    return False


both = pytest.mark.parametrize("strict", [False, True], ids=["relaxed", "strict"])


@pytest.mark.spec("RFC 7523 §3")
@both
def test_what_is_remembered_is_the_id_until_it_expires(strict: bool) -> None:
    """RFC 7523 §3: iss, sub, aud, exp; the server may keep jti as long as the token is valid."""
    assert check(strict) == AssertionId(jti="one", expires_at=NOW + 60)


def test_the_contracts_own_tool_is_let_in() -> None:
    """PS256, no kid, no iat, aud is the token endpoint, exp in milliseconds."""
    key = client_key(ClientAlgorithm.PS256)
    text = key.token({**GOOD, "aud": TOKEN, "exp": (NOW + 60) * 1000 + 977})
    assertion = parse_client_assertion(text)
    assert assertion.claimed_client_id == CLIENT
    verified = verify_signature(assertion.token, [key.parsed()], ASSERTION_ALGORITHMS)
    found = check_assertion_claims(
        verified.claims,
        token_type=verified.type,
        client_id=CLIENT,
        audiences=frozenset({ISSUER, TOKEN}),
        now=NOW,
        strict=False,
    )
    assert found == AssertionId(jti="one", expires_at=NOW + 60)


@both
@pytest.mark.parametrize(
    "members",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"iss": "other", "sub": "other"},
        {"iss": ABSENT},
        {"sub": ABSENT},
        {"iss": None, "sub": None},
        {"iss": [CLIENT], "sub": [CLIENT]},
        {"iss": CLIENT.upper(), "sub": CLIENT.upper()},
        {"iss": f"{CLIENT} ", "sub": f"{CLIENT} "},
    ],
)
def test_ca_22_an_assertion_of_another_client_is_refused(
    members: dict[str, Json], strict: bool
) -> None:
    assert refused(strict, **members)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iss": "a"},
        {"sub": "a"},
        {"iss": "a", "sub": "b"},
        {"iss": "", "sub": ""},
        {"iss": 5, "sub": 5},
        {"iss": None, "sub": None},
        {"iss": ["a"], "sub": ["a"]},
    ],
)
def test_ca_22_an_assertion_that_names_no_client_is_not_even_verified(
    claims: dict[str, Json],
) -> None:
    with pytest.raises(Malformed, match="client_id"):
        parse_client_assertion(client_key(ClientAlgorithm.ES256).token(claims))


@pytest.mark.spec("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize(
    "audience",
    [
        TOKEN,
        f"{ISSUER}/request",
        [ISSUER],
        [ISSUER, TOKEN],
        [TOKEN],
        f"{ISSUER}/",
        ISSUER.upper(),
        "https://other.example",
        "",
        None,
        ABSENT,
        5,
        {},
        [],
    ],
    ids=str,
)
def test_ca_23_a_strict_audience_is_the_issuer_as_one_text(audience: Json) -> None:
    """FAPI 2.0 §5.3.2.1: only the issuer identifier value, as a string, in aud."""
    assert refused(True, aud=audience)


@pytest.mark.parametrize("audience", [ISSUER, TOKEN, [ISSUER], [TOKEN], [ISSUER, TOKEN]])
def test_ca_23_a_relaxed_audience_is_ours_alone_or_in_a_list_of_ours(audience: Json) -> None:
    assert not refused(aud=audience)


@pytest.mark.parametrize(
    "audience",
    [
        "https://other.example",
        ["https://other.example", TOKEN],
        f"{ISSUER}/",
        f"{TOKEN}/",
        f"{TOKEN}?",
        ISSUER.upper(),
        "",
        " ",
        [],
        ["https://other.example"],
        None,
        ABSENT,
        5,
        True,
        {},
        {ISSUER: 1},
    ],
    ids=str,
)
def test_ca_23_another_audience_is_refused(audience: Json) -> None:
    assert refused(aud=audience)


@pytest.mark.parametrize("other", [5, None, True, [ISSUER], {}], ids=str)
def test_ca_24_an_audience_of_other_things_is_refused(other: Json) -> None:
    assert refused(aud=[ISSUER, other])
    assert refused(aud=[other])


def test_ca_24_a_long_list_of_audiences_is_refused() -> None:
    assert not refused(aud=[ISSUER] * MAX_AUDIENCES)
    assert refused(aud=[ISSUER] * (MAX_AUDIENCES + 1))
    assert refused(aud=[ISSUER] * 10_000)


@both
@pytest.mark.parametrize(
    "expiry",
    [
        NOW,
        NOW - 1,
        NOW - 300,
        0,
        -1,
        "9999999999",
        "",
        True,
        None,
        ABSENT,
        [NOW + 60],
        {},
        float("nan"),
        float("inf"),
        1e300,
        253_402_300_800,
        10**18,
    ],
    ids=str,
)
def test_ca_25_an_expiry_that_is_over_or_is_none_is_refused(expiry: Json, strict: bool) -> None:
    assert refused(strict, exp=expiry)


@both
def test_ca_26_an_assertion_that_lasts_long_is_refused(strict: bool) -> None:
    longest = NOW + MAX_LIFETIME + CLOCK_SKEW
    assert check(strict, exp=longest).expires_at == longest
    for expiry in (longest + 1, NOW + 60_000, NOW + 10 * 365 * 86_400, 253_402_300_799):
        assert refused(strict, exp=expiry)


def test_ca_26_the_same_holds_in_milliseconds_which_strict_clients_may_not_send() -> None:
    assert check(exp=(NOW + 300) * 1000).expires_at == NOW + 300
    assert refused(exp=(NOW + 361) * 1000)
    assert refused(exp=(NOW - 300) * 1000)
    assert refused(True, exp=(NOW + 60) * 1000)


@both
@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_ca_27_a_clock_that_is_a_little_ahead_is_let_be(name: str, strict: bool) -> None:
    for instant in (NOW - 86_400, NOW, NOW + 8, NOW + 60, NOW + 0.5):
        assert not refused(strict, **{name: instant})
    for instant in (NOW + 61, NOW + 3_600):
        assert refused(strict, **{name: instant})
    others: list[Json] = ["x", True, None, [NOW], -1, float("nan")]
    for other in others:
        assert refused(strict, **{name: other})


@both
@pytest.mark.parametrize(
    "jti", ["", None, ABSENT, 5, ["a"], {}, "j" * (MAX_JTI_LENGTH + 1), "j" * 10_240]
)
def test_ca_30_an_assertion_without_an_id_of_its_own_is_refused(jti: Json, strict: bool) -> None:
    assert refused(strict, jti=jti)
    assert not refused(strict, jti="j" * MAX_JTI_LENGTH)


@pytest.mark.spec("RFC 8725 §3.12")
@both
@pytest.mark.parametrize(
    "kind",
    [
        "at+jwt",
        "dpop+jwt",
        "logout+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "jwt+x",
        "",
        "JWS",
        "secevent+jwt",
        " JWT",
        "application/jwt",
    ],
)
def test_ca_34_ca_39_another_type_of_token_is_refused(kind: str, strict: bool) -> None:
    """RFC 8725 §3.12: different kinds of JWTs have mutually exclusive validation rules."""
    assert refused(strict, kind)


@both
@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "client-authentication+jwt"])
def test_the_types_of_an_assertion(kind: str | None, strict: bool) -> None:
    assert not refused(strict, kind)


def test_ca_39_an_id_token_for_the_client_is_refused() -> None:
    assert refused(iss=ISSUER, sub="alice", aud=CLIENT)
    assert refused(iss=ISSUER, sub=CLIENT)


VALUES: st.SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([ISSUER])
)


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]), VALUES),
    st.booleans(),
    st.none() | st.text(max_size=8),
)
def test_any_claims_at_all_are_accepted_or_refused(
    members: dict[str, Json], strict: bool, kind: str | None
) -> None:
    if not refused(strict, kind, **members):
        found = check(strict, kind, **members)
        assert NOW < found.expires_at <= NOW + MAX_LIFETIME + CLOCK_SKEW
        json.dumps(found.jti).encode()
