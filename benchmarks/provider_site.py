"""What the peers are told: keys, clients and who signs with what, in one JSON file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_urlsafe

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, RSAKey

from benchmarks.relying_party import REDIRECT_URI
from benchmarks.subjects import SECRET, Site, Variant

SITE = "site.json"


def new_variant(id_token: str, access_token: str, *, with_api: bool) -> Variant:
    name = f"{id_token}-{access_token}".lower()
    return Variant(
        id_token=id_token,
        access_token=access_token,
        client_id=f"web-{name}",
        service_id=f"service-{name}",
        api=f"urn:benchmark:{access_token.lower()}" if with_api else None,
    )


def variants(*, with_api: bool = False) -> tuple[Variant, ...]:
    pairs = (("ES256", "ES256"), ("RS256", "ES256"), ("RS256", "RS256"))
    return tuple(new_variant(*pair, with_api=with_api) for pair in pairs)


def write_site(site: Site, asked: Sequence[Variant]) -> Path:
    written = {
        "port": site.port,
        "database": site.database_url,
        "file": str(site.data / "peer.sqlite3"),
        "keys": signing_keys(),
        "cookieKey": token_urlsafe(32),
        "accessTokens": {
            client_id: each.access_token
            for each in asked
            for client_id in (each.client_id, each.service_id)
        },
        "clients": [client for each in asked for client in clients(each, site)],
    }
    path = site_file(site)
    path.write_text(json.dumps(written))
    return path


def site_file(site: Site) -> Path:
    return site.data / SITE


def signing_keys() -> list[Mapping[str, object]]:
    keys = (
        ("ES256", ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))),
        ("RS256", RSAKey.import_key(rsa.generate_private_key(65537, 2048))),
    )
    return [
        {**key.as_dict(private=True), "kid": token_urlsafe(8), "use": "sig", "alg": algorithm}
        for algorithm, key in keys
    ]


def clients(each: Variant, site: Site) -> list[Mapping[str, object]]:
    return [
        {
            "client_id": each.client_id,
            "client_secret": SECRET,
            "redirect_uris": [REDIRECT_URI],
            "scope": "openid profile email offline_access",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "id_token_signed_response_alg": each.id_token,
        },
        {
            "client_id": each.service_id,
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [site.key.public_jwk]},
            "redirect_uris": [],
            "grant_types": ["client_credentials"],
            "response_types": [],
            "id_token_signed_response_alg": each.id_token,
        },
    ]
