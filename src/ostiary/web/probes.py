"""Liveness and readiness, in front of everything else: they belong to no issuer."""

from collections.abc import Awaitable, Callable
from typing import Final

from ostiary.web.asgi import Application, Receive, Scope, Send, send_response
from ostiary.web.responses import HttpResponse

_HEADERS = ((b"content-type", b"text/plain"), (b"cache-control", b"no-store"))
_GOOD = HttpResponse(status=200, headers=_HEADERS, body=b"ok\n")
_NOT_READY = HttpResponse(status=503, headers=_HEADERS, body=b"not ready\n")


class Probes:
    """/livez: the process answers. /readyz: it can do its work. Neither says more to anybody."""

    def __init__(self, inner: Application, ready: Callable[[], Awaitable[bool]]) -> None:
        self._inner: Final = inner
        self._ready: Final = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/livez":
                await send_response(_GOOD, send)
            case "/readyz":
                await send_response(_GOOD if await self._ready() else _NOT_READY, send)
            case _:
                await self._inner(scope, receive, send)
