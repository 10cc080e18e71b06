"""The types of the ASGI specification, and sending a whole response through it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ostiary.web.responses import HttpResponse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


async def send_response(response: HttpResponse, send: Send, *, head: bool = False) -> None:
    """`head`: the request was a HEAD, so the body stays here."""
    length = (b"content-length", str(len(response.body)).encode("ascii"))
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [*response.headers, length],
        }
    )
    await send({"type": "http.response.body", "body": b"" if head else response.body})
