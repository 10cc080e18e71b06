"""One application on some sockets: Uvicorn's protocol, begun and ended by us.

Uvicorn's own server closes idle connections and its listening sockets at once when it stops, and
resets what comes in that moment. Here nobody who got a connection is left without an answer.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from email.utils import formatdate
from typing import Final

import uvicorn
from uvicorn.server import ServerState

from ostiary.serving.listeners import BACKLOG, accept_last, close_door
from ostiary.web.asgi import Application
from ostiary.web.connections import ConnectionLimits, Crowd
from ostiary.web.http_protocol import BoundedHttp

# What was begun is answered in this time after the end has come, or never.
SECONDS_TO_FINISH = 3.5
_LAST_ANSWER = (b"connection", b"close")
_GLANCE_SECONDS = 0.02


class HttpServer:
    """Belongs to one event loop."""

    def __init__(
        self,
        application: Application,
        tls: ssl.SSLContext | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        self._tls: Final = tls
        limits = limits or ConnectionLimits()
        self._crowd: Final = Crowd(limits)
        self._handshake_seconds: Final = limits.head_seconds if tls else None
        self._watching: asyncio.Task[None] | None = None
        self._state: Final = ServerState()
        self._config: Final = uvicorn.Config(
            application,
            http=BoundedHttp,
            interface="asgi3",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            proxy_headers=False,
        )
        self._config.load()
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._dating: asyncio.Task[None] | None = None
        self._is_last = False

    @property
    def connections(self) -> int:
        return len(self._state.connections)

    async def begin(self, sockets: Sequence[socket.socket]) -> None:
        """Answer at these sockets. They stay the caller's: somebody else may listen there next."""
        self._set_headers()
        self._dating = asyncio.create_task(self._keep_date())
        self._watching = asyncio.create_task(self._crowd.watch())
        loop = asyncio.get_running_loop()
        for each in sockets:
            self._sockets.append(each.dup())
            server = await loop.create_server(
                self._protocol,
                sock=each.dup(),
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake_seconds,
                backlog=BACKLOG,
            )
            self._servers.append(server)

    def announce_end(self) -> None:
        """From now on each answer is the last one of its connection. RFC 9112 §9.6."""
        self._is_last = True
        self._set_headers()
        for connection in self._state.connections:
            if isinstance(connection, BoundedHttp):
                connection.announce_end(self._state.default_headers)

    def hand_over(self) -> None:
        """Listen no more; somebody else does, at the same sockets."""
        self.announce_end()
        for server in self._servers:
            server.close()
        for listening in self._sockets:
            listening.close()

    def close_door(self) -> None:
        """Whoever has begun to connect comes in, and nobody else. What is asked is answered."""
        for listening in self._sockets:
            close_door(listening)

    def stop_listening(self) -> None:
        """The same when nobody else does: whoever has queued by now is still answered."""
        self.announce_end()
        self.close_door()
        for server in self._servers:
            server.close()
        for listening in self._sockets:
            for queued in accept_last(listening):
                # A handshake may take long, or fail; the others do not wait for it.
                task = asyncio.create_task(self._join(queued))
                self._state.tasks.add(task)
                task.add_done_callback(self._state.tasks.discard)

    async def end(self, patience: float, *, seconds_to_finish: float = SECONDS_TO_FINISH) -> None:
        """Wait as long as `patience` for who is idle, then close; finish what was begun."""
        await self._emptied(patience)
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._emptied(seconds_to_finish)
        for task in self._state.tasks:
            task.cancel()
        for helper in (self._dating, self._watching):
            if helper is not None:
                helper.cancel()

    async def _join(self, queued: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # a handshake that fails
            await loop.connect_accepted_socket(self._protocol, queued, ssl=self._tls)

    async def _emptied(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        # Uvicorn's protocol keeps its connections in a set, and tells nobody when one leaves.
        while (self._state.connections or self._state.tasks) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE_SECONDS)

    def _protocol(self) -> BoundedHttp:
        return BoundedHttp(self._config, self._state, self._crowd)

    async def _keep_date(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._set_headers()

    def _set_headers(self) -> None:
        """On every answer. RFC 9110 §6.6.1."""
        headers = [(b"date", formatdate(usegmt=True).encode("ascii"))]
        self._state.default_headers = [*headers, _LAST_ANSWER] if self._is_last else headers
