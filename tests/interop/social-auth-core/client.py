"""A site with social-auth-core's OIDC backend. tests/interop/conversation.py says what goes in and out.

A site brings a strategy (its settings, session and requests) and a storage; these are the smallest.
"""

from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from conversation import CLAIMS, described, run, settings, told, visit
from social_core.backends.open_id_connect import OpenIdConnectAuth
from social_core.exceptions import SocialAuthBaseException
from social_core.storage import AssociationMixin, BaseStorage, NonceMixin
from social_core.strategy import BaseStrategy

SETTINGS = {
    "SOCIAL_AUTH_OIDC_OIDC_ENDPOINT": settings.issuer,
    "SOCIAL_AUTH_OIDC_KEY": settings.client_id,
    "SOCIAL_AUTH_OIDC_SECRET": settings.client_secret,
    "SOCIAL_AUTH_OIDC_SCOPE": settings.scope.split(),
    "SOCIAL_AUTH_OIDC_IGNORE_DEFAULT_SCOPE": True,
    "SOCIAL_AUTH_OIDC_USE_PKCE": True,
    "SOCIAL_AUTH_OIDC_JWT_ALGORITHMS": [settings.algorithm],
    "SOCIAL_AUTH_OIDC_TOKEN_ENDPOINT_AUTH_METHOD": settings.auth_method,
    "SOCIAL_AUTH_PIPELINE": (
        "social_core.pipeline.social_auth.social_details",
        "social_core.pipeline.social_auth.social_uid",
        "social_core.pipeline.social_auth.auth_allowed",
        f"{__name__}.sign_in_user",
    ),
}


class Nonces(NonceMixin):
    used: ClassVar[set[tuple[str, int, str]]] = set()

    @classmethod
    def use(cls, *nonce: Any) -> bool:
        fresh = nonce not in cls.used
        cls.used.add(nonce)
        return fresh

    @classmethod
    def consume(cls, *nonce: Any) -> bool:
        known = nonce in cls.used
        cls.used.discard(nonce)
        return known


class Associations(AssociationMixin):
    kept: ClassVar[dict[str, Any]] = {}

    @classmethod
    def store(cls, server_url: str, association: Any) -> None:
        association.id = association.handle
        association.is_expired = lambda: False
        cls.kept[association.handle] = association

    @classmethod
    def get(cls, server_url: str | None = None, handle: str | None = None) -> list[Any]:
        return [cls.kept[handle]] if handle in cls.kept else []

    @classmethod
    def remove(cls, ids_to_delete: list[str]) -> None:
        for each in ids_to_delete:
            cls.kept.pop(each)


class Storage(BaseStorage):
    nonce = Nonces
    association = Associations


class Strategy(BaseStrategy):
    """One browser's session."""

    def __init__(self) -> None:
        super().__init__(Storage)
        self.session: dict[str, Any] = {}
        self.request: dict[str, str] = {}

    def get_setting(self, name: str) -> Any:
        return SETTINGS[name]

    def get_request_data(self, merge: bool = True) -> dict[str, str]:
        return self.request

    def build_absolute_uri(self, path: str | None = None) -> str:
        return path or ""

    def session_get(self, name: str, default: Any = None) -> Any:
        return self.session.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self.session[name] = value

    def session_pop(self, name: str) -> Any:
        return self.session.pop(name, None)


class User:
    def __init__(self, uid: str, details: dict[str, Any], response: dict[str, Any]) -> None:
        self.uid, self.details, self.response = uid, details, response


def sign_in_user(uid: str, details: Any, response: Any, **_: Any) -> dict[str, User]:
    """The last step of the pipeline: a site looks its user up here."""
    return {"user": User(uid, details, response)}


class Site:
    def __init__(self) -> None:
        self.strategy = Strategy()

    def backend(self) -> OpenIdConnectAuth:
        """As for each request of a site."""
        return OpenIdConnectAuth(self.strategy, redirect_uri=settings.redirect_uri)

    def begin(self) -> dict[str, str]:
        """The response of the authorization endpoint."""
        return dict(parse_qsl(urlsplit(visit(self.backend().auth_url())).query))

    def finish(self, response: dict[str, str]) -> tuple[User, OpenIdConnectAuth]:
        self.strategy.request = response
        backend = self.backend()
        return backend.complete(), backend


def sign_in() -> dict[str, Any]:
    site = Site()
    user, backend = site.finish(site.begin())
    if user.uid != backend.id_token["sub"] or user.details["email"] != user.response["email"]:
        raise ValueError(f"somebody else is signed in: {user.details}")
    report = {
        "issuer": backend.id_token_issuer(),
        "tokens": told(user.response, backend.id_token),
        "userinfo": backend.user_data(user.response["access_token"]),
        "refreshes": [],
    }
    refresh_token = user.response["refresh_token"]
    for _ in range(2):
        refreshed = backend.refresh_token(refresh_token)
        userinfo = backend.user_data(refreshed["access_token"])
        report["refreshes"].append({**told(refreshed, backend.id_token), "userinfo": userinfo})
        refresh_token = refreshed["refresh_token"]
    return report


def claims() -> dict[str, Any]:
    SETTINGS["SOCIAL_AUTH_OIDC_AUTH_EXTRA_ARGUMENTS"] = {"claims": CLAIMS}
    site = Site()
    user, backend = site.finish(site.begin())
    userinfo = backend.user_data(user.response["access_token"])
    return {"tokens": told(user.response, backend.id_token), "userinfo": userinfo}


def prompt_none() -> dict[str, Any]:
    site = Site()
    site.finish(site.begin())
    SETTINGS["SOCIAL_AUTH_OIDC_PROMPT"] = "none"
    user, backend = site.finish(site.begin())
    return {"tokens": told(user.response, backend.id_token)}


def wrong_verifier() -> None:
    """The library keeps the verifier in the session, next to the state."""
    site = Site()
    response = site.begin()
    transaction = site.strategy.session[site.backend().transaction_key(response["state"])]
    transaction["code_verifier"] = transaction["code_verifier"][::-1]
    site.finish(response)


def tampered_state() -> None:
    site = Site()
    response = site.begin()
    site.finish({**response, "state": response["state"][::-1]})


def exchange_only() -> None:
    site = Site()
    site.finish(site.begin())


def describe(error: Exception) -> dict[str, Any]:
    """What the provider said stands in the members of the library's exceptions."""
    told_of = described(error)
    if isinstance(error, SocialAuthBaseException):
        told_of |= {"error": error.provider_code, "description": error.detail}
        told_of["message"] = f"{error} {error.detail} {error.__cause__}"
    return told_of


if __name__ == "__main__":
    run(
        {
            "sign_in": sign_in,
            "claims": claims,
            "prompt_none": prompt_none,
            "wrong_verifier": wrong_verifier,
            "tampered_state": tampered_state,
            "wrong_secret": exchange_only,
            "denied": exchange_only,
        },
        describe,
    )
