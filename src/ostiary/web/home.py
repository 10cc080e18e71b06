"""What a sandbox's first page shows a developer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    client_id: str
    secret: str | None
    private_key_file: str | None
    kind: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    username: str
    password: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    clients: tuple[DemoClient, ...]
    users: tuple[DemoUser, ...]
