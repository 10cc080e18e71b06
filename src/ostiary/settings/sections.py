"""The settings, section by section: what each may be, and what it is when nobody says anything."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from ostiary.outbound.destination import Origin, parse_origin
from ostiary.protocol.malformed import Malformed
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.telemetry.tracer import TracePlan

UNIX: Final = "unix"
DEFAULT_PORT = 9400
POSTGRESQL_SCHEMES = ("postgresql://", "postgres://")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_bool(value: object) -> object:
    """Pydantic takes true for 1."""
    if isinstance(value, bool):
        raise ValueError(f"write a whole number, not {str(value).lower()}")
    return value


def _words(value: object) -> object:
    """A variable has a list as one text, with spaces in between."""
    return value.split() if isinstance(value, str) else value


def _proxy(value: object) -> object:
    """A network, of one address if there is no length; or "unix"."""
    if value == UNIX:
        return value
    try:
        return ip_network(str(value))
    except ValueError as error:
        raise ValueError(
            'write an address such as "10.0.0.7", a network such as "10.0.0.0/8", or "unix"'
        ) from error


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, BeforeValidator(_no_bool)] = Field(default=DEFAULT_PORT, ge=1, le=65535)
    # Who is believed about where a request comes from.
    trusted_proxies: Annotated[
        frozenset[Annotated[IPv4Network | IPv6Network | Literal["unix"], BeforeValidator(_proxy)]],
        BeforeValidator(_words),
    ] = frozenset()
    forwarded_headers: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    client_certificate_header: str | None = None
    # How many processes answer; "auto" is one for each core.
    workers: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=1, le=256)], BeforeValidator(_no_bool)
    ] = 1
    # How long requests are still taken after SIGTERM, while readiness says no.
    drain_seconds: float = Field(default=0.0, ge=0, le=300)
    # TLS without a proxy: both, or neither.
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    # Who signs the certificates of clients; without it none are asked for.
    tls_client_ca: Path | None = None

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "ServerSettings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give tls_certificate and tls_key, or neither")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_client_ca needs tls_certificate and tls_key")
        if self.tls_client_ca is not None and self.client_certificate_header is not None:
            # A proxy's own certificate must not be taken for that of whom it speaks for.
            raise ValueError("give tls_client_ca or client_certificate_header, not both")
        return self

    @property
    def worker_count(self) -> int:
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers


class ManagementSettings(Section):
    # Probes and metrics, for operators alone; without a port there is no such listener.
    host: str = "127.0.0.1"
    port: Annotated[int | None, BeforeValidator(_no_bool)] = Field(default=None, ge=1, le=65535)


class DatabaseSettings(Section):
    path: Path = Path("ostiary.sqlite3")
    # Instead of the path: PostgreSQL.
    url: SecretStr | None = None
    connections: Annotated[int, BeforeValidator(_no_bool)] = Field(default=8, ge=1, le=200)
    statement_timeout_seconds: float = Field(default=5.0, gt=0, le=300)
    # Whether a pooler such as PgBouncer gives each transaction another connection.
    pooled_by_transaction: bool = False

    @field_validator("url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(POSTGRESQL_SCHEMES):
            raise ValueError("write postgresql://USER@HOST/DATABASE")
        return url

    @model_validator(mode="after")
    def _is_one_database(self) -> "DatabaseSettings":
        if {"path", "url"} <= self.model_fields_set:
            raise ValueError("give path (SQLite) or url (PostgreSQL), not both")
        return self

    @property
    def source(self) -> Source:
        if self.url is None:
            return self.path
        return PostgresqlSource(
            url=self.url.get_secret_value(),
            connections=self.connections,
            statement_timeout=self.statement_timeout_seconds,
            pooled_by_transaction=self.pooled_by_transaction,
        )


class MasterKeySettings(Section):
    file: Path | None = None


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    # "auto" is text on a terminal and JSON elsewhere.
    format: Literal["json", "text", "auto"] = "auto"
    # Whether every request is logged, not only what went wrong.
    requests: bool = False


def _origin(value: object) -> Origin:
    if not isinstance(value, str):
        raise ValueError("write text in quotes")
    try:
        return parse_origin(value)
    except Malformed as error:
        raise ValueError(f"write {error.expected}") from error


class MetricsSettings(Section):
    # Whether authorization and token requests are also counted by client.
    client_label: bool = False


class TracingSettings(Section):
    # Where spans are sent, by OTLP over HTTP; without it there are none.
    endpoint: str | None = None
    # Which part of all traces is kept.
    share: float = Field(default=1.0, ge=0, le=1)

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, endpoint: str | None) -> str | None:
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise ValueError("write a URL such as http://127.0.0.1:4318/v1/traces")
        return endpoint

    @property
    def plan(self) -> TracePlan | None:
        if self.endpoint is None:
            return None
        return TracePlan(endpoint=self.endpoint, share=self.share)


class OutboundSettings(Section):
    # What may be at a private address, speak plain http and use any port.
    allow: Annotated[
        frozenset[Annotated[Origin, BeforeValidator(_origin)]], BeforeValidator(_words)
    ] = frozenset()


Count: TypeAlias = Annotated[int, BeforeValidator(_no_bool), Field(ge=0)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=3600)]


class LimitSettings(Section):
    # Of each process.
    connections: Annotated[int, BeforeValidator(_no_bool), Field(ge=10)] = 2000
    head_seconds: Seconds = 10
    body_seconds: Seconds = 20
    answer_seconds: Seconds = 30
    # Of all processes together; 0 is no limit.
    requests_per_minute_per_address: Count = 6000
    requests_per_minute_per_client: Count = 6000
    failures_per_minute: Count = 60
    pushed_requests_per_minute_per_client: Count = 1200
    sign_ins_per_minute_per_address: Count = 600


class Settings(Section):
    server: ServerSettings = ServerSettings()
    management: ManagementSettings = ManagementSettings()
    database: DatabaseSettings = DatabaseSettings()
    master_key: MasterKeySettings = MasterKeySettings()
    limits: LimitSettings = LimitSettings()
    outbound: OutboundSettings = OutboundSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    tracing: TracingSettings = TracingSettings()
