"""The servers of others, as far as a test needs them: what they answer, and what they were asked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.outbound.fetcher import FetchFailed
from ostiary.protocol.tokens import Json


@dataclass(slots=True)
class Elsewhere:
    """Stands in for the guarded fetcher. Where nothing was put, nobody answers."""

    documents: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    async def fetch_json(self, url: str) -> Mapping[str, Json]:
        self.asked.append(url)
        await asyncio.sleep(0.01)  # others have their turn meanwhile, as they do over a network
        if url not in self.documents:
            raise FetchFailed("no connection")
        return self.documents[url]

    async def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        self.forms.append((url, fields))
        if url not in self.statuses:
            raise FetchFailed("no connection")
        return self.statuses[url]
