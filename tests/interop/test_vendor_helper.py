"""The contract's own tool, a command line that gets a token for a service: its exact request.

It signs with PS256 and a header of `alg` alone, puts `exp` in milliseconds one minute ahead, leaves
out `iat`, addresses the token endpoint, and sends no `client_id`. It can speak with one host alone,
so its request is made here, with a library that Ostiary does not use.
"""

import json
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.flows.application import discover
from tests.flows.dev_server import DevServer

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(params=["enterprise", "consumer"])
def issuer(request: pytest.FixtureRequest, server: DevServer) -> str:
    return server.issuer(request.param)


@pytest.fixture
def key(server: DevServer) -> RSAPrivateKey:
    pem = Path(server.client("demo-service")["private_key_file"]).read_bytes()
    loaded = load_pem_private_key(pem, password=None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


def helper_claims(token_endpoint: str, **changes: Any) -> dict[str, Any]:
    claims = {
        "sub": "demo-service",
        "iss": "demo-service",
        "jti": str(uuid4()),
        "aud": token_endpoint,
        "exp": int(time.time() * 1000) + 60_000,
    }
    return claims | changes


def sign(claims: dict[str, Any], key: RSAPrivateKey) -> str:
    assertion = jwt.encode(claims, key, "PS256", headers={"typ": None})
    header = assertion.partition(".")[0]
    assert json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4))) == {"alg": "PS256"}
    return assertion


async def ask(
    http: httpx2.AsyncClient, token_endpoint: str, assertion: str, scope: str = "openid"
) -> httpx2.Response:
    form = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "grant_type": "client_credentials",
        "scope": scope,
    }
    return await http.post(token_endpoint, data=form)


# Its older versions ask for "openid full".
@pytest.mark.parametrize("scope", ["openid", "openid full"])
async def test_the_helper_gets_a_token(
    http: httpx2.AsyncClient, issuer: str, key: RSAPrivateKey, scope: str
) -> None:
    endpoint = (await discover(http, issuer))["token_endpoint"]
    answer = await ask(http, endpoint, sign(helper_claims(endpoint), key), scope)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == (
        "Bearer",
        600,
        "openid",
    )
    assert not {"refresh_token", "id_token"} & tokens.keys()


async def test_its_assertion_works_once(
    http: httpx2.AsyncClient, issuer: str, key: RSAPrivateKey
) -> None:
    endpoint = (await discover(http, issuer))["token_endpoint"]
    assertion = sign(helper_claims(endpoint), key)
    assert (await ask(http, endpoint, assertion)).status_code == 200
    check_refused(await ask(http, endpoint, assertion))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        pytest.param("exp", lambda: int(time.time() * 1000) - 120_000, id="expired"),
        pytest.param("exp", lambda: int(time.time() * 1000) + 600_000, id="too far ahead"),
        pytest.param("exp", lambda: int(time.time()) + 60_000, id="seconds plus 60,000"),
        pytest.param("aud", lambda: "https://elsewhere.example/token", id="another audience"),
        pytest.param("iss", lambda: "demo-web", id="another issuer"),
        pytest.param("sub", lambda: "demo-web", id="another subject"),
        pytest.param("jti", lambda: None, id="no jti"),
    ],
)
async def test_what_the_helper_would_not_send_is_refused(
    http: httpx2.AsyncClient, issuer: str, key: RSAPrivateKey, claim: str, value: Any
) -> None:
    endpoint = (await discover(http, issuer))["token_endpoint"]
    claims = helper_claims(endpoint, **{claim: value()})
    told = {name: each for name, each in claims.items() if each is not None}
    check_refused(await ask(http, endpoint, sign(told, key)))


async def test_another_key_is_refused(http: httpx2.AsyncClient, issuer: str) -> None:
    endpoint = (await discover(http, issuer))["token_endpoint"]
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    check_refused(await ask(http, endpoint, sign(helper_claims(endpoint), another)))


def check_refused(answer: httpx2.Response) -> None:
    """The contract's words for it."""
    assert answer.status_code == 401, answer.text
    assert answer.json() == {
        "error": "invalid_client",
        "error_description": "client authentication failed",
    }
    assert answer.headers["ostiary-reference"]
