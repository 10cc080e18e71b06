"""What a configuration says of traces: what they are made with is imported only for them."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ostiary import __version__
from ostiary.management.errors import ManagementError

if TYPE_CHECKING:
    from ostiary.telemetry.tracing import Tracing

EXPORTER = "opentelemetry.exporter.otlp.proto.http"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePlan:
    """Where spans are sent, by OTLP over HTTP, and which share of the traces."""

    endpoint: str
    share: float

    def check(self) -> None:
        """Raises ManagementError when the extra is not installed."""
        try:
            missing = find_spec(EXPORTER) is None
        except ModuleNotFoundError:
            missing = True
        if missing:
            raise ManagementError(
                "tracing.endpoint is set, and the packages for traces are not installed",
                "pip install 'ostiary[otel]', or leave the endpoint out",
            )

    def open(self) -> "Tracing":
        """Sends in a thread of its own; to be shut down."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

        from ostiary.telemetry.tracing import Tracing  # noqa: PLC0415

        resource = Resource.create({"service.name": "ostiary", "service.version": __version__})
        provider = TracerProvider(ParentBasedTraceIdRatio(self.share), resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(self.endpoint)))
        return Tracing(provider)
