"""A token request whose client is proved."""

from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.protocol.parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    parameters: Parameters
    client: Client
    now: int
