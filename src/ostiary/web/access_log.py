"""A line for each request, for who wants it: method, path, status, time; never the query."""

import time
from typing import Final

import structlog

from ostiary.domain.refusals import shown
from ostiary.web.asgi import Application, Message, Receive, Scope, Send

_log = structlog.get_logger("ostiary.requests")


class AccessLog:
    def __init__(self, inner: Application) -> None:
        self._inner: Final = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._inner(scope, receive, noted)
        finally:
            _log.info(
                "request",
                method=scope["method"],
                path=shown(scope["path"]),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
