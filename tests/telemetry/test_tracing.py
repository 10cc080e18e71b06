"""Traces: what a span says, of whom it hears, and what it never carries."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from ostiary.app import Front, compose
from ostiary.domain.client import AuthMethod
from ostiary.management.errors import ManagementError
from ostiary.storage.store import Store
from ostiary.telemetry import tracer
from ostiary.telemetry.instruments import Instruments
from ostiary.telemetry.telemetry import Telemetry
from ostiary.telemetry.tracer import TracePlan
from ostiary.telemetry.tracing import Tracing, summary
from ostiary.web.forwarded import TrustedProxies
from tests.attacks.test_14_logs import Log, events, everything, log_as
from tests.attacks.wire import path_of, send
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.server import Site, start_server
from tests.kit.world import ENTERPRISE, GARDEN, MASTER_KEY, USERS, World, a_client
from tests.serving.conftest import site
from tests.serving.visitors import ask, token_request

__all__ = ["site"]  # a fixture

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = [("traceparent", f"00-{TRACE}-{PARENT}-01")]
PROXY, STRANGER = "203.0.113.9/32", "198.51.100.1/32"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def traced(world: World, spans: InMemorySpanExporter, proxy: str = STRANGER) -> World:
    """The same provider with traces, behind a proxy at this address."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracing = Tracing(provider)
    ostiary = compose(
        Store(tracing.database(world.store.database)),
        MASTER_KEY,
        fetcher=tracing.fetcher(world.elsewhere),
        clock_of=lambda _issuer: world.clock,
        telemetry=Telemetry(Instruments(), tracing=tracing, request_lines=True),
        front=Front(proxies=TrustedProxies(networks=(ip_network(proxy),))),
    )
    return replace(world, ostiary=ostiary)


