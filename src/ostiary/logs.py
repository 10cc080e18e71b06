"""Logs: one JSON object a line, or readable lines on a terminal.

Secrets are kept out where they would come in: what is logged is chosen by name, never a request.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, ClassVar, Final, Literal, TextIO

import structlog

from ostiary.web.request_facts import CURRENT

LogFormat = Literal["json", "text", "auto"]


class Lines:
    """Where they can no longer be written (a full disk, a reader that is gone), they are lost and
    the service goes on: what has to be kept, audit events above all, is in the database."""

    # How many could not be written since the process began.
    lost: ClassVar[int] = 0

    def __init__(self, file: TextIO) -> None:
        self._file: Final = file

    def write(self, line: str) -> None:
        try:
            self._file.write(f"{line}\n")
            self._file.flush()
        except (OSError, ValueError):  # the latter when it has been closed
            Lines.lost += 1

    debug = info = warning = error = critical = write


class _LineHandler(logging.Handler):
    """For who logs through the standard library."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines: Final = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.write(self.format(record))


def _name_request(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Every line that is written while a request is answered says which one it is."""
    if (facts := CURRENT.get()) is not None:
        event["request_id"] = facts.request_id
        if (trace_id := facts.find_trace_id()) is not None:
            event["trace_id"] = trace_id
    return event


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
        _name_request,
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
        cache_logger_on_first_use=False,  # a reload changes the level for loggers that exist
    )
    # The HTTP server logs through the standard library: the same lines, warnings and above.
    handler = _LineHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)
