"""What the rest of Ostiary asks of other servers, and the one way in which that fails."""

from collections.abc import Mapping
from typing import Final, Protocol

from ostiary.protocol.tokens import Json

NAME_NOT_FOUND: Final = "name not found"


class FetchFailed(Exception):
    """No usable answer, in words that tell an open port from a closed one to nobody.

    `reason` is exact, and for operators alone: their log, their command line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("no usable answer from the other server")
        self.reason = reason


class Fetcher(Protocol):
    """Asks another server. Both methods raise FetchFailed, and nothing else."""

    async def fetch_json(self, url: str) -> Mapping[str, Json]:
        """The JSON object at the URL, such as a client's keys."""
        ...

    async def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        """The status with which a form was answered, whatever it is."""
        ...
