"""The application of a client: where the browser comes back to, and what it brought along."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from ostiary.web.asgi import Receive, Scope, Send, send_response
from ostiary.web.responses import HttpResponse

# Chromium leads every name below localhost to this machine; each is a site of its own.
APP_HOST = "app.localhost"
OTHER_HOST = "bakery.localhost"
ONWARD_HOST = "shop.localhost"
LANDING_SCHEME = "com.example.landing"

_PAGE = b"<!doctype html><html lang=en><title>The app</title><h1>Back in the app</h1>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request to a redirect URI."""

    method: str
    host: str
    path: str
    parameters: dict[str, str]


@dataclass(slots=True)
class ClientApp:
    """Greets whoever arrives at /cb or /callback; sends on from /cb/onward and /cb/scheme, as apps do."""

    port: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    _waiting: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    async def arrival(self) -> Arrival:
        """The next one that nobody has asked for yet."""
        async with asyncio.timeout(10):
            return await self._waiting.get()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(("/cb", "/callback")):
            self._note(scope, await _body(receive))
        await send_response(self._answer(scope["path"]), send)

    def _note(self, scope: Scope, body: bytes) -> None:
        sent = body if scope["method"] == "POST" else scope["query_string"]
        headers = dict(scope["headers"])
        arrival = Arrival(
            method=scope["method"],
            host=headers[b"host"].decode().partition(":")[0],
            path=scope["path"],
            parameters=dict(parse_qsl(sent.decode(), keep_blank_values=True)),
        )
        self.arrivals.append(arrival)
        self._waiting.put_nowait(arrival)

    def _answer(self, path: str) -> HttpResponse:
        match path:
            case "/cb/onward":
                location = self.url(ONWARD_HOST, "/landed")
            case "/cb/scheme":
                location = f"{LANDING_SCHEME}:/landed"
            case "/cb" | "/callback" | "/landed":
                return HttpResponse(
                    status=200, headers=((b"content-type", b"text/html"),), body=_PAGE
                )
            case _:
                return HttpResponse(status=204)  # the browser asks for an icon
        return HttpResponse(status=303, headers=((b"location", location.encode()),))


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
