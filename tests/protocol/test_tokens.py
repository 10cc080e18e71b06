"""What our tokens say. OIDC Core §2, §3.1.3.6, RFC 9068 §2.2."""

from base64 import urlsafe_b64decode

import pytest

from ostiary.protocol.tokens import (
    Authentication,
    Json,
    access_token_claims,
    authentication_claims,
    half_hash,
)

SIGNED_IN = Authentication(auth_time=1_799_999_000, acr="urn:x:standard", amr=("pwd", "otp"))


def some_claims(scope: str, authentication: Authentication | None) -> dict[str, Json]:
    return access_token_claims(
        issuer="https://id.example",
        subject="alice-id",
        audience="https://api.example",
        client_id="web",
        scope=scope,
        issued_at=1_800_000_000,
        expires_at=1_800_000_600,
        token_id="j1",
        authentication=authentication,
    )


def test_at_hash_of_the_example_of_oidc_core_is_the_same() -> None:
    # OIDC Core appendices A.3 and A.4
    access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert half_hash(access_token, "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_the_same_half_hash_gives_c_hash_of_the_example_of_oidc_core() -> None:
    # OIDC Core appendix A.4
    code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
    assert half_hash(code, "RS256") == "LDktKdoQak3Pk0cnXxCltA"


@pytest.mark.parametrize(
    ("algorithm", "length"), [("RS256", 16), ("PS256", 16), ("ES256", 16), ("EdDSA", 32)]
)
def test_at_hash_is_half_of_the_hash_of_the_algorithm(algorithm: str, length: int) -> None:
    text = half_hash("token", algorithm)
    assert "=" not in text
    assert len(urlsafe_b64decode(text + "==")) == length


def test_at_hash_with_eddsa_is_the_left_half_of_sha_512() -> None:
    # SHA-512("abc") of FIPS 180-4, appendix C.1: ddaf35a1 93617aba cc417349 ae204131 ...
    left = urlsafe_b64decode(half_hash("abc", "EdDSA") + "==")
    assert left.hex() == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"


def test_an_access_token_of_a_user_says_all_that_rfc_9068_asks_for() -> None:
    assert some_claims("openid profile", SIGNED_IN) == {
        "iss": "https://id.example",
        "sub": "alice-id",
        "aud": "https://api.example",
        "client_id": "web",
        "iat": 1_800_000_000,
        "exp": 1_800_000_600,
        "jti": "j1",
        "scope": "openid profile",
        "auth_time": 1_799_999_000,
        "acr": "urn:x:standard",
        "amr": ["pwd", "otp"],
    }


def test_an_access_token_without_user_says_nothing_of_a_sign_in() -> None:
    assert not {"auth_time", "acr", "amr"} & some_claims("read", None).keys()


def test_an_access_token_without_scope_has_no_scope_claim() -> None:
    assert "scope" not in some_claims("", SIGNED_IN)


def test_amr_is_a_list_as_json_has_it() -> None:
    assert authentication_claims(SIGNED_IN)["amr"] == ["pwd", "otp"]
