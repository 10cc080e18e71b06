"""A token request whose client is proved."""

from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.protocol.parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """`jkt` is the key of its DPoP proof, to which what is given will be bound. RFC 9449 §5."""

    parameters: Parameters
    client: Client
    now: int
    jkt: str | None
