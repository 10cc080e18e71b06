"""The claims parameter. OIDC Core §5.5; AZ-28 to AZ-34 of the attacks."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.protocol.claims_request import (
    MAX_CLAIMS,
    MAX_LENGTH,
    ClaimsRequest,
    RequestedClaim,
    Scalar,
    format_claims_request,
    parse_claims_request,
)
from ostiary.protocol.malformed import Malformed

PLAIN = RequestedClaim()


def refused(text: str) -> bool:
    try:
        parse_claims_request(text)
    except Malformed:
        return True
    return False


@pytest.mark.spec("OIDC Core §5.5")
def test_the_example_of_the_standard_is_read() -> None:
    """OIDC Core §5.5: userinfo and id_token list the claims wanted from each."""
    text = """
      {"userinfo":
        {"given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
         "email_verified": {"essential": true}, "picture": null,
         "http://example.info/claims/groups": null},
       "id_token":
        {"auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"]}}}
    """
    essential = RequestedClaim(essential=True)
    assert parse_claims_request(text) == ClaimsRequest(
        userinfo={
            "given_name": essential,
            "nickname": PLAIN,
            "email": essential,
            "email_verified": essential,
            "picture": PLAIN,
            "http://example.info/claims/groups": PLAIN,
        },
        id_token={
            "auth_time": essential,
            "acr": RequestedClaim(values=("urn:mace:incommon:iap:silver",)),
        },
    )


@pytest.mark.spec("OIDC Core §5.5.1")
def test_a_claim_is_wanted_of_a_value_or_of_several() -> None:
    """OIDC Core §5.5.1: essential, value, values; other members are ignored."""
    text = (
        '{"id_token":{"sub":{"value":"alice","essential":false},"acr":{"values":["a",2,true,1.5]}}}'
    )
    assert parse_claims_request(text).id_token == {
        "sub": RequestedClaim(value="alice"),
        "acr": RequestedClaim(values=("a", 2, True, 1.5)),
    }
    assert parse_claims_request('{"userinfo":{"a":{"purpose":"why","b":{"c":[]}}}}').userinfo == {
        "a": PLAIN
    }


@pytest.mark.parametrize(
    "nothing", ["null", '""', "{}", '{"essential":null,"value":null,"values":null}']
)
def test_the_odd_forms_of_clients_ask_for_the_claim(nothing: str) -> None:
    text = f'{{"id_token":{{"phone":{nothing}}},"userinfo":{{"email":{nothing}}}}}'
    assert parse_claims_request(text) == ClaimsRequest(
        id_token={"phone": PLAIN}, userinfo={"email": PLAIN}
    )


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"id_token":null}',
        '{"userinfo":""}',
        '{"id_token":{},"userinfo":{}}',
        ' {"x": [1]} ',
        '{"access_token":{"a":null}}',
        '{"claims_locales":5}',
    ],
)
def test_nothing_asked_for_is_nothing(text: str) -> None:
    assert parse_claims_request(text) == ClaimsRequest()
    assert parse_claims_request(None) == ClaimsRequest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "claims",
        "[]",
        '["id_token"]',
        '"id_token"',
        "5",
        "null",
        "true",
        "{",
        '{"id_token":5}',
        '{"id_token":true}',
        '{"id_token":false}',
        '{"id_token":"email"}',
        '{"id_token":["email"]}',
        '{"userinfo":[]}',
        '{"userinfo":0}',
        '{"id_token":{"email":7}}',
        '{"id_token":{"email":true}}',
        '{"id_token":{"email":false}}',
        '{"id_token":{"email":"x"}}',
        '{"id_token":{"email":[]}}',
        '{"id_token":{"email":{"essential":1}}}',
        '{"id_token":{"email":{"essential":"true"}}}',
        '{"id_token":{"email":{"essential":[]}}}',
        '{"id_token":{"acr":{"values":"x"}}}',
        '{"id_token":{"acr":{"values":{}}}}',
        '{"id_token":{"acr":{"values":5}}}',
        '{"id_token":{"acr":{"values":[null]}}}',
        '{"id_token":{"acr":{"values":[[]]}}}',
        '{"id_token":{"sub":{"value":{}}}}',
        '{"id_token":{"sub":{"value":["alice"]}}}',
    ],
)
def test_az_28_what_is_no_request_for_claims_is_refused(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize(
    "text",
    ['{"id_token":' * 5_000, "[" * 5_000, '{"id_token":{"a":{"b":' + "[" * 200 + "]" * 200 + "}}}"],
)
def test_az_29_deep_nesting_is_refused(text: str) -> None:
    assert refused(text)


def test_az_30_size_and_number_are_bounded() -> None:
    def asking(count: int, length: int = 1) -> str:
        names = {f"{each:0{length}}": None for each in range(count)}
        return json.dumps({"id_token": names, "userinfo": {"one more": None}})

    assert not refused(asking(MAX_CLAIMS - 1))
    assert refused(asking(MAX_CLAIMS))
    assert refused(asking(100_000))
    assert not refused(asking(1, MAX_LENGTH - 60))
    assert refused(asking(1, MAX_LENGTH))
    assert refused('{"id_token":{"a":"' + "a" * 1_000_000 + '"}}')


@pytest.mark.parametrize(
    "text",
    [
        '{"id_token":{},"id_token":{}}',
        '{"id_token":{"a":null,"a":null}}',
        '{"id_token":{"a":{"essential":true,"essential":false}}}',
        '{"x":{"a":1,"a":1}}',
    ],
)
def test_az_30_a_member_twice_is_refused(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999", "9" * 5_000])
def test_az_31_a_number_that_is_none_is_refused(number: str) -> None:
    assert refused(f'{{"id_token":{{"acr":{{"value":{number}}}}}}}')
    assert refused(f'{{"unknown":{number}}}')


@pytest.mark.parametrize("text", ["\\ud800", "\\udc00", "\\u0000", "\ud800"])
def test_az_32_nul_and_lone_surrogates_are_refused(text: str) -> None:
    assert refused(f'{{"id_token":{{"{text}":null}}}}')
    assert refused(f'{{"id_token":{{"sub":{{"value":"{text}"}}}}}}')
    assert refused(f'{{"{text}":1}}')


@pytest.mark.parametrize("name", ["__proto__", "constructor", "__class__", "", " ", "é", "a\\nb"])
def test_az_34_any_name_is_a_plain_name(name: str) -> None:
    request = parse_claims_request(f'{{"id_token":{{"{name}":null}}}}')
    assert list(request.id_token) == [name.replace("\\n", "\n")]


def test_the_kept_text_is_short_and_always_the_same() -> None:
    one = parse_claims_request('{"userinfo":{"b":"","a":{}}, "id_token": {"c":{"essential":true}}}')
    other = parse_claims_request(
        '{"id_token":{"c":{"essential":true,"x":1}},"userinfo":{"a":null,"b":null},"y":2}'
    )
    assert format_claims_request(one) == format_claims_request(other)
    assert (
        format_claims_request(one)
        == '{"id_token":{"c":{"essential":true}},"userinfo":{"a":null,"b":null}}'
    )
    assert format_claims_request(ClaimsRequest()) is None


SCALARS: st.SearchStrategy[Scalar] = (
    st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
)
CLAIMS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
    st.builds(
        RequestedClaim,
        essential=st.booleans(),
        value=st.none() | SCALARS,
        values=st.lists(SCALARS, max_size=3).map(tuple),
    ),
    max_size=4,
)


@given(st.builds(ClaimsRequest, id_token=CLAIMS, userinfo=CLAIMS))
def test_what_is_kept_is_read_again(request: ClaimsRequest) -> None:
    assert parse_claims_request(format_claims_request(request)) == request


JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id_token", "userinfo", "essential", "value", "values", "sub"]), inner
        )
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(JSON.map(json.dumps) | st.text(st.sampled_from('{}[]":,id_tokenull\\u0 '), max_size=50))
def test_any_text_at_all_is_a_request_or_refused(text: str) -> None:
    if not refused(text):
        request = parse_claims_request(text)
        assert parse_claims_request(format_claims_request(request)) == request


@pytest.mark.parametrize("unit", ['"', "{", '{"a":', '"a":null,', "\\", "1", "[]"])
def test_no_text_takes_long(unit: str) -> None:
    began = time.process_time()
    refused('{"id_token":{' + unit * (16_000 // len(unit)) + "}}")
    assert time.process_time() - began < 0.1
