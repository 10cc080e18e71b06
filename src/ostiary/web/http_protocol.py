"""HTTP/1.1 as Uvicorn reads it, with what it leaves open: how much may come besides a body, whose
host counts, where a body ends and what a trailer may say. RFC 9110 §5.4, §6.5.1, RFC 9112 §3.2.2,
RFC 6585 §5. How long all of it may take is kept by the crowd of all connections.
"""

import asyncio
import re
from itertools import chain
from typing import Final, cast

from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ostiary.domain.client_address import counted_address
from ostiary.web.asgi import Scope
from ostiary.web.client_certificate import CLIENT_CERTIFICATE
from ostiary.web.connections import Awaited, Crowd
from ostiary.web.http_answer import answering_at_once

# What a form may have, an address may have; no browser and no proxy comes near to it.
MAX_BESIDES_BODY = 65_536
MAX_HEADERS = 100

_AUTHORITY = re.compile(rb"[A-Za-z]+://([^/?#]*)")
_ANNOUNCE_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
_LAST = b"\r\ncontent-length: 0\r\nconnection: close\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large" + _LAST + b"\r\n"
_TOO_LATE = b"HTTP/1.1 408 Request Timeout" + _LAST + b"\r\n"
_FULL = b"HTTP/1.1 503 Service Unavailable" + _LAST + b"retry-after: 1\r\n\r\n"


class Unreadable(Exception):
    """The connection ends here, before anything is asked what the request says."""


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    # Of the message that is being read: head, sizes and extensions of chunks, trailers.
    _besides_body = 0
    _in_head = True
    # The client's, of a handshake with us; a proxy's header may say more.
    _certificate: bytes | None = None
    address: str | None = None
    awaited = Awaited.HEAD
    since = 0.0
    unread_since: float | None = None

    def __init__(self, config: Config, server_state: ServerState, crowd: Crowd) -> None:
        super().__init__(config, server_state, app_state={})
        self._crowd: Final = crowd

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()
        self.address = counted_address(self.client[0]) if self.client else None
        if not self._crowd.enter(self):
            transport.write(_FULL)
            transport.close()
        if (tls := transport.get_extra_info("ssl_object")) is not None:
            self._certificate = tls.getpeercert(binary_form=True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._besides_body += len(data)
        super().data_received(data)
        if self._besides_body > MAX_BESIDES_BODY:
            self._refuse()

    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS or self._head_length() > MAX_BESIDES_BODY:
            self._refuse()
            raise Unreadable
        if self.parser.should_upgrade() and any(n in _ANNOUNCE_A_BODY for n, _ in self.headers):
            raise Unreadable  # the parser would take the body for the next request
        if target := _AUTHORITY.match(self.url):
            others = [header for header in self.headers if header[0] != b"host"]
            self.headers[:] = [*others, (b"host", target[1])]
        if self._certificate is not None:
            cast("Scope", self.scope)[CLIENT_CERTIFICATE] = self._certificate
        self.awaited = Awaited.BODY
        super().on_headers_complete()
        self.headers = []  # a list of their own for trailers, which nobody reads
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        self._besides_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._besides_body = 0
        self._in_head = True
        self.awaited = Awaited.NOTHING
        super().on_message_complete()

    def on_message_begin(self) -> None:
        self._await_head()
        super().on_message_begin()

    def on_response_complete(self) -> None:
        if self.awaited is Awaited.NOTHING:
            self._await_head()
        super().on_response_complete()
        if self.transport.is_closing():
            self.unread_since = self._crowd.now

    def pause_writing(self) -> None:
        self.unread_since = self._crowd.now
        super().pause_writing()

    def resume_writing(self) -> None:
        if not self.transport.is_closing():
            self.unread_since = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self.unread_since = self._crowd.now  # what has not left by then may never do
        super().timeout_keep_alive_handler()

    def show_out(self) -> None:
        """It has kept us waiting too long: with an answer, as long as none is on its way."""
        asked = self._besides_body > 0 or self.awaited is Awaited.BODY
        self._close(_TOO_LATE if asked else b"")

    def cut_off(self) -> None:
        self.transport.abort()

    def _await_head(self) -> None:
        self.awaited = Awaited.HEAD
        self.since = self._crowd.now

    def announce_end(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Let an answer that is still to come be the last one, as these headers say."""
        if (cycle := cast("RequestResponseCycle | None", self.cycle)) is not None:
            cycle.default_headers = headers

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        super()._start_asgi_task(cycle, answering_at_once(cycle, app))

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _head_length(self) -> int:
        return len(self.url) + sum(map(len, chain.from_iterable(self.headers)))

    def _refuse(self) -> None:
        """Too much: with an answer only before a request is handed on."""
        self._close(_TOO_LARGE if self._in_head else b"")

    def _close(self, answer: bytes) -> None:
        """End the connection, with this answer as long as no other is on its way."""
        self.unread_since = self._crowd.now
        if self.transport.is_closing():
            return
        earlier = cast("RequestResponseCycle | None", self.cycle)  # Uvicorn's type forgets None
        begun = earlier is not None and not earlier.response_complete
        if self.awaited is Awaited.BODY and earlier is not None and not self.pipeline:
            begun = earlier.response_started
        if answer and not begun:
            self.transport.write(answer)
        self.transport.close()
