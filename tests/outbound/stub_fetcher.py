"""A Fetcher without a network: documents by their URL, and what was posted."""

from collections.abc import Mapping

from ostiary.outbound.fetcher import FetchFailed
from ostiary.protocol.tokens import Json


class StubFetcher:
    """What has no document or status fails."""

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Json]] = {}
        self.statuses: dict[str, int] = {}
        self.fetched: list[str] = []
        self.posted: list[tuple[str, Mapping[str, str]]] = []

    async def fetch_json(self, url: str) -> Mapping[str, Json]:
        self.fetched.append(url)
        if url not in self.documents:
            raise FetchFailed("no connection")
        return self.documents[url]

    async def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        self.posted.append((url, fields))
        if url not in self.statuses:
            raise FetchFailed("no connection")
        return self.statuses[url]
