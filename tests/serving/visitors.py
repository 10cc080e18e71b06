"""Visitors who ask on and on over real connections, and notice how each of their requests ends."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.kit.server import Site
from tests.kit.world import SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_last(self) -> bool:
        return self.headers.get("connection") == "close"


def token_request(site: Site) -> bytes:
    """One that writes to the log of audit events, as a client would send it."""
    issuer = site.enterprise
    credentials = base64.b64encode(f"service:{SECRET}".encode()).decode()
    body = "grant_type=client_credentials"
    return (
        f"POST {issuer.base_path}/token HTTP/1.1\r\nHost: localhost:{site.port}\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def get(path: str, host: str = "localhost") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Raises EOFError when it is not whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(status=int(first.split()[1]), headers=headers, body=body)


async def ask(port: int, request: bytes) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await read_answer(reader)
    finally:
        writer.close()


@dataclass(slots=True, kw_only=True)
class Visitors:
    """`ports` may change under way: who needs a new connection takes the next one in turn."""

    ports: list[int]
    request: bytes
    # A connection that nobody accepted: nothing was asked, so nothing is lost.
    refused: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    # What a client could not tell from a failure.
    broken: list[str] = field(default_factory=list)
    leaving: bool = False

    async def visit(self, most: int) -> None:
        """Ask until leaving; a connection is kept for so many requests."""
        while not self.leaving:
            try:
                await self._connected(most)
            except (OSError, EOFError) as error:
                self.broken.append(repr(error))

    async def _connected(self, most: int) -> None:
        self.ports.append(self.ports.pop(0))
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[0])
        except ConnectionRefusedError:
            self.refused += 1
            await asyncio.sleep(0.01)
            return
        try:
            for _ in range(most):
                writer.write(self.request)
                answer = await read_answer(reader)
                self.statuses[answer.status] += 1
                if answer.is_last or self.leaving:
                    return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def answered(self, number: int) -> None:
        """Once so many more have been answered."""
        wanted = self.statuses.total() + number
        while self.statuses.total() < wanted:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def visiting(
    ports: Sequence[int], request: bytes, *, crowd: int = 8
) -> AsyncIterator[Visitors]:
    """Half of them keep their connections, half take a new one for each request."""
    visitors = Visitors(ports=[*ports], request=request)
    tasks = [
        asyncio.create_task(visitors.visit(1 if number % 2 else 10_000)) for number in range(crowd)
    ]
    try:
        await visitors.answered(2 * crowd)
        yield visitors
    finally:
        visitors.leaving = True
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
