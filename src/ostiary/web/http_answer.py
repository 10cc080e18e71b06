"""Answers as one write: Uvicorn looks at each header and writes head and body one after the other,
which costs as much as all that a cheap endpoint does.
"""

from collections.abc import Awaitable
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from ostiary.web.responses import Header


def answering_at_once(
    cycle: RequestResponseCycle, application: ASGI3Application
) -> ASGI3Application:
    """The application, whose whole answers do not take Uvicorn's way."""

    def answering(scope: Any, receive: Any, _send: Any) -> Awaitable[None]:
        return application(scope, receive, _Answer(cycle).send)

    return answering


class _Answer:
    """One answer: its head waits for the body, which is all of it or a first piece."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle: Final = cycle
        self._start: Any = None

    async def send(self, message: Any) -> None:
        start, cycle = self._start, self._cycle
        if start is None and not cycle.response_started:
            self._start = message
            return
        if start is not None:
            self._start = None
            if not message.get("more_body", False) and self._write(start, message):
                return
            await cycle.send(start)
        await cycle.send(message)

    def _write(self, start: Any, message: Any) -> bool:
        """Head and body; False for an answer that needs more, such as the last of a connection."""
        cycle = self._cycle
        body: bytes = message.get("body", b"")
        headers: list[Header] = [*cycle.default_headers, *start["headers"]]
        named = dict(headers)
        plain = cycle.scope["method"] != "HEAD" and b"connection" not in named
        whole = named.get(b"content-length") == b"%d" % len(body)
        usable = cycle.keep_alive and not cycle.disconnected and not cycle.flow.write_paused
        if not (plain and whole and usable):
            return False
        answer = _head(start["status"], headers) + body
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(answer)
        cycle.message_event.set()
        cycle.on_response()
        return True


def _head(status: int, headers: list[Header]) -> bytes:
    """Status line and headers, none of which smuggles in another."""
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n")
    head = b"".join(parts)
    lines = len(headers) + 2
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise ValueError("a header of more than one line")
    return head
