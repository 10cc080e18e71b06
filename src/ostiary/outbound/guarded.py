"""The guarded client: what it asks lies on the public internet, or was listed by the operator.

It connects to the address that it checked, follows no redirect, and stops at limits of size and
time. OWASP calls what it prevents server-side request forgery; CWE-918.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ostiary.outbound.addresses import Address, Resolver, is_public, resolve_by_system
from ostiary.outbound.destination import Destination, Origin, parse_destination
from ostiary.outbound.fetcher import NAME_NOT_FOUND, FetchFailed
from ostiary.outbound.json_document import MEDIA_TYPES, is_json, parse_json_object
from ostiary.outbound.messages import IncomingAnswer, OutgoingRequest
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import LOOPBACK_HOSTS
from ostiary.protocol.tokens import Json

if TYPE_CHECKING:
    from ostiary.outbound.transport import Transport

# Other services than HTTPS answer on other ports; who is elsewhere can be listed.
PORTS = frozenset({443, 8443})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`seconds` are for all of it, from waiting for a turn to the last byte."""

    seconds: float = 5.0
    connect_seconds: float = 2.0
    document_bytes: int = 65_536
    answer_bytes: int = 4_096
    at_once: int = 16


class GuardedFetcher:
    """The Fetcher of a running Ostiary, one for the process.

    `allow` lists origins that may be anywhere, and speak plain http; `allow_loopback` is for a
    developer's own machine. `ca_file` replaces the system's roots.
    """

    def __init__(
        self,
        *,
        allow: frozenset[Origin] = frozenset(),
        allow_loopback: bool = False,
        ca_file: Path | None = None,
        resolve: Resolver = resolve_by_system,
        limits: Limits = Limits(),
    ) -> None:
        self._allow: Final = allow
        self._allow_loopback: Final = allow_loopback
        self._ca_file: Final = ca_file
        self._resolve: Final = resolve
        self._limits: Final = limits
        self._turns: Final = asyncio.Semaphore(limits.at_once)
        self._transport: Transport | None = None

    async def fetch_json(self, url: str) -> Mapping[str, Json]:
        answer = await self._ask(
            "GET",
            url,
            headers={"Accept": ", ".join(sorted(MEDIA_TYPES))},
            at_most=self._limits.document_bytes,
        )
        if answer.status != 200:
            raise FetchFailed(f"status {answer.status}")
        if not answer.is_whole:
            raise FetchFailed("too large")
        if answer.content_encoding != "identity":
            raise FetchFailed("compressed, though not asked for")
        if not is_json(answer.content_type):
            raise FetchFailed("not JSON by its Content-Type")
        return parse_json_object(answer.body)

    async def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        answer = await self._ask(
            "POST",
            url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(fields).encode("ascii"),
            at_most=self._limits.answer_bytes,
        )
        return answer.status

    async def close(self) -> None:
        """Also breaks off what is under way."""
        if self._transport is not None:
            await self._transport.close()

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes = b"",
        at_most: int,
    ) -> IncomingAnswer:
        destination = self._check_destination(url)
        request = OutgoingRequest(
            method=method, destination=destination, headers=headers, content=content
        )
        try:
            async with asyncio.timeout(self._limits.seconds), self._turns:
                addresses = await self._find_addresses(destination.origin)
                return await self._opened().ask(
                    request,
                    addresses,
                    connect_seconds=self._limits.connect_seconds,
                    at_most=at_most,
                )
        except TimeoutError as error:
            raise FetchFailed("timed out") from error

    def _check_destination(self, url: str) -> Destination:
        try:
            destination = parse_destination(url)
        except Malformed as error:
            raise FetchFailed(f"not a URL to fetch: write {error.expected}") from error
        if not self._is_listed(destination.origin):
            if destination.origin.scheme != "https":
                raise FetchFailed("not https")
            if destination.origin.port not in PORTS:
                raise FetchFailed("port not allowed")
        return destination

    async def _find_addresses(self, origin: Origin) -> Sequence[Address]:
        """At least one; one that is not public spoils them all."""
        addresses = await self._resolve(origin.host, origin.port)
        if not addresses:
            raise FetchFailed(NAME_NOT_FOUND)
        if not self._is_listed(origin) and not all(map(is_public, addresses)):
            raise FetchFailed("address not public")
        return addresses

    def _is_listed(self, origin: Origin) -> bool:
        return origin in self._allow or (self._allow_loopback and origin.host in LOOPBACK_HOSTS)

    def _opened(self) -> "Transport":
        if self._transport is None:
            # 40 ms, and no start needs it.
            from ostiary.outbound.transport import Transport  # noqa: PLC0415

            self._transport = Transport(self._ca_file)
        return self._transport
