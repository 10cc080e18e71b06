"""What leaves in one piece is, byte for byte, an answer of HTTP/1.1."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ostiary.serving.http_server import HttpServer
from ostiary.serving.listeners import bind
from ostiary.web.asgi import Application, Receive, Scope, Send

Talk = Callable[[bytes], Awaitable[bytes]]
LAST = b"connection: close"


def answering(*messages: dict[str, Any]) -> Application:
    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(dict(message))

    return application


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


@asynccontextmanager
async def talking_to(application: Application) -> AsyncIterator[Talk]:
    """Sends bytes on a connection of its own, and gives all that come back until it is closed."""
    server, sockets = HttpServer(application), bind("127.0.0.1", 0)
    await server.begin(sockets)

    async def talk(sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*sockets[0].getsockname()[:2])
        writer.write(sent)
        # Less than it takes until a connection is closed for being idle.
        received = await asyncio.wait_for(reader.read(), 4)
        writer.close()
        await writer.wait_closed()
        return received

    try:
        yield talk
    finally:
        server.stop_listening()
        await server.end(1)
        for each in sockets:
            each.close()


def request(method: str = "GET", *headers: str, version: str = "1.1") -> bytes:
    lines = [f"{method} / HTTP/{version}", "Host: op.example", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


HELLO = (start((b"content-length", b"5"), (b"etag", b'"1"')), body(b"hello"))


async def test_an_answer_is_its_status_line_its_headers_and_its_body() -> None:
    async with talking_to(answering(*HELLO)) as talk:
        received = await talk(request() + request("GET", "Connection: close"))
    kept, last = received.split(b"hello")[:2]
    status, *headers, blank, nothing = kept.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    date, *own = headers
    assert date.startswith(b"date: ")
    assert own == [b"content-length: 5", b'etag: "1"']
    assert blank == nothing == b""
    assert LAST not in kept
    assert LAST in last


async def test_the_answer_to_head_has_no_body() -> None:
    async with talking_to(answering(*HELLO)) as talk:
        received = await talk(request("HEAD") + request("HEAD", "Connection: close"))
    assert received.count(b"content-length: 5\r\n") == 2
    assert b"hello" not in received


async def test_an_answer_may_say_that_it_is_the_last_one() -> None:
    last = (start((b"content-length", b"5"), (b"connection", b"close")), body(b"hello"))
    async with talking_to(answering(*last)) as talk:
        received = await talk(request())
    assert received.endswith(b"\r\n\r\nhello")


async def test_an_answer_to_http_1_0_is_the_last_one() -> None:
    async with talking_to(answering(*HELLO)) as talk:
        received = await talk(request(version="1.0"))
    assert LAST in received
    assert received.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize("first", [b"hel", b"hello"])
async def test_an_answer_that_comes_in_pieces_is_whole(first: bytes) -> None:
    pieces = (body(first, more=True), body(b"hello".removeprefix(first)))
    async with talking_to(answering(start((b"content-length", b"5")), *pieces)) as talk:
        received = await talk(request() + request("GET", "Connection: close"))
    assert received.count(b"\r\n\r\nhello") == 2


async def test_an_answer_that_does_not_tell_its_length_comes_in_chunks() -> None:
    async with talking_to(answering(start(), body(b"hello"))) as talk:
        received = await talk(request() + request("GET", "Connection: close"))
    assert received.count(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n") == 2


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: x=1", b"a\nb", b"a\rb", b"a\0b"])
async def test_no_header_smuggles_in_another(value: bytes) -> None:
    answer = (start((b"content-length", b"5"), (b"location", value)), body(b"hello"))
    async with talking_to(answering(*answer)) as talk:
        received = await talk(request() + request("GET", "Connection: close"))
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"location" not in received
    assert b"hello" not in received
