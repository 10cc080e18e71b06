"""Served by gunicorn (server:application); `python server.py` makes tables, clients and people."""

import os

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
application = get_wsgi_application()

from django.contrib.auth.models import User  # noqa: E402  needs the settings
from oauth2_provider.models import Application  # noqa: E402

PEOPLE, PASSWORD = 64, "password"

# One client with several grants: its documentation does it with a model of one's own.
Application.allows_grant_type = lambda self, *grants: True


def prepare():
    call_command("migrate", verbosity=0)
    for client in settings.SITE["clients"]:
        if "client_secret" in client:
            Application.objects.create(
                client_id=client["client_id"],
                client_secret=client["client_secret"],
                hash_client_secret=False,
                client_type=Application.CLIENT_CONFIDENTIAL,
                authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
                redirect_uris=" ".join(client["redirect_uris"]),
                algorithm=Application.RS256_ALGORITHM,
                skip_authorization=True,
            )
    for number in range(PEOPLE):
        User.objects.create_user(f"person-{number}", password=PASSWORD)


if __name__ == "__main__":
    prepare()
