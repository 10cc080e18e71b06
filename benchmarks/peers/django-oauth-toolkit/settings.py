"""Django and django-oauth-toolkit at their best, over PostgreSQL.

Client secrets are compared as they are (hashed, its default, a token costs a third of a second), trusted clients skip
the consent page, sessions are cached in the process, connections are kept. The environment variable SITE names the
file that says the rest.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from jwcrypto.jwk import JWK

SITE = json.loads(Path(os.environ["SITE"]).read_text())
DATABASE = urlsplit(SITE["database"])


def pem():
    [key] = [each for each in SITE["keys"] if each["alg"] == "RS256"]
    members = {name: key[name] for name in ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi")}
    return JWK(**members).export_to_pem(private_key=True, password=None).decode()


SECRET_KEY = SITE["cookieKey"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {
                        "registration/login.html": (
                            '<form method="post">{% csrf_token %}{{ form }}<button>Sign in</button></form>'
                        )
                    },
                ),
                "django.template.loaders.app_directories.Loader",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": DATABASE.hostname,
        "PORT": DATABASE.port,
        "USER": DATABASE.username,
        "NAME": DATABASE.path.lstrip("/"),
        "CONN_MAX_AGE": None,
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "/accounts/login/"
USE_TZ = True
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": pem(),
    "OAUTH2_VALIDATOR_CLASS": "claims.Claims",
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "SCOPES": {
        name: name for name in ("openid", "profile", "email", "offline_access", "introspection")
    },
}
