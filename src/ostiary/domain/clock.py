"""Time is an argument: a use case reads its issuer's clock once, at its top."""

from dataclasses import dataclass
from typing import Protocol

from ostiary.domain.issuer import Environment, Issuer


class Clock(Protocol):
    def now(self) -> int:
        """Seconds since 1970-01-01 UTC."""
        ...


@dataclass(slots=True, kw_only=True)
class SandboxClock:
    """A clock that can be moved or stopped; it cannot be made for a production issuer.

    `frozen_at` is an instant of the real clock; `offset` is added to it, as to any other.
    """

    issuer: Issuer
    real: Clock
    offset: int = 0
    frozen_at: int | None = None

    def __post_init__(self) -> None:
        if self.issuer.environment is not Environment.SANDBOX:
            raise ValueError("only a sandbox issuer's clock can be moved")

    def now(self) -> int:
        return (self.real.now() if self.frozen_at is None else self.frozen_at) + self.offset
