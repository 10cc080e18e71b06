"""Logs: one JSON object a line, or readable lines on a terminal.

Secrets are kept out where they would come in: what is logged is chosen by name, never a request.
"""

import logging
import sys
from typing import Literal

import structlog

LogFormat = Literal["json", "text", "auto"]


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
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # The HTTP server logs through the standard library: the same lines, warnings and above.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)