def named(spans: InMemorySpanExporter, name: str) -> Sequence[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


async def test_a_request_is_a_span_with_what_it_waits_for_in_it(
    world: World, spans: InMemorySpanExporter
) -> None:
    opened = traced(world, spans)
    rp = RelyingParty(opened)
    tokens = await rp.tokens(scope="openid offline_access")
    await opened.ostiary.beside.drain()
    spans.clear()
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200
    (request,) = named(spans, "POST token")
    assert request.kind is SpanKind.SERVER
    assert request.status.status_code is StatusCode.UNSET
    assert request.attributes is not None
    found = {name: request.attributes[name] for name in request.attributes}
    assert len(str(found.pop("ostiary.request_id"))) >= 16
    assert found == {
        "http.request.method": "POST",
        "http.route": "token",
        "http.response.status_code": 200,
        "url.path": path_of(ENTERPRISE, "token"),
        "ostiary.outcome": "ok",
        "ostiary.issuer_id": "enterprise",
        "ostiary.institution_id": GARDEN,
        "ostiary.client_id": "web",
    }
    inside = [span for span in spans.get_finished_spans() if span is not request]
    assert {"UPDATE authorizations"} <= {span.name for span in inside}
    assert request.context is not None
    for span in inside:
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id


async def test_passwords_and_other_servers_have_spans_too(
    world: World, spans: InMemorySpanExporter
) -> None:
    opened = traced(world, spans)
    key, url = ClientKey.make(), "https://rp.example/jwks?secret=x"
    world.elsewhere.documents[url] = {"keys": [key.public_jwk]}
    method = {"auth_method": AuthMethod.PRIVATE_KEY_JWT, "secrets": (), "jwks_uri": url}
    await opened.add_client(a_client("signer", ENTERPRISE, **method))
    signer = RelyingParty(opened, client_id="signer", secret=None)
    form: dict[str, Any] = key.assertion("signer", ENTERPRISE.url, world.clock.time)
    assert (await signer.token(grant_type="client_credentials", **form)).status_code == 200
    (fetch,) = [span for span in spans.get_finished_spans() if span.kind is SpanKind.CLIENT]
    assert dict(fetch.attributes or {}) == {
        "http.request.method": "GET",
        "server.address": "rp.example",
    }
    await RelyingParty(opened).signed_in()
    (password,) = named(spans, "verify password")
    assert password.end_time is not None
    assert password.start_time is not None
    assert password.end_time - password.start_time > 1e6


@pytest.mark.spec("W3C Trace Context §3.2")
@pytest.mark.parametrize("proxy", [PROXY, STRANGER])
async def test_a_trace_is_gone_on_with_for_a_trusted_proxy_alone(
    world: World, spans: InMemorySpanExporter, json_log: Log, proxy: str
) -> None:
    opened = traced(world, spans, proxy)
    await send(opened, "GET", path_of(ENTERPRISE, "jwks"), headers=TRACEPARENT)
    (span,) = named(spans, "GET jwks")
    assert span.context is not None
    trace_id = format_trace_id(span.context.trace_id)
    assert (trace_id == TRACE) == (proxy == PROXY)
    assert (span.parent and format_span_id(span.parent.span_id)) == (
        PARENT if proxy == PROXY else None
    )
    (line,) = events(json_log, "request")
    assert line["trace_id"] == trace_id


@pytest.mark.spec("W3C Trace Context §3.2")
@pytest.mark.parametrize(
    ("proxy", "value", "found"),
    [
        (PROXY, f"00-{TRACE}-{PARENT}-01", TRACE),
        (STRANGER, f"00-{TRACE}-{PARENT}-01", None),
        (PROXY, f"00-{'0' * 32}-{PARENT}-01", None),
        (PROXY, f"00-{TRACE.upper()}-{PARENT}-01", None),
        (PROXY, f"{TRACE}", None),
        (PROXY, f"00-{TRACE}-{PARENT}-01\r\nx", None),
    ],
)
async def test_without_traces_a_proxys_trace_is_named_in_the_log_if_it_is_one(
    world: World, json_log: Log, proxy: str, value: str, found: str | None
) -> None:
    ostiary = compose(
        world.store,
        MASTER_KEY,
        fetcher=world.elsewhere,
        clock_of=lambda _issuer: world.clock,
        telemetry=Telemetry(Instruments(), request_lines=True),
        front=Front(proxies=TrustedProxies(networks=(ip_network(proxy),))),
    )
    opened = replace(world, ostiary=ostiary)
    headers = [("traceparent", value)]
    await send(opened, "GET", path_of(ENTERPRISE, "jwks"), headers=headers)
    (line,) = events(json_log, "request")
    assert line.get("trace_id") == found


@pytest.fixture
def json_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    yield from log_as("json", monkeypatch)


async def test_ll_01_no_secret_and_no_person_is_in_a_trace(
    world: World, spans: InMemorySpanExporter
) -> None:
    opened = traced(world, spans)
    secrets = await everything(opened)
    people = [await world.user_id(name) for name in USERS]
    written = "".join(span.to_json() for span in spans.get_finished_spans())
    assert written.count("POST token") >= 8
    for value in (*secrets, *people, "alice@example.com", '"alice"'):
        assert value not in written


async def test_a_defect_is_told_and_not_described(
    world: World, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("canary")

    rp = RelyingParty(traced(world, spans))
    flow, answer = await rp.authorize(rp.person())
    monkeypatch.setattr(type(world.store.database), "change", fail)
    assert (await rp.redeem(flow, answer["code"])).status_code == 500
    for name in ("POST token", "UPDATE authorizations"):
        assert named(spans, name)[-1].status.status_code is StatusCode.ERROR
    assert "canary" not in "".join(span.to_json() for span in spans.get_finished_spans())


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("\nUPDATE authorizations SET x = 1 WHERE y = 2", "UPDATE authorizations"),
        ("/* all issuers */\nSELECT a,\n b FROM clients WHERE c", "SELECT clients"),
        ("INSERT INTO sessions (a) SELECT b FROM c", "INSERT sessions"),
        ("DELETE FROM spent_ids WHERE a", "DELETE spent_ids"),
        ("PRAGMA x", "statement"),
    ],
)
def test_a_statement_is_named_by_its_verb_and_its_table(statement: str, name: str) -> None:
    assert summary(statement) == name


@contextmanager
def collecting() -> Iterator[tuple[int, list[ExportTraceServiceRequest]]]:
    """A collector that speaks OTLP over HTTP on a port of loopback, and what it was sent."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_server_sends_its_spans_to_the_collector_of_its_configuration(site: Site) -> None:
    with collecting() as (port, received):
        endpoint = f"http://127.0.0.1:{port}/v1/traces"
        server = start_server(site, settings={"tracing.endpoint": endpoint})
        try:
            assert (await ask(site.port, token_request(site))).status == 200
        finally:
            server.stop()
    names = [
        span.name
        for request in received
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert names.count("POST token") == 1


def test_an_endpoint_without_the_packages_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = TracePlan(endpoint="http://127.0.0.1:4318/v1/traces", share=1.0)
    plan.check()
    monkeypatch.setattr(tracer, "EXPORTER", "opentelemetry.none.such")
    with pytest.raises(ManagementError) as caught:
        plan.check()
    assert "pip install 'ostiary[otel]'" in str(caught.value.hint)
