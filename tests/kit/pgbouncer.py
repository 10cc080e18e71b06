"""PgBouncer in transaction mode in front of the suite's PostgreSQL: each transaction, another server."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ostiary.storage.source import PostgresqlSource
from tests.kit.postgresql import (
    ROLE,
    SUPERUSER,
    Cluster,
    as_user,
    await_ready,
    folder_of,
    keeping,
    ordinary_user,
)
from tests.kit.server import free_port

FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# Fewer servers than clients, and never the one of before: what is not said in a transaction is lost.
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 6
server_round_robin = 1
max_client_conn = 500
"""


def missing_for_pgbouncer() -> str | None:
    found = shutil.which("pgbouncer", path=FOLDERS)
    return None if found else "no PgBouncer here: install pgbouncer"


@contextmanager
def pooling(cluster: Cluster) -> Iterator[int]:
    """Its port."""
    user, port = ordinary_user(), free_port()
    folder = folder_of(user)
    users, configuration = folder / "users", folder / "pgbouncer.ini"
    users.write_text(f'"{ROLE}" ""\n"{SUPERUSER}" ""\n')
    configuration.write_text(CONFIGURATION.format(server=cluster.port, port=port, users=users))
    program = shutil.which("pgbouncer", path=FOLDERS)
    assert program is not None
    command = (*as_user(user), program, str(configuration))
    with keeping(command, folder, signal="KILL") as keeper:
        await_ready(f"postgresql://{ROLE}@127.0.0.1:{port}/postgres", keeper, folder / "log")
        yield port


def pooled(source: PostgresqlSource, port: int) -> PostgresqlSource:
    """The same database, by way of the pooler."""
    url = re.sub(r":\d+/", f":{port}/", source.url)
    return replace(source, url=url, pooled_by_transaction=True)
