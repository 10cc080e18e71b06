"""`ostiary init`: the first files of a production installation."""

from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.options import examples
from ostiary.cli.output import say

CONFIGURATION = "ostiary.toml"
MASTER_KEY = "master.key"

commands = typer.Typer()

TEMPLATE = """\
# Configuration of `ostiary serve`. Each setting can also come from a variable, which goes before
# this file, such as OSTIARY_SERVER__PORT=8080. Lines that are commented out show the default.
# Issuers, institutions, clients and users are data, not settings: see `ostiary apply --help`.

[server]
# Listen on loopback and let a proxy with TLS pass requests on, with their Host header unchanged.
# host = "127.0.0.1"
# port = 9400
# Proxies that are believed about a request's address, scheme and host, such as ["127.0.0.1"],
# ["10.0.0.0/8"] or ["unix"], and which headers they write: "x-forwarded" or "forwarded". In the one
# named as client_certificate_header they hand on a client's certificate.
# trusted_proxies = []
# forwarded_headers = "x-forwarded"
# How many processes answer; "auto" is one for each core.
# workers = 1
# How long requests are still taken after SIGTERM, while /readyz says no: behind a balancer, twice
# the time between its probes.
# drain_seconds = 0.0
# For TLS without a proxy name two files: tls_certificate and tls_key. Renewed ones are read on
# SIGHUP. With tls_client_ca clients are asked for a certificate.

[management]
# Probes and metrics, for operators alone. Without a port the probes are at the public one, and
# nobody can read the metrics.
# host = "127.0.0.1"
port = 9401

[database]
# One SQLite file, made when it is not there. Paths are relative to this file.
path = "ostiary.sqlite3"
# Or PostgreSQL, instead of the path. Without a password, which others could read here: that comes
# from ~/.pgpass, or with the whole URL from the variable OSTIARY_DATABASE__URL.
#   url = "postgresql://ostiary@db.internal:5432/ostiary"
# How many connections each process holds at most, and how long a statement may take.
# connections = 8
# statement_timeout_seconds = 5.0
# Whether a pooler such as PgBouncer gives each transaction another connection.
# pooled_by_transaction = false

[master_key]
# Encrypts the private keys in the database. Keep a copy in a safe place, apart from the database:
# without it the keys cannot be read. The variable OSTIARY_MASTER_KEY goes before this file; leave
# the file out to give the key as the systemd credential "ostiary-master-key".
file = "master.key"

[limits]
# Of each process: connections, and seconds for the head of a request, for its body, and for the
# client to take the answer away.
# connections = 2000
# head_seconds = 10
# body_seconds = 20
# answer_seconds = 30
# In a minute, at all processes together; 0 is no limit. Behind a proxy that is not trusted nobody
# has an address.
# requests_per_minute_per_address = 6000
# requests_per_minute_per_client = 6000
# Wrong secrets and made-up tokens, by one address for one client.
# failures_per_minute = 60
# pushed_requests_per_minute_per_client = 1200
# sign_ins_per_minute_per_address = 600

[outbound]
# What clients name, such as their keys at a jwks_uri, is asked for at public addresses alone, with
# https at port 443 or 8443. List who is somewhere else: test peers, partners in your own network,
# such as ["http://localhost:8080", "https://10.1.2.3:9443"]
# allow = []

[log]
# "debug", "info", "warning" or "error"
# level = "info"
# "json", "text", or "auto": text on a terminal, JSON elsewhere
# format = "auto"
# Whether every request is logged, not only what went wrong.
# requests = false

[metrics]
# Whether authorization and token requests are also counted by client.
# client_label = false

[tracing]
# Where spans are sent, by OTLP over HTTP; needs: pip install 'ostiary[otel]'
# endpoint = "http://127.0.0.1:4318/v1/traces"
# Which part of all traces is kept, from 0 to 1.
# share = 1.0
"""

NEXT_STEPS = """\
Wrote {configuration} and {master_key}.

Next:
  1. Keep a copy of {master_key} in a safe place.
  2. The data goes into one SQLite file. For PostgreSQL write database.url instead of
     database.path, and try it: ostiary db status -c {configuration}
  3. Describe your issuer, institutions, clients and users in a file:
       ostiary apply --example > data.toml
  4. See what it would change, then apply it:
       ostiary apply -c {configuration} -f data.toml --dry-run
       ostiary apply -c {configuration} -f data.toml
  5. Make what the file leaves out, a client's secret and a user's password:
       ostiary client secret -c {configuration} budget-buddy
       ostiary user password -c {configuration} alice
  6. Serve:
       ostiary serve --config {configuration}"""


@commands.command(epilog=examples("ostiary init", "ostiary init --directory /etc/ostiary"))
def init(
    directory: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the files are written.")
    ] = Path(),
) -> None:
    """Write a commented ostiary.toml and a new master key. Nothing is ever overwritten."""
    from ostiary.management.errors import Failure, ManagementError
    from ostiary.signing.master_key import write_master_key

    configuration, master_key = directory / CONFIGURATION, directory / MASTER_KEY
    for path in (configuration, master_key):
        if path.exists():
            raise ManagementError(
                f"{path} is there already, so nothing was written",
                "choose another directory with --directory",
                Failure.CONFLICT,
            )
    write_master_key(master_key)
    with configuration.open("x", encoding="utf-8") as file:
        file.write(TEMPLATE)
    say(NEXT_STEPS.format(configuration=configuration, master_key=master_key))
