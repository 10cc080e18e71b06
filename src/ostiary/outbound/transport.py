"""One request to a checked address, over httpx2's transport.

Its client is left out, and with it redirects, cookies, proxies, passwords of a .netrc and
decompression. Nothing here looks at a name to find an address.
"""

import contextlib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx2

from ostiary.outbound.addresses import Address
from ostiary.outbound.fetcher import FetchFailed
from ostiary.outbound.messages import IncomingAnswer, OutgoingRequest

_HEADERS: Mapping[str, str] = {
    "User-Agent": "Ostiary",
    "Accept-Encoding": "identity",
}


class Transport:
    """Connections that each serve one request, and the roots by which certificates are trusted."""

    def __init__(self, ca_file: Path | None) -> None:
        trusted = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._transport: Final = httpx2.AsyncHTTPTransport(
            verify=trusted or httpx2.create_ssl_context(),
            # A connection is for the name that it was checked for, not for all names of its address.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def ask(
        self,
        request: OutgoingRequest,
        addresses: Sequence[Address],
        *,
        connect_seconds: float,
        at_most: int,
    ) -> IncomingAnswer:
        """The answer from the first address that can be connected to; raises FetchFailed."""
        with _failures():
            return await _read(await self._send(request, addresses, connect_seconds), at_most)

    async def close(self) -> None:
        await self._transport.aclose()

    async def _send(
        self, request: OutgoingRequest, addresses: Sequence[Address], connect_seconds: float
    ) -> httpx2.Response:
        *others, last = (_addressed(request, address, connect_seconds) for address in addresses)
        for each in others:
            # Nothing of the request has been sent when these are raised.
            with contextlib.suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._transport.handle_async_request(each)
        return await self._transport.handle_async_request(last)


def _addressed(
    request: OutgoingRequest, address: Address, connect_seconds: float
) -> httpx2.Request:
    """To the address; the name stays in Host and in what the certificate must be for."""
    origin, target = request.destination.origin, request.destination.target
    host = f"[{address}]" if address.version == 6 else str(address)
    return httpx2.Request(
        request.method,
        f"{origin.scheme}://{host}:{origin.port}{target}",
        headers={"Host": origin.authority, **_HEADERS, **request.headers},
        content=request.content,
        extensions={"sni_hostname": origin.host, "timeout": {"connect": connect_seconds}},
    )


async def _read(response: httpx2.Response, at_most: int) -> IncomingAnswer:
    """Closes the response too, and so the connection: leaving its iterator does that."""
    body = b""
    async with contextlib.aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > at_most:
                break
    return IncomingAnswer(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        content_encoding=response.headers.get("Content-Encoding", "identity"),
        body=body[:at_most],
        is_whole=len(body) <= at_most,
    )


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """The library's exceptions as the one of this package."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise FetchFailed("timed out") from error
    except httpx2.ConnectError as error:
        raise FetchFailed(_why_not_connected(error)) from error
    except httpx2.ProtocolError as error:
        raise FetchFailed("not HTTP") from error
    except (httpx2.TransportError, OSError) as error:  # an ssl.SSLError while reading is the latter
        raise FetchFailed("connection lost") from error


def _why_not_connected(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "TLS failed"
        cause = cause.__cause__ or cause.__context__  # the library raises some "from None"
    return "no connection"
