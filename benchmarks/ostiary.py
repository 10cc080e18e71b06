"""Ostiary as it is run in production, `ostiary serve`, over SQLite and over PostgreSQL."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from benchmarks import cluster
from benchmarks.messages import LoadError
from benchmarks.processes import output_of
from benchmarks.relying_party import REDIRECT_URI
from benchmarks.subjects import PASSWORD, PEOPLE, SECRET, Site, Subject, Variant

OSTIARY = Path(sys.executable).parent / "ostiary"
CONFIGURATION, MASTER_KEY, DATABASE = "ostiary.toml", "master.key", "ostiary.sqlite3"
# Access tokens are signed as the issuer says, which is chosen by the host; ID tokens as the client says.
VARIANTS = (
    Variant(id_token="ES256", access_token="ES256", client_id="web-es256"),
    Variant(id_token="RS256", access_token="ES256", client_id="web-rs256"),
    Variant(id_token="RS256", access_token="RS256", client_id="web-rs256", host="127.0.0.1"),
)

SETTINGS = """\
[server]
port = {port}
[database]
{database}
[master_key]
file = "master.key"
# Everything comes from one address and a few clients: counted as ever, and never too much.
[limits]
requests_per_minute_per_address = 1_000_000_000
requests_per_minute_per_client = 1_000_000_000
pushed_requests_per_minute_per_client = 1_000_000_000
sign_ins_per_minute_per_address = 1_000_000_000
[log]
level = "warning"
"""
ISSUER = """
[[issuers]]
id = "{id}"
url = "{url}"
face = "enterprise"
access_token_algorithm = "{algorithm}"

[[institutions]]
issuer = "{id}"
id = "garden"
name = "Garden Credit Union"

[[clients]]
issuer = "{id}"
client_id = "demo-service"
name = "Service"
institution = "garden"
auth_method = "private_key_jwt"
public_keys = [{public_key}]
grant_types = ["client_credentials"]
"""
CLIENT = """
[[clients]]
issuer = "{id}"
client_id = "{client_id}"
name = "Web application"
institution = "garden"
secret = "{secret}"
redirect_uris = ["{redirect_uri}"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
id_token_algorithm = "{algorithm}"
consent_required = false
may_introspect = true
"""
USER = """
[[users]]
issuer = "{id}"
username = "person-{number}"
password = "{password}"
[[users.memberships]]
institution = "garden"
claims = {{ name = "Alice Example", given_name = "Alice", family_name = "Example", email = "alice@example.com", email_verified = true }}
"""


def ostiary(store: str, *, needs_postgresql: bool) -> Subject:
    return Subject(
        name=f"ostiary-{store.lower()}",
        store=f"{store}, synchronous=FULL" if store == "SQLite" else store,
        is_ours=True,
        variants=VARIANTS,
        prepare=prepare,
        command=command,
        missing=missing_with_postgresql if needs_postgresql else missing,
        versions=versions,
        login={"username": "person-{number}", "password": PASSWORD, "decision": "allow"},
        needs_postgresql=needs_postgresql,
    )


def prepare(site: Site) -> None:
    """As an operator would: init, a configuration, apply. Data that is there follows the site."""
    if not (site.data / MASTER_KEY).exists():
        run("init", "--directory", str(site.data))
    database = (
        f'path = "{DATABASE}"' if site.database_url is None else f'url = "{site.database_url}"'
    )
    configuration = site.data / CONFIGURATION
    configuration.write_text(SETTINGS.format(port=site.port, database=database))
    entries = site.data / "data.toml"
    entries.write_text("".join(described(site)))
    run("apply", "-c", str(configuration), "-f", str(entries))


def described(site: Site) -> Iterator[str]:
    members = site.key.public_jwk.items()
    public_key = f"{{ {', '.join(f'{name} = {json.dumps(value)}' for name, value in members)} }}"
    for url, variants in by_issuer(site).items():
        name = variants[0].access_token.lower()
        yield ISSUER.format(
            id=name, url=url, algorithm=variants[0].access_token, public_key=public_key
        )
        for variant in variants:
            yield CLIENT.format(
                id=name,
                client_id=variant.client_id,
                secret=SECRET,
                redirect_uri=REDIRECT_URI,
                algorithm=variant.id_token,
            )
        for number in range(PEOPLE):
            yield USER.format(id=name, number=number, password=PASSWORD)


def by_issuer(site: Site) -> Mapping[str, list[Variant]]:
    found: dict[str, list[Variant]] = {}
    for variant in VARIANTS:
        found.setdefault(variant.issuer(site.port), []).append(variant)
    return found


def command(site: Site) -> tuple[str, ...]:
    workers = () if site.workers == 1 else ("--workers", str(site.workers))
    return (str(OSTIARY), "serve", "--config", str(site.data / CONFIGURATION), *workers)


def run(*arguments: str) -> None:
    ended = subprocess.run((str(OSTIARY), *arguments), capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise LoadError(f"ostiary {arguments[0]} failed: {ended.stderr}")


def missing() -> str | None:
    return None if output_of(str(OSTIARY), "--help") else "the command ostiary does not run"


def missing_with_postgresql() -> str | None:
    return missing() or cluster.missing()


def versions() -> dict[str, str]:
    packages = ("ostiary", "uvicorn", "uvloop", "httptools", "cryptography", "asyncpg")
    return {package: version(package) for package in packages}


OURS = (
    ostiary("SQLite", needs_postgresql=False),
    ostiary("PostgreSQL", needs_postgresql=True),
)
