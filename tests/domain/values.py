"""Values as the tests of the domain need them, each changed as the test says."""

from typing import Any

from ostiary.domain.authorization import Authorization, Standing
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.session import Session, SignedIn
from ostiary.domain.signing_keys import SigningKey
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.tokens import Authentication

NOW = 1_800_000_000

SIGNED_IN_BY_PASSWORD = Authentication(auth_time=NOW - 60, acr="standard", amr=("pwd",))


def an_issuer(**changes: Any) -> Issuer:
    values: dict[str, Any] = {
        "issuer_id": "main",
        "url": "https://id.example",
        "base_path": "/a/oidc-provider/api/v0",
        "face_name": "enterprise",
        "environment": Environment.SANDBOX,
    }
    return Issuer(**(values | changes))


def a_session(**changes: Any) -> Session:
    values: dict[str, Any] = {
        "session_id": b"s" * 16,
        "generation": 3,
        "user_id": "alice-id",
        "auth_time": NOW - 60,
        "amr": ("pwd",),
        "level": "standard",
        "seen_at": NOW - 30,
        "expires_at": NOW + 86_000,
    }
    return Session(**(values | changes))


def signed_in(session: Session, **changes: Any) -> SignedIn:
    values: dict[str, Any] = {
        "session": session,
        "username": "alice",
        "disabled": False,
        "valid_after": 0,
        "claims": {},
        "consent": None,
    }
    return SignedIn(**(values | changes))


def an_authorization(**changes: Any) -> Authorization:
    values: dict[str, Any] = {
        "authorization_id": b"a" * 16,
        "client_id": "web",
        "user_id": "alice-id",
        "institution_id": "garden",
        "session_id": b"s" * 16,
        "scope": frozenset({"openid"}),
        "nonce": None,
        "redirect_uri": "https://rp.example/cb",
        "code_challenge": None,
        "authentication": SIGNED_IN_BY_PASSWORD,
        "created_at": NOW - 30,
        "code_expires_at": NOW + 30,
        "ends_at": NOW + 600,
        "offline": False,
    }
    return Authorization(**(values | changes))


def a_standing(authorization: Authorization, **changes: Any) -> Standing:
    values: dict[str, Any] = {
        "authorization": authorization,
        "user_disabled": False,
        "user_valid_after": 0,
        "session_until": NOW + 1000,
        "claims": {},
    }
    return Standing(**(values | changes))


def a_signing_key(
    kid: str, activates_at: int, algorithm: Algorithm = Algorithm.ES256, created_at: int = 0
) -> SigningKey:
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public_jwk={"kid": kid},
        sealed=b"sealed",
        created_at=created_at,
        activates_at=activates_at,
    )
