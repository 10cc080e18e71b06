"""HTTP/1.1 as Uvicorn reads it, with what it leaves open: how much may come besides a body, whose
host counts, where a body ends and what a trailer may say. RFC 9110 §5.4, §6.5.1, RFC 9112 §3.2.2,
RFC 6585 §5.
"""

import re
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# What a form may have, an address may have; no browser and no proxy comes near to it.
MAX_BESIDES_BODY = 65_536
MAX_HEADERS = 100

_AUTHORITY = re.compile(rb"[A-Za-z]+://([^/?#]*)")
_ANNOUNCE_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Unreadable(Exception):
    """The connection ends here, before anything is asked what the request says."""


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    # Of the message that is being read: head, sizes and extensions of chunks, trailers.
    _besides_body = 0
    _in_head = True

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
        super().on_headers_complete()
        self.headers = []  # a list of their own for trailers, which nobody reads
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        self._besides_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._besides_body = 0
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _head_length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self) -> None:
        """End the connection; with an answer, as long as none is on its way."""
        if self.transport.is_closing():
            return
        earlier = cast("RequestResponseCycle | None", self.cycle)  # Uvicorn's type forgets None
        if self._in_head and (earlier is None or earlier.response_complete):
            self.transport.write(_TOO_LARGE)
        self.transport.close()
