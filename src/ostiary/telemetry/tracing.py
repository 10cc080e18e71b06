"""Traces for who wants them: a span for each request, and in it what it waits for.

The extra `ostiary[otel]`; without it, or without an endpoint, nothing of it is imported. A span says
what was asked and how it came out, and carries no parameter, no query and no value of a row.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.propagate import extract
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, format_trace_id

from ostiary.domain.observer import Outcome
from ostiary.domain.refusals import shown
from ostiary.outbound.fetcher import Fetcher
from ostiary.protocol.tokens import Json
from ostiary.storage.database import Database, Row, Step, Value
from ostiary.web.asgi import Application, Receive, Scope, Send
from ostiary.web.request_facts import CURRENT, TRUSTED, RequestFacts

# Whose fault it is when a request has one: ours alone are errors of the server's span.
OUR_FAULTS = frozenset({Outcome.UNAVAILABLE, Outcome.FAILED})

_TABLE = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE)\b.*?\b(?:FROM|INTO|UPDATE)\s+([a-z_]+)", re.DOTALL
)
_UPDATED = re.compile(r"\b(UPDATE)\s+([a-z_]+)")


class Tracing:
    """All spans of a process, from the tracer that its configuration asks for."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider: Final = provider
        self._tracer: Final = provider.get_tracer("ostiary")

    def requests(self, application: Application) -> Application:
        return TracedRequests(application, self._tracer)

    def database(self, database: Database) -> Database:
        return TracedDatabase(database, self._tracer)

    def fetcher(self, fetcher: Fetcher) -> Fetcher:
        return TracedFetcher(fetcher, self._tracer)

    def password_hashed(self, seconds: float) -> None:
        ended = time.time_ns()
        began = ended - round(seconds * 1e9)
        self._tracer.start_span("verify password", start_time=began).end(ended)

    def close(self) -> None:
        self._provider.shutdown()


class TracedRequests:
    """Inside of what knows the facts of a request."""

    def __init__(self, inner: Application, tracer: Tracer) -> None:
        self._inner: Final = inner
        self._tracer: Final = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = CURRENT.get()
        if facts is None:
            await self._inner(scope, receive, send)
            return
        # A stranger's trace is not gone on with: it would say whether and where ours is kept.
        context = extract(_trace_headers(scope)) if TRUSTED in scope else None
        with _span(self._tracer, scope["method"], SpanKind.SERVER, context) as span:
            facts.trace_id = format_trace_id(span.get_span_context().trace_id)
            try:
                await self._inner(scope, receive, send)
            finally:
                _describe(span, facts)


def _trace_headers(scope: Scope) -> Mapping[str, str]:
    names = (b"traceparent", b"tracestate")
    headers = scope["headers"]
    return {name.decode(): value.decode("latin-1") for name, value in headers if name in names}


def _describe(span: Span, facts: RequestFacts) -> None:
    """OpenTelemetry's names where it has one."""
    span.update_name(f"{facts.scope['method']} {facts.route}")
    values = {
        "http.request.method": facts.scope["method"],
        "http.route": facts.route,
        "http.response.status_code": facts.status or 500,
        "url.path": shown(facts.scope["path"]),
        "ostiary.request_id": facts.request_id,
        "ostiary.outcome": facts.outcome.value,
        "ostiary.reason": facts.reason,
        "ostiary.issuer_id": facts.issuer,
        "ostiary.institution_id": facts.institution,
        "ostiary.client_id": facts.client_id,
    }
    span.set_attributes({name: value for name, value in values.items() if value is not None})
    if facts.outcome in OUR_FAULTS:
        span.set_status(Status(StatusCode.ERROR))


class TracedDatabase:
    """Around either engine: a span for each call, named by its first statement's verb and table."""

    def __init__(self, inner: Database, tracer: Tracer) -> None:
        self.inner: Final = inner
        self._tracer: Final = tracer

    def close(self) -> None:
        self.inner.close()

    def connections(self) -> Mapping[str, int]:
        return self.inner.connections()

    async def check_ready(self) -> None:
        await self.inner.check_ready()

    async def read_one(self, statement: str, parameters: Mapping[str, Value]) -> Row | None:
        with _span(self._tracer, summary(statement)):
            return await self.inner.read_one(statement, parameters)

    async def read_all(self, statement: str, parameters: Mapping[str, Value]) -> Sequence[Row]:
        with _span(self._tracer, summary(statement)):
            return await self.inner.read_all(statement, parameters)

    async def change(self, first: Step, *others: Step) -> Row | None:
        with _span(self._tracer, summary(first.statement)) as span:
            span.set_attribute("ostiary.statements", 1 + len(others))
            return await self.inner.change(first, *others)


@cache
def summary(statement: str) -> str:
    """Such as "UPDATE authorizations": the statements are ours, and there are few."""
    match = _UPDATED.match(statement.strip()) or _TABLE.search(statement)
    return f"{match[1]} {match[2]}" if match else "statement"


class TracedFetcher:
    """Says which server was asked, and tells it nothing of the trace."""

    def __init__(self, inner: Fetcher, tracer: Tracer) -> None:
        self._inner: Final = inner
        self._tracer: Final = tracer

    async def fetch_json(self, url: str) -> Mapping[str, Json]:
        with _span(self._tracer, "GET", SpanKind.CLIENT) as span:
            span.set_attributes(_destination("GET", url))
            return await self._inner.fetch_json(url)

    async def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        with _span(self._tracer, "POST", SpanKind.CLIENT) as span:
            span.set_attributes(_destination("POST", url))
            return await self._inner.post_form(url, fields)


def _destination(method: str, url: str) -> Mapping[str, str]:
    """The host alone: a path may carry what is nobody else's business."""
    return {"http.request.method": method, "server.address": urlsplit(url).hostname or ""}


@contextmanager
def _span(
    tracer: Tracer,
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    context: Context | None = None,
) -> Iterator[Span]:
    """An error is told and not described: its text may quote what was sent."""
    with tracer.start_as_current_span(
        name, context, kind, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except Exception:
            span.set_status(Status(StatusCode.ERROR))
            raise
