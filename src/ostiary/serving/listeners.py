"""Sockets: bound once, before any worker is there, and handed down to the workers.

Each worker listens on sockets of its own for the same address (SO_REUSEPORT), so that the kernel
spreads the connections. A shared one would give a burst to whichever worker wakes first. The
supervisor keeps all of them open: what has queued for a worker that died waits for the next one.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from ostiary.management.errors import Failure, ManagementError
from ostiary.settings import Settings

BACKLOG = 2048
# Linux: a filter of packets on a socket, and its program: a packet passes unless it is the first of
# a connection, by the flags in byte 13 of its header.
_ATTACH_FILTER = 26
_SYN, _ACK = 0x02, 0x10
_LET_NOBODY_BEGIN = b"".join(
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte
        (0x54, 0, 0, _SYN | _ACK),  # mask it
        (0x15, 0, 1, _SYN),  # unless it is this, leave out the next one
        (0x06, 0, 0, 0),  # nothing of it passes
        (0x06, 0, 0, 0xFFFFFFFF),  # all of it does
    )
)
_INSTRUCTION_BYTES = 8

_NOT_ON_THIS_MACHINE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """What one worker listens on; the management sockets are the same for all workers."""

    public: Sequence[socket.socket]
    management: Sequence[socket.socket]

    def close(self) -> None:
        for each in (*self.public, *self.management):
            each.close()


def bind_all(settings: Settings, workers: int) -> Sequence[Listeners]:
    """The sockets of each worker. Raises ManagementError when an address cannot be had."""
    server, management = settings.server, settings.management
    with ExitStack() as stack:
        private: list[socket.socket] = []
        if management.port is not None:
            with _saying(management.host, management.port, "choose another: management.port"):
                private = _closing(stack, bind(management.host, management.port))
        with _saying(server.host, server.port, "choose another: --port, or server.port"):
            public = _public(stack, server.host, server.port, workers)
        stack.pop_all()
    return [Listeners(public=each, management=private) for each in public]


def close_door(listening: socket.socket) -> None:
    """Let nobody begin to connect any more; whoever has begun may still come in.

    A connection that came between the last look and the end would be reset, with what was asked on
    it. Who is left outside tries again, elsewhere.
    """
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(_LET_NOBODY_BEGIN, len(_LET_NOBODY_BEGIN))
        length = len(_LET_NOBODY_BEGIN) // _INSTRUCTION_BYTES
        described = struct.pack("HP", length, ctypes.addressof(program))
        listening.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, described)


def accept_last(listening: socket.socket) -> Iterator[socket.socket]:
    """Close the socket, whose door is closed; but whoever has queued there before is accepted."""
    listening.setblocking(False)
    with listening, suppress(BlockingIOError):
        while True:
            yield listening.accept()[0]


def bind(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Sockets on every address of the host: "localhost" is two on most machines.

    `shared`: others may be bound to the same address, if they say so too.
    """
    addresses = dict.fromkeys(
        (family, address[0])
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    sockets = []
    unusable: OSError | None = None
    for family, address in addresses:
        try:
            bound = socket.create_server(
                (str(address), port), family=family, backlog=BACKLOG, reuse_port=shared
            )
        except OSError as error:
            unusable = error
            if error.errno not in _NOT_ON_THIS_MACHINE:
                break
            continue
        # With port 0 the first address chooses for all of them.
        port = bound.getsockname()[1]
        sockets.append(bound)
    if unusable is not None and (not sockets or unusable.errno not in _NOT_ON_THIS_MACHINE):
        for bound in sockets:
            bound.close()
        raise unusable
    return sockets


def _public(
    stack: ExitStack, host: str, port: int, workers: int
) -> Sequence[Sequence[socket.socket]]:
    alone = _closing(stack, bind(host, port))
    if workers == 1:
        return [alone]
    # Elsewhere than on Linux the last socket would get all connections.
    if sys.platform != "linux":
        return [_closing(stack, [each.dup() for each in alone]) for _ in range(workers)]
    port = alone[0].getsockname()[1]
    # Sockets that share an address would not notice another server at it; the first one did.
    for each in alone:
        each.close()
    return [_closing(stack, bind(host, port, shared=True)) for _ in range(workers)]


@contextmanager
def _saying(host: str, port: int, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ManagementError(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}",
            f"stop what uses the port, or {hint} in the file",
            Failure.UNAVAILABLE,
        ) from error


def _closing(stack: ExitStack, sockets: list[socket.socket]) -> list[socket.socket]:
    for each in sockets:
        stack.enter_context(each)
    return sockets
