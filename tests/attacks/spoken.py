"""HTTP as bytes on a connection to a real server, with nothing in between that mends or refuses it."""

import contextlib
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

PATIENCE = 5.0
QUIET = 0.2

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]*\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """All that came back on the connection."""

    raw: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """One for each answer; an interim one counts too."""
        return [int(each) for each in _STATUS.findall(self.raw)]

    @property
    def text(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode()


def speak(port: int, *pieces: bytes, patience: float = PATIENCE, pause: float = 0) -> Heard:
    """Send the pieces, and listen until the server hangs up, or says nothing for so long.

    With a pause the server has read one before the next comes.
    """
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A server that has refused does not read on.
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        return listen(connection, patience)


def listen(connection: socket.socket, patience: float = PATIENCE) -> Heard:
    connection.settimeout(patience)
    raw = b""
    try:
        while part := connection.recv(65_536):
            raw += part
    except TimeoutError:
        return Heard(raw=raw, closed=False)
    except ConnectionResetError:
        pass
    return Heard(raw=raw, closed=True)


def cut(data: bytes, length: int) -> Iterable[bytes]:
    return (data[start : start + length] for start in range(0, len(data), length))
