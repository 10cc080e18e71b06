"""What is compared: a provider, how it is made ready and started, and what it cannot do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.assertions import AssertionKey
from benchmarks.relying_party import Registration

PASSWORD = "ostiary-demo"
SECRET = "a-secret-of-32-characters-or-more-for-all"
PEOPLE = 64
"""Who can sign in, so that each connection has a person of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one provider serves, and from what."""

    port: int
    data: Path
    database_url: str | None
    key: AssertionKey
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How a provider is asked for tokens of one kind."""

    id_token: str
    access_token: str
    """Their algorithms; an access token may be opaque."""
    host: str = "localhost"
    client_id: str = "demo-web"
    service_id: str = "demo-service"
    api: str | None = None

    def issuer(self, port: int) -> str:
        return f"http://{self.host}:{port}"

    def registration(self, key: AssertionKey) -> Registration:
        return Registration(
            client_id=self.client_id, client_secret=SECRET, service_id=self.service_id, key=key
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a workload asks for, where it matters."""

    id_token: str | None = None
    access_token: str | None = None

    def fit(self, variant: Variant) -> bool:
        return self.id_token in (None, variant.id_token) and self.access_token in (
            None,
            variant.access_token,
        )

    def __str__(self) -> str:
        kinds = (("ID", self.id_token), ("access", self.access_token))
        return " and ".join(f"{kind} tokens with {name}" for kind, name in kinds if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    name: str
    store: str
    """What it keeps its data in, for the report."""
    is_ours: bool = False
    variants: tuple[Variant, ...]
    """The first is what it gives when nobody asks for an algorithm."""
    prepare: Callable[[Site], None]
    """Writes what the server needs, once."""
    command: Callable[[Site], tuple[str, ...]]
    missing: Callable[[], str | None]
    """What has to be installed before, if anything."""
    versions: Callable[[], dict[str, str]]
    login: Mapping[str, str]
    """What is typed and pressed on its pages by the person {number}."""
    needs_postgresql: bool = False
    cannot: Mapping[str, str] = field(default_factory=dict)
    """Workload (its name, or what that begins with) to the reason why it is not measured."""

    def variant(self, tokens: Tokens) -> Variant | None:
        return next((each for each in self.variants if tokens.fit(each)), None)

    def answers(self, number: int) -> dict[str, str]:
        return {name: text.format(number=number % PEOPLE) for name, text in self.login.items()}

    def reason_against(self, workload: str, tokens: Tokens) -> str | None:
        for name, reason in self.cannot.items():
            if workload == name or workload.startswith(f"{name} "):
                return reason
        return None if self.variant(tokens) else f"no {tokens}"
