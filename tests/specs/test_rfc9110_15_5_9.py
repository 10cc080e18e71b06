"""408: who is too slow with a request. RFC 9110 §15.5.9."""

import asyncio
import socket

import pytest

from ostiary.serving.http_server import HttpServer
from ostiary.web.asgi import Receive, Scope, Send, send_response
from ostiary.web.connections import ConnectionLimits
from ostiary.web.responses import HttpResponse

LIMITS = ConnectionLimits(head_seconds=0.2, body_seconds=0.2)
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"


async def reading(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send_response(HttpResponse(status=200), send)


@pytest.mark.spec("RFC 9110 §15.5.9")
@pytest.mark.parametrize("begun", [HEAD[:20], HEAD, HEAD + b"half"])
async def test_an_unfinished_request_is_answered_so_and_the_connection_closed(begun: bytes) -> None:
    """With `Connection: close`, as it is not known what would come next. RFC 9110 §15.5.9."""
    server = HttpServer(reading, limits=LIMITS)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.begin([listening])
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(begun)
        answer = await reader.read()
        writer.close()
    server.stop_listening()
    await server.end(0)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
