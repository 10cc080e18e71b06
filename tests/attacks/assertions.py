"""Client assertions as an attacker sends them: any header and any payload, under a good signature."""

import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import httpx2
from jwt.algorithms import get_default_algorithms

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.issuer import Issuer
from tests.attacks.wire import encode, path_of, post
from tests.kit.client_key import ASSERTION_TYPE, ClientKey
from tests.kit.world import ENTERPRISE, World, a_client

CLIENT_ID = "keyed"
URI = "https://rp.example/jwks"
GRANT: dict[str, Any] = {"grant_type": "client_credentials"}


async def add_keyed(
    world: World, key: ClientKey, issuer: Issuer = ENTERPRISE, **changes: object
) -> Client:
    """A client of private_key_jwt, with this key unless others are given."""
    values: dict[str, object] = {
        "auth_method": AuthMethod.PRIVATE_KEY_JWT,
        "secrets": (),
        "public_keys": (key.public_jwk,),
    }
    return await world.add_client(a_client(CLIENT_ID, issuer, **(values | changes)), issuer)


def good_claims(world: World, issuer: Issuer = ENTERPRISE, **changes: Any) -> dict[str, Any]:
    """A claim set to None is left out."""
    claims = {
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": issuer.url,
        "jti": str(uuid.uuid4()),
        "exp": world.clock.time + 60,
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def signed(
    key: ClientKey, header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes
) -> str:
    """Whatever it says, its signature fits."""
    message = f"{segment(header)}.{segment(claims)}"
    signature = get_default_algorithms()[key.algorithm].sign(message.encode(), key.private)
    return f"{message}.{base64url(signature)}"


def segment(value: Mapping[str, Any] | bytes) -> str:
    return base64url(value if isinstance(value, bytes) else json.dumps(value).encode())


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


async def present(
    world: World,
    assertion: str,
    endpoint: str = "token",
    *,
    issuer: Issuer = ENTERPRISE,
    **form: str | None,
) -> httpx2.Response:
    values = {
        **GRANT,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        **form,
    }
    return await post(world, path_of(issuer, endpoint), encode(values), issuer=issuer)
