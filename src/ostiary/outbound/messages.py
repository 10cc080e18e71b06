"""What goes out and what comes back, as values."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.outbound.destination import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    method: str
    destination: Destination
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAnswer:
    """`body` is as it came, and no more than was asked for; `is_whole` says whether that is all."""

    status: int
    content_type: str
    content_encoding: str
    body: bytes
    is_whole: bool
