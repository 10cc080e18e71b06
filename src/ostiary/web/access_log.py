"""Around every request: its id, its measures, and a line in the log for who wants one.

The line has the path and never the query, in which codes and tokens travel.
"""

import itertools
import os
import time
from collections.abc import Awaitable
from typing import Final, Protocol

import structlog

from ostiary.domain.refusals import shown
from ostiary.web.asgi import Application, Message, Receive, Scope, Send
from ostiary.web.request_facts import CURRENT, REQUEST_ID, RequestFacts

_log = structlog.get_logger("ostiary.requests")


class Measures(Protocol):
    def request_began(self) -> None: ...

    def request_ended(self, facts: RequestFacts, seconds: float) -> None: ...


class AccessLog:
    """One for the process. `lines`: every request has one."""

    def __init__(self, inner: Application, measures: Measures, *, lines: bool) -> None:
        self._inner: Final = inner
        self._measures: Final = measures
        self._lines: Final = lines
        # Not to be guessed would cost more and keep nothing: it only has to be the only one.
        self._prefix: Final = os.urandom(6).hex()
        self._numbers: Final = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope.get(REQUEST_ID) or f"{self._prefix}{next(self._numbers):06x}"
        facts = RequestFacts(scope, request_id)
        header = (b"x-request-id", request_id.encode("ascii"))

        def noted(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                message["headers"] = [*message["headers"], header]
            return send(message)

        current = CURRENT.set(facts)
        self._measures.request_began()
        began = time.perf_counter()
        try:
            await self._inner(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            self._measures.request_ended(facts, seconds)
            if self._lines:
                _write_line(facts, seconds)
            CURRENT.reset(current)


def _write_line(facts: RequestFacts, seconds: float) -> None:
    client = facts.scope.get("client")
    fields = {
        "method": facts.scope["method"],
        "path": shown(facts.scope["path"]),
        "route": facts.route,
        "status": facts.status,
        "outcome": facts.outcome.value,
        "reason": facts.reason,
        "issuer": facts.issuer,
        "institution": facts.institution,
        "client_id": facts.client_id,
        "ms": round(seconds * 1000, 1),
        "peer": client[0] if client else None,
    }
    _log.info("request", **{name: value for name, value in fields.items() if value is not None})
