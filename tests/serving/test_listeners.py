"""The last moments of a socket that listens."""

import socket
import sys

import pytest

from ostiary.serving.listeners import accept_last, close_door

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")


def test_st_25_who_had_come_before_the_door_was_closed_is_still_let_in() -> None:
    """Also who was between the first packet and the last of the handshake, in which he believes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        # The kernel counts nobody as come before the first byte.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
        with socket.create_connection(address) as come, socket.socket() as late:
            close_door(listening)
            come.sendall(b"x")
            late.settimeout(0.1)
            with pytest.raises(TimeoutError):
                late.connect(address)
            (accepted,) = accept_last(listening)
            with accepted:
                assert accepted.recv(1) == b"x"
