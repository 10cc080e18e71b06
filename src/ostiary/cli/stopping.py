"""Ending a server as it was asked to: its resources closed, exit code 0, and no trace."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer


@contextmanager
def stopping_quietly() -> Iterator[None]:
    """Ctrl-C and SIGTERM end what runs inside.

    The HTTP server raises a signal anew once it has drained; the default handler of SIGTERM would
    then kill the process before anything else is closed.
    """
    previous = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    except KeyboardInterrupt as error:
        raise typer.Exit(0) from error
    finally:
        signal.signal(signal.SIGTERM, previous)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
