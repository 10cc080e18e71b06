"""A client that publishes its keys beside `ostiary dev`: fetched over real HTTP, changed, shown."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from ostiary.domain.client import AuthMethod, Client
from ostiary.management.demo_people import GARDEN_ID
from tests.cli.terminal import run
from tests.flows.application import discover
from tests.flows.dev_server import DevServer
from tests.flows.newcomers import add_application
from tests.kit.client_key import ASSERTION_TYPE, ClientKey


@dataclass(slots=True)
class Publisher:
    port: int
    keys: dict[str, ClientKey] = field(default_factory=dict)
    asked: int = 0

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks"

    def document(self) -> bytes:
        self.asked += 1
        keys = [{**key.public_jwk, "kid": kid} for kid, key in self.keys.items()]
        return json.dumps({"keys": keys}).encode()


@contextmanager
def publishing() -> Iterator[Publisher]:
    """A client's own server, on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = publisher.document()
            self.send_response(200)
            self.send_header("Content-Type", "application/jwk-set+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        publisher = Publisher(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield publisher
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["enterprise", "consumer"])
async def test_keys_are_fetched_from_where_the_client_publishes_them(
    http: httpx2.AsyncClient, server: DevServer, name: str
) -> None:
    key = ClientKey.make()
    client_id = f"publisher-{name}-{time.monotonic_ns()}"
    metadata = await discover(http, server.issuer(name))

    async def ask(kid: str) -> int:
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": metadata["issuer"],
            "jti": str(time.monotonic_ns()),
            "exp": int(time.time()) + 60,
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": key.sign(claims, kid=kid),
        }
        return (await http.post(metadata["token_endpoint"], data=form)).status_code

    with publishing() as publisher:
        publisher.keys["one"] = key
        client = Client(
            client_id=client_id,
            name="Publisher",
            institution_id=GARDEN_ID,
            auth_method=AuthMethod.PRIVATE_KEY_JWT,
            jwks_uri=publisher.uri,
            grant_types=frozenset({"client_credentials"}),
        )
        assert await add_application(server, name, client) is None
        assert [await ask("one") for _ in range(3)] == [200] * 3
        assert [await ask("two") for _ in range(3)] == [401] * 3
        assert publisher.asked == 1
    assert await ask("one") == 200, "with what was fetched before"
    where = ("--issuer", name, "-c", str(server.data), "--json")
    shown = await asyncio.to_thread(run, "client", "show", client_id, *where)
    assert shown.json["jwks_fetch"]["error"] is None
