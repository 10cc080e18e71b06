"""Settings of the process: flags, OSTIARY_… variables and one TOML file, in falling precedence."""

import os
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from ostiary.management.file_faults import (
    FileFault,
    FileFaults,
    key_text,
    model_faults,
    parse_toml,
    read_text,
)
from ostiary.management.toml_lines import KeyPath, key_lines, line_of
from ostiary.outbound.destination import Origin, parse_origin
from ostiary.protocol.malformed import Malformed
from ostiary.signing.master_key import (
    MasterKey,
    MasterKeyError,
    parse_master_key,
    read_master_key,
)
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.telemetry.tracer import TracePlan

PREFIX = "OSTIARY_"
UNIX: Final = "unix"
NESTING = "__"
MASTER_KEY_VARIABLE = "OSTIARY_MASTER_KEY"
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
CREDENTIAL_NAME = "ostiary-master-key"
DEFAULT_PORT = 9400
POSTGRESQL_SCHEMES = ("postgresql://", "postgres://")
# Settings that are paths: in the file they are relative to the file.
PATHS = (
    ("database", "path"),
    ("master_key", "file"),
    ("server", "tls_certificate"),
    ("server", "tls_key"),
    ("server", "tls_client_ca"),
)

# From a key to its line, variable or option.
Where: TypeAlias = Callable[[KeyPath], int | str | None]


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


def load_settings(
    path: Path | None,
    environment: Mapping[str, str],
    flags: Mapping[str, Mapping[str, object]] | None = None,
) -> Settings:
    """Raises FileFaults with everything that is wrong.

    `flags` are those that were given, such as {"server": {"port": 9401}}.
    """
    merged = _Merged()
    if path is not None:
        _merge_file(merged, path)
    if environment.get(MASTER_KEY_VARIABLE):
        merged.drop(
            "master_key", "file"
        )  # of the two ways to give the key, the variable goes first
    merged.add(environment_values(environment), lambda key: _variable(key, environment))
    merged.add(flags or {}, _flag)
    try:
        return Settings.model_validate(merged.values)
    except ValidationError as error:
        faults = [
            FileFault(where=merged.origin(key), key=key_text(key), message=message)
            for key, message in model_faults(error, Settings)
        ]
        name = "the configuration" if path is None else str(path)
        raise FileFaults(name, faults) from error


def find_master_key(settings: Settings, environment: Mapping[str, str]) -> MasterKey:
    """From the file of the settings, else from the variable, else from the systemd credential.

    `load_settings` leaves out a file that the configuration names where there is the variable.
    """
    if settings.master_key.file is not None:
        return _read_master_key(settings.master_key.file)
    if text := environment.get(MASTER_KEY_VARIABLE):
        return parse_master_key(text)
    directory = environment.get(CREDENTIALS_VARIABLE)
    if directory and (credential := Path(directory) / CREDENTIAL_NAME).exists():
        # systemd guards it; an ACL of its makes the mode look wider than it is.
        return parse_master_key(credential.read_text("utf-8"))
    raise MasterKeyError(
        "there is no master key; make one with ostiary init, and name it as master_key.file in the "
        f"configuration, in the variable {MASTER_KEY_VARIABLE} or as the systemd credential "
        f"{CREDENTIAL_NAME}"
    )


def _read_master_key(path: Path) -> MasterKey:
    try:
        return read_master_key(path)
    except MasterKeyError as error:
        # Its text has Python's own words when the file could not be read.
        match error.__cause__:
            case OSError(strerror=reason):
                advice = "check master_key.file and the file's owner and mode"
            case UnicodeDecodeError():
                reason, advice = (
                    "it is not text",
                    "write 32 bytes in base64url, as ostiary init does",
                )
            case _:
                raise
        raise MasterKeyError(f"cannot read the master key {path}: {reason}; {advice}") from error


def environment_values(environment: Mapping[str, str]) -> Mapping[str, object]:
    """OSTIARY_SERVER__PORT is server.port. Names without a double underscore are not settings:
    container platforms make up their own, such as OSTIARY_PORT."""
    values: dict[str, Any] = {}
    for name in sorted(environment):
        path = name.removeprefix(PREFIX).lower().split(NESTING)
        if not name.startswith(PREFIX) or len(path) == 1:
            continue
        table = values
        for part in path[:-1]:
            if not isinstance(table.get(part), dict):
                table[part] = {}
            table = table[part]
        table[path[-1]] = environment[name]
    return values


class _Merged:
    """Values of rising precedence, and where each came from."""

    def __init__(self) -> None:
        self.values: Final[dict[str, Any]] = {}
        self._origins: Final[dict[KeyPath, int | str | None]] = {}

    def add(self, values: Mapping[str, Any], where: Where) -> None:
        self._add(values, self.values, (), where)

    def drop(self, section: str, name: str) -> None:
        """As if nobody had said it."""
        table = self.values.get(section)
        if isinstance(table, dict):
            table.pop(name, None)

    def origin(self, path: KeyPath) -> int | str | None:
        """Of the key, or of what it would stand in."""
        prefixes = (path[:length] for length in range(len(path), 0, -1))
        return next((self._origins[each] for each in prefixes if each in self._origins), None)

    def _add(
        self, values: Mapping[str, Any], into: dict[str, Any], path: KeyPath, where: Where
    ) -> None:
        for name, value in values.items():
            key = (*path, name)
            self._origins[key] = where(key)
            if isinstance(value, Mapping) and isinstance(into.setdefault(name, {}), dict):
                self._add(value, into[name], key, where)
            else:
                into[name] = value


def _variable(path: KeyPath, environment: Mapping[str, str]) -> str | None:
    """The first variable that speaks of the key or of something in it."""
    prefix = (PREFIX + NESTING.join(str(part) for part in path)).upper()
    return next((name for name in environment if name.upper().startswith(prefix)), None)


def _flag(path: KeyPath) -> str:
    return f"--{path[-1]}"


def _merge_file(merged: _Merged, path: Path) -> None:
    text = read_text(path)
    values = parse_toml(text, str(path))
    lines = key_lines(text)
    for section, name in PATHS:
        table = values.get(section)
        if isinstance(table, dict) and isinstance(table.get(name), str):
            # As people expect: beside the file, wherever the program was started.
            table[name] = str(path.parent / table[name])
    merged.add(values, lambda key: line_of(lines, key))
