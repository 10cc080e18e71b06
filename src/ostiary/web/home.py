"""What a sandbox's first page shows a developer."""

from dataclasses import dataclass
from urllib.parse import urlencode

from ostiary.domain.issuer import Issuer

# The example pair of the PKCE standard: a developer who follows the link can type the rest by hand.
CODE_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_CODE_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    client_id: str
    secret: str | None
    private_key_file: str | None
    kind: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    username: str
    password: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    issuers: tuple[Issuer, ...]
    clients: tuple[DemoClient, ...]
    users: tuple[DemoUser, ...]


def sign_in_href(issuer: Issuer, client: DemoClient) -> str:
    """An authorization request of the client, ready to be followed."""
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[0],
        "scope": "openid profile email offline_access",
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "code_challenge": _CODE_CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{issuer.endpoint('auth')}?{urlencode(query)}"
