"""What a client proves itself by: registered for its method, sound, and allowed by its profile."""

from dataclasses import replace

import pytest

from ostiary.domain.client import AuthMethod, Client, ClientSecret
from ostiary.domain.face import BASE_PATH
from ostiary.domain.issuer import Environment, Issuer
from ostiary.management.client_faults import client_faults
from ostiary.management.client_keys import read_public_keys
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.malformed import Malformed
from tests.kit.client_key import ClientKey

NOW = 1_800_000_000
ISSUER = Issuer(
    issuer_id="main", url="https://id.example.com", base_path=BASE_PATH, face_name="enterprise"
)
SANDBOX = replace(ISSUER, environment=Environment.SANDBOX)
EC, RSA = ClientKey.make("ES256").public_jwk, ClientKey.make("PS256").public_jwk
P384 = ClientKey.make("ES384").public_jwk
SECRET = ClientSecret(secret_id="1", sha256="0" * 64, created_at=NOW)
BY_KEY = Client(
    client_id="app",
    name="App",
    institution_id="garden",
    auth_method=AuthMethod.PRIVATE_KEY_JWT,
    public_keys=(EC,),
    grant_types=frozenset({"client_credentials"}),
)
URI = "https://app.example/jwks"
STRICT = "fapi2_security"


def fields(client: Client, issuer: Issuer = ISSUER) -> list[str]:
    return [fault.field for fault in client_faults(client, issuer, {"garden"})]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"public_keys": (EC, RSA)}, []),
        ({"public_keys": (), "jwks_uri": URI}, []),
        ({"public_keys": (), "jwks_uri": "https://app.example:9443/jwks?x=1"}, []),
        ({"public_keys": ()}, ["public_keys"]),
        ({"jwks_uri": URI}, ["jwks_uri"]),
        ({"secrets": (SECRET,)}, ["secret"]),
        ({"public_keys": ({**EC, "kid": "a"}, {**RSA, "kid": "a"})}, ["public_keys"]),
        ({"public_keys": ({**EC, "kid": "a"}, {**RSA, "kid": "b"})}, []),
        ({"public_keys": (P384,)}, ["public_keys"]),
        ({"public_keys": ({**EC, "d": "AA"},)}, ["public_keys"]),
        ({"assertion_algorithm": Algorithm.ES256}, []),
        ({"assertion_algorithm": Algorithm.PS256}, ["public_keys"]),
        ({"assertion_algorithm": Algorithm.PS256, "public_keys": (RSA,)}, []),
        ({"public_keys": (), "jwks_uri": "http://app.example/jwks"}, ["jwks_uri"]),
        ({"public_keys": (), "jwks_uri": "http://localhost/jwks"}, ["jwks_uri"]),
        ({"public_keys": (), "jwks_uri": "file:///etc/passwd"}, ["jwks_uri"]),
        ({"public_keys": (), "jwks_uri": "https://u:p@app.example/jwks"}, ["jwks_uri"]),
        ({"public_keys": (), "jwks_uri": f"{URI}#x"}, ["jwks_uri"]),
        # The proof of one method is none for another.
        ({"auth_method": AuthMethod.CLIENT_SECRET}, ["public_keys"]),
        (
            {"auth_method": AuthMethod.CLIENT_SECRET, "public_keys": (), "jwks_uri": URI},
            ["jwks_uri"],
        ),
        ({"auth_method": AuthMethod.CLIENT_SECRET, "public_keys": (), "secrets": (SECRET,)}, []),
        (
            {"auth_method": AuthMethod.CLIENT_SECRET_JWT, "public_keys": (), "secrets": (SECRET,)},
            [],
        ),
        (
            {
                "auth_method": AuthMethod.CLIENT_SECRET_JWT,
                "public_keys": (),
                "assertion_algorithm": Algorithm.RS256,
            },
            ["assertion_algorithm"],
        ),
        # RG-03: what the profile does not allow.
        ({"profile_name": STRICT, "id_token_algorithm": Algorithm.ES256}, []),
        (
            {
                "profile_name": STRICT,
                "id_token_algorithm": Algorithm.ES256,
                "auth_method": AuthMethod.CLIENT_SECRET,
                "public_keys": (),
            },
            ["auth_method"],
        ),
        (
            {
                "profile_name": STRICT,
                "id_token_algorithm": Algorithm.ES256,
                "assertion_algorithm": Algorithm.RS256,
                "public_keys": (RSA,),
            },
            ["assertion_algorithm"],
        ),
    ],
)
def test_ca_36_rg_03_what_proves_nothing_is_found(
    changes: dict[str, object], expected: list[str]
) -> None:
    assert fields(replace(BY_KEY, **changes)) == expected  # type: ignore[arg-type]


def test_plain_http_is_for_a_sandbox_on_this_machine() -> None:
    for uri, expected in (
        ("http://localhost:8080/jwks", []),
        ("http://127.0.0.1/jwks", []),
        ("http://[::1]:8080/jwks", []),
        ("http://10.0.0.1/jwks", ["jwks_uri"]),
        ("http://localhost.example/jwks", ["jwks_uri"]),
    ):
        client = replace(BY_KEY, public_keys=(), jwks_uri=uri)
        assert fields(client, SANDBOX) == expected


def test_the_profile_of_the_issuer_rules_where_the_client_has_none_or_a_weaker_one() -> None:
    strict = replace(ISSUER, profile_name=STRICT)
    by_secret = replace(
        BY_KEY,
        auth_method=AuthMethod.CLIENT_SECRET,
        public_keys=(),
        id_token_algorithm=Algorithm.ES256,
    )
    assert fields(by_secret, strict) == ["auth_method"]
    assert fields(replace(by_secret, profile_name="oidc"), strict) == ["auth_method"]
    assert fields(replace(by_secret, profile_name="oidc"), ISSUER) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-----BEGIN PUBLIC KEY-----",
        "[]",
        '{"keys": []}',
        '{"keys": {}}',
        "{}",
        '{"kty": "RSA"}',
        "[" * 10_000,
        "{" * 70_000,
        '{"kty": "EC", "kty": "EC"}',
    ],
)
def test_text_that_is_no_key_is_told(text: str) -> None:
    with pytest.raises(Malformed):
        read_public_keys(text)
