"""What systemd is told, where it asks: sd_notify(3) and its watchdog, without a library."""

import os
import socket
import time
from contextlib import suppress

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def reloading() -> str:
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def notify(state: str) -> None:
    """Does nothing where nobody asked; whoever asked and is gone is not waited for."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A name that begins with "@" is in no directory: Linux writes it with a zero byte.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.sendto(state.encode(), socket.MSG_DONTWAIT, name)


def watchdog_interval() -> float | None:
    """How often to say that all is well, in seconds: twice in the time that systemd waits."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or meant != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000
