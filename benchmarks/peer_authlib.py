"""Authlib with Flask and SQLAlchemy over SQLite, served by granian."""

from benchmarks.provider_site import site_file, variants, write_site
from benchmarks.python_peers import FOLDERS, missing_packages, pinned_versions, program
from benchmarks.subjects import Site, Subject

NAME = "authlib"
VARIANTS = variants()
THREADS = 4
"""Of 1, 4 and 8 the number with which most of the work took the least processor time."""


def prepare(site: Site) -> None:
    write_site(site, VARIANTS)


def command(site: Site) -> tuple[str, ...]:
    return (
        "env",
        f"SITE={site_file(site)}",
        str(program(NAME, "granian")),
        *("--interface", "wsgi", "--workers", "1", "--blocking-threads", str(THREADS)),
        *("--host", "127.0.0.1", "--port", str(site.port), "--no-ws", "--log-level", "warning"),
        *("--working-dir", str(FOLDERS / NAME), "server:app"),
    )


def missing() -> str | None:
    return missing_packages(NAME)


def versions() -> dict[str, str]:
    return pinned_versions(NAME, "Authlib", "Flask", "SQLAlchemy", "granian")


AUTHLIB = Subject(
    name=NAME,
    store="SQLite, synchronous=FULL",
    variants=VARIANTS,
    prepare=prepare,
    command=command,
    missing=missing,
    versions=versions,
    login={"username": "person-{number}"},
    cannot={
        "pushed_request": "it has no endpoint for pushed requests",
        "sign_in": "it has no passwords of its own",
    },
)
