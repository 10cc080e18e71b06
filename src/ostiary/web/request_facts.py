"""What is known of the request that is being answered, for its lines in the log and its measures."""

import re
from contextvars import ContextVar
from typing import Final

from ostiary.domain.observer import Outcome, outcome_of
from ostiary.web.asgi import Scope

ROUTE: Final = "ostiary.route"
ISSUER: Final = "ostiary.issuer"
# Set for what a trusted proxy has sent: its own name of the request, and that it may be believed.
REQUEST_ID: Final = "ostiary.request_id"
TRUSTED: Final = "ostiary.trusted"
OTHER_ROUTE: Final = "other"

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


class RequestFacts:
    """Grows while the request is answered. A proved client is not told from a claimed one."""

    __slots__ = ("client_id", "institution", "reason", "request_id", "scope", "status", "trace_id")

    def __init__(self, scope: Scope, request_id: str) -> None:
        self.scope: Final = scope
        self.request_id: Final = request_id
        self.status = 0
        self.client_id: str | None = None
        self.institution: str | None = None
        self.reason: str | None = None
        self.trace_id: str | None = None

    @property
    def route(self) -> str:
        """The pattern of the path, of which there are few."""
        route: str = self.scope.get(ROUTE, OTHER_ROUTE)
        return route

    @property
    def issuer(self) -> str | None:
        issuer_id: str | None = self.scope.get(ISSUER)
        return issuer_id

    @property
    def outcome(self) -> Outcome:
        """A refusal that the browser takes back to the client is one, whatever its status."""
        outcome = outcome_of(self.status or 500)  # without an answer the server gives its own
        return Outcome.REFUSED if outcome is Outcome.OK and self.reason else outcome

    def find_trace_id(self) -> str | None:
        """That of our own span, or else the one that a trusted proxy has sent. W3C Trace Context §3.2."""
        if self.trace_id is None and TRUSTED in self.scope:
            values = [value for name, value in self.scope["headers"] if name == b"traceparent"]
            match = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 else None
            self.trace_id = match[1].decode("ascii") if match else None
        return self.trace_id


def note_page(scope: Scope, routed: Scope) -> None:
    """Whose page it is, and the pattern that the router has found for the path."""
    if (op := routed["op"]) is not None:
        scope[ISSUER] = op.issuer.issuer_id
    if (route := routed.get("route")) is not None:
        scope[ROUTE] = route.path


CURRENT: Final[ContextVar[RequestFacts | None]] = ContextVar("request", default=None)
