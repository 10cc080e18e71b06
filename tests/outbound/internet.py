"""An internet in miniature: names, public addresses and servers, all of them on loopback.

Every attempt to connect is recorded, and goes nowhere but to a server of the test.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Any

from ostiary.outbound.addresses import Address
from ostiary.outbound.fetcher import FetchFailed
from ostiary.outbound.guarded import GuardedFetcher, Limits
from tests.outbound.certificates import TestAuthority

PUBLIC = "93.184.215.14"
JSON = "application/json"

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes = b"{}", *, status: int = 200, content_type: str = JSON, **headers: str
) -> Reply:
    """A whole answer of HTTP/1.1."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return literally("\r\n".join(lines).encode() + body)


def literally(data: bytes) -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return reply


def endless(piece: bytes, *, pause: float = 0.0, content_type: str = JSON) -> Reply:
    """A chunked body without an end; the writer is stopped by the reader going away."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n"
        writer.write(head.encode() + b"\r\n")
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause)

    return reply


class Server:
    """What was said to it, and how much of its answer went out."""

    def __init__(self, reply: Reply, *, greets: bool = False) -> None:
        self.reply = reply
        self._greets = greets
        self.requests: list[bytes] = []
        self.under_way = 0
        self.most_at_once = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if not self._greets:
                self.requests.append(await _read_request(reader))
            await self.reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            self.under_way -= 1
            writer.close()

    async def until_left_alone(self) -> None:
        async with asyncio.timeout(5):
            while self.under_way:
                await asyncio.sleep(0.001)


class Internet:
    """`names` holds what a name resolves to: one list of addresses for each time it is asked."""

    def __init__(self, authority: TestAuthority) -> None:
        self.authority = authority
        self.names: dict[str, list[list[str]]] = {}
        self.resolved: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self._ports: dict[tuple[str, int], int | None] = {}
        self._closing = contextlib.AsyncExitStack()

    def fetcher(self, **arguments: Any) -> GuardedFetcher:
        here: dict[str, Any] = {"resolve": self.resolve, "ca_file": self.authority.ca_file}
        fetcher = GuardedFetcher(**here | arguments)
        self._closing.push_async_callback(fetcher.close)
        return fetcher

    async def resolve(self, host: str, _port: int) -> Sequence[Address]:
        self.resolved.append(host)
        if host not in self.names:
            raise FetchFailed("name not found")
        answers = self.names[host]
        return [ip_address(text) for text in (answers.pop(0) if answers[1:] else answers[0])]

    async def add(
        self,
        reply: Reply,
        host: str = "keys.example",
        *,
        address: str = PUBLIC,
        port: int = 443,
        tls: ssl.SSLContext | None = None,
        plain: bool = False,
        greets: bool = False,
    ) -> Server:
        """A server of the host at the address, with a certificate of the authority.

        One that greets speaks before it is asked.
        """
        self.names.setdefault(host, [[address]])
        served = Server(reply, greets=greets)
        context = None if plain else tls or self.authority.server(host)
        listening = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
        self._ports[address, port] = listening.sockets[0].getsockname()[1]
        self._closing.callback(listening.close)
        return served

    def add_silence(self, address: str, port: int = 443) -> None:
        """Packets to there are dropped."""
        self._ports[address, port] = None

    async def connect(
        self, connect: Callable[..., Awaitable[Any]], factory: Any, host: str, port: int
    ) -> Any:
        self.connected.append((host, port))
        if (host, port) not in self._ports:
            raise ConnectionRefusedError
        real_port = self._ports[host, port]
        if real_port is None:
            await asyncio.Event().wait()
        return await connect(factory, "127.0.0.1", real_port)

    async def close(self) -> None:
        await self._closing.aclose()


@contextlib.asynccontextmanager
async def open_internet(authority: TestAuthority) -> AsyncIterator[Internet]:
    """All connections of the running loop are this internet's while it is open."""
    internet = Internet(authority)
    loop: Any = asyncio.get_running_loop()
    connect = loop.create_connection

    async def create_connection(factory: Any, host: str, port: int, **_: Any) -> Any:
        return await internet.connect(connect, factory, host, port)

    loop.create_connection = create_connection
    try:
        yield internet
    finally:
        loop.create_connection = connect
        await internet.close()


async def failure(asking: Awaitable[object]) -> str:
    """The reason for which it fails."""
    try:
        await asking
    except FetchFailed as failed:
        return failed.reason
    raise AssertionError("it did not fail")


def impatient() -> Limits:
    """For what will time out: limits that a test can wait for."""
    return Limits(seconds=0.3, connect_seconds=0.2)


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head
