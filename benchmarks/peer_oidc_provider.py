"""The npm package oidc-provider, in memory and over PostgreSQL with an adapter of ours."""

import json
import shutil
from pathlib import Path

from benchmarks import cluster
from benchmarks.processes import output_of
from benchmarks.provider_site import site_file, variants, write_site
from benchmarks.subjects import PASSWORD, Site, Subject

NAME = "oidc-provider"
FOLDER = Path(__file__).parent / "peers" / NAME
VARIANTS = variants(with_api=True)


def oidc_provider(store: str, *, needs_postgresql: bool) -> Subject:
    return Subject(
        name=f"{NAME}-{store.lower()}",
        store=store,
        variants=VARIANTS,
        prepare=prepare,
        command=command,
        missing=missing_with_postgresql if needs_postgresql else missing,
        versions=versions,
        login={"login": "person-{number}", "password": PASSWORD},
        needs_postgresql=needs_postgresql,
        cannot={"sign_in": "it has no passwords of its own"},
    )


def prepare(site: Site) -> None:
    write_site(site, VARIANTS)


def command(site: Site) -> tuple[str, ...]:
    return ("node", str(FOLDER / "server.mjs"), str(site_file(site)))


def missing() -> str | None:
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (FOLDER / "node_modules" / NAME).exists():
        return f"its packages are not installed: npm ci --prefix benchmarks/peers/{NAME}"
    return None


def missing_with_postgresql() -> str | None:
    return missing() or cluster.missing()


def versions() -> dict[str, str]:
    installed = {name: installed_version(name) for name in (NAME, "pg")}
    return {**installed, "node": output_of("node", "--version")}


def installed_version(package: str) -> str:
    text = (FOLDER / "node_modules" / package / "package.json").read_text()
    return str(json.loads(text)["version"])


OIDC_PROVIDER = (
    oidc_provider("memory", needs_postgresql=False),
    oidc_provider("PostgreSQL", needs_postgresql=True),
)
