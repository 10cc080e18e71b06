"""django-oauth-toolkit over PostgreSQL, served by gunicorn."""

import subprocess

from benchmarks import cluster
from benchmarks.messages import LoadError
from benchmarks.provider_site import site_file, write_site
from benchmarks.python_peers import FOLDERS, missing_packages, pinned_versions, program
from benchmarks.subjects import Site, Subject, Variant

NAME = "django-oauth-toolkit"
VARIANTS = (Variant(id_token="RS256", access_token="opaque", client_id="web"),)
THREADS = 8
KEEP_ALIVE_SECONDS = 600


def prepare(site: Site) -> None:
    path = write_site(site, VARIANTS)
    ended = subprocess.run(
        (str(program(NAME, "python")), str(FOLDERS / NAME / "server.py")),
        env={"SITE": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise LoadError(f"{NAME} cannot be made ready: {ended.stderr[-2000:]}")


def command(site: Site) -> tuple[str, ...]:
    return (
        "env",
        f"SITE={site_file(site)}",
        str(program(NAME, "gunicorn")),
        *("--worker-class", "gthread", "--threads", str(THREADS)),
        *("--keep-alive", str(KEEP_ALIVE_SECONDS), "--log-level", "warning"),
        *("--bind", f"127.0.0.1:{site.port}", "--chdir", str(FOLDERS / NAME)),
        "server:application",
    )


def missing() -> str | None:
    return missing_packages(NAME) or cluster.missing()


def versions() -> dict[str, str]:
    return pinned_versions(NAME, "django-oauth-toolkit", "Django", "gunicorn")


DJANGO_OAUTH_TOOLKIT = Subject(
    name=NAME,
    store="PostgreSQL",
    variants=VARIANTS,
    prepare=prepare,
    command=command,
    missing=missing,
    versions=versions,
    login={"username": "person-{number}", "password": "password", "allow": "Authorize"},
    needs_postgresql=True,
    cannot={
        "client_credentials": "its access tokens are opaque",
        "client_credentials_jwt": "clients cannot authenticate with a key",
        "pushed_request": "it has no endpoint for pushed requests",
        "sign_in": "its password hash is a setting of Django",
    },
)
