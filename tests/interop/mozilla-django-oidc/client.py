"""A Django site with mozilla-django-oidc. tests/interop/conversation.py says what goes in and out.

Its browser is Django's own test client, which calls the site in this process.
"""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import django
import requests
from conversation import CLAIMS, described, payload, run, settings, told, visit
from django.conf import settings as django_settings
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from django.utils.deprecation import MiddlewareMixin
from requests.exceptions import HTTPError

metadata: dict[str, Any] = requests.get(
    f"{settings.issuer}/.well-known/openid-configuration", timeout=10
).json()
callback = urlsplit(settings.redirect_uri)


def logout_url(request: Any) -> str:
    """RP-Initiated Logout, as the library's documentation shows it."""
    parameters = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": settings.redirect_uri,
    }
    return f"{metadata['end_session_endpoint']}?{urlencode(parameters)}"


django_settings.configure(
    ALLOWED_HOSTS=[callback.hostname],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "mozilla_django_oidc.middleware.SessionRefresh",
        f"{__name__}.TellExceptions",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a key of the test's own",
    AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
    LOGIN_REDIRECT_URL_FAILURE="/failed",
    OIDC_RP_CLIENT_ID=settings.client_id,
    OIDC_RP_CLIENT_SECRET=settings.client_secret,
    OIDC_RP_SIGN_ALGO=settings.algorithm,
    OIDC_RP_SCOPES=settings.scope,
    OIDC_USE_PKCE=True,
    OIDC_TOKEN_USE_BASIC_AUTH=settings.auth_method == "client_secret_basic",
    OIDC_OP_AUTHORIZATION_ENDPOINT=metadata["authorization_endpoint"],
    OIDC_OP_TOKEN_ENDPOINT=metadata["token_endpoint"],
    OIDC_OP_USER_ENDPOINT=metadata["userinfo_endpoint"],
    OIDC_OP_JWKS_ENDPOINT=metadata["jwks_uri"],
    OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.logout_url",
    OIDC_STORE_ID_TOKEN=True,
)
django.setup()

# These can be imported once Django knows its settings.
from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402
from mozilla_django_oidc.views import (  # noqa: E402
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
    OIDCLogoutView,
)

seen: dict[str, Any] = {}


class Backend(OIDCAuthenticationBackend):
    """The library's own, which lets its token response and its userinfo be seen."""

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        seen["tokens"] = super().get_token(payload)
        return seen["tokens"]

    def get_userinfo(self, *tokens: Any) -> dict[str, Any]:
        seen["userinfo"] = super().get_userinfo(*tokens)
        return seen["userinfo"]


class TellExceptions(MiddlewareMixin):
    """Django answers SuspiciousOperation with a 400 that says nothing."""

    def process_exception(self, _: Any, exception: Exception) -> None:
        seen["exception"] = exception


def who(request: Any) -> HttpResponse:
    return JsonResponse({"email": getattr(request.user, "email", None)})


urlpatterns = [
    path("", who),
    path("failed", who),
    path("begin", OIDCAuthenticationRequestView.as_view(), name="oidc_authentication_init"),
    path(
        callback.path.removeprefix("/"),
        OIDCAuthenticationCallbackView.as_view(),
        name="oidc_authentication_callback",
    ),
    path("logout", OIDCLogoutView.as_view(), name="oidc_logout"),
]


class LoginFailure(Exception):
    """The library took the person to LOGIN_REDIRECT_URL_FAILURE and said no more."""

    def __init__(self, answer: dict[str, list[str]]) -> None:
        self.error, self.description = answer["error"][0], answer["error_description"][0]


class Site:
    def __init__(self) -> None:
        call_command("migrate", verbosity=0)
        self.browser = Client(raise_request_exception=False, HTTP_HOST=callback.netloc)

    def begin(self, page: str = "/begin") -> str:
        """Go to a page of the site that leads to the provider; where the provider sent us back."""
        return visit(told_where(self.browser.get(page)))

    def finish(self, came_back: str) -> None:
        if told_where(self.browser.get(came_back)) == "/failed":
            raise LoginFailure(parse_qs(urlsplit(came_back).query))
        if not self.browser.session.get("_auth_user_id"):
            raise ValueError("nobody is signed in")


def told_where(answer: HttpResponse) -> str:
    """Where the site sends the browser."""
    if "exception" in seen:
        raise seen["exception"]
    return answer.headers["location"]


def report() -> dict[str, Any]:
    tokens = seen["tokens"]
    return {
        "issuer": metadata["issuer"],
        "tokens": told(tokens, payload(tokens["id_token"])),
        "userinfo": seen["userinfo"],
    }


def sign_in() -> dict[str, Any]:
    site = Site()
    site.finish(site.begin())
    email = site.browser.get("/").json()["email"]
    if email != seen["userinfo"]["email"]:
        raise ValueError(f"somebody else is signed in: {email}")
    return report()


def claims() -> dict[str, Any]:
    django_settings.OIDC_AUTH_REQUEST_EXTRA_PARAMS = {"claims": CLAIMS}
    return sign_in()


def prompt_none() -> dict[str, Any]:
    """The middleware renews the sign-in by prompt=none once the ID token's time is over."""
    django_settings.OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = -1
    site = Site()
    site.finish(site.begin())
    first = seen["tokens"]["access_token"]
    site.finish(site.begin("/"))
    return {**report(), "renewed": seen["tokens"]["access_token"] != first}


def logout() -> dict[str, Any]:
    site = Site()
    site.finish(site.begin())
    returned = visit(told_where(site.browser.post("/logout")))
    if site.browser.get("/").json()["email"] is not None:
        raise ValueError("somebody is still signed in")
    return {"returned": returned}


def tampered_state() -> None:
    site = Site()
    came_back = site.begin()
    site.finish(came_back.replace("state=", "state=another"))


def exchange_only() -> None:
    site = Site()
    site.finish(site.begin())


def describe(error: Exception) -> dict[str, Any]:
    """The library's refusal by the token endpoint holds the answer."""
    if isinstance(error, HTTPError):
        told_by_us = error.response.json()
        error.error, error.description = told_by_us["error"], told_by_us["error_description"]
    return described(error)


if __name__ == "__main__":
    run(
        {
            "sign_in": sign_in,
            "claims": claims,
            "prompt_none": prompt_none,
            "logout": logout,
            "tampered_state": tampered_state,
            "wrong_secret": exchange_only,
            "denied": exchange_only,
        },
        describe,
    )
