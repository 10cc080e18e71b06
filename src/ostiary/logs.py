"""Logs: one JSON object a line, or readable lines on a terminal.

Secrets are kept out where they would come in: what is logged is chosen by name, never a request.
"""

import contextlib
import logging
import sys
from typing import Final, Literal, TextIO

import structlog

LogFormat = Literal["json", "text", "auto"]


class Lines:
    """Where they can no longer be written (a full disk, a reader that is gone), they are lost and
    the service goes on: what has to be kept, audit events above all, is in the database."""

    def __init__(self, file: TextIO) -> None:
        self._file: Final = file

    def write(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self._file.write(f"{line}\n")
            self._file.flush()

    debug = info = warning = error = critical = write


def configure_logs(log_format: LogFormat, level: str) -> None:
    """For the process: ours, and what the HTTP server has to say, on standard error."""
    text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    # The plain traceback: a richer one would show the values of variables, passwords among them.
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if text
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
    ]
    if not text:
        shared.append(structlog.processors.format_exc_info)
    lines = Lines(sys.stderr)
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    # The HTTP server logs through the standard library: the same lines, warnings and above.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)
