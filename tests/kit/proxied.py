"""A proxy in front, as bytes in headers: what the application behind it gets to see."""

from base64 import b64encode
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from ostiary.web.asgi import Receive, Scope, Send, send_response
from ostiary.web.forwarded import Forwarded, TrustedProxies
from ostiary.web.responses import HttpResponse
from tests.attacks.wire import Headers

PROXY, STRANGER = "10.0.0.1", "198.51.100.7"
NETWORKS = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))
TRUSTED = TrustedProxies(networks=NETWORKS)
WITH_CERTIFICATES = replace(TRUSTED, certificate_header=b"x-client-cert")
# Long enough to have a length of two bytes, as every certificate has.
DER = b"\x30\x82\x01\x00" + bytes(range(256))
BASE64 = b64encode(DER).decode()
PEM = f"-----BEGIN CERTIFICATE-----\n{BASE64[:64]}\n{BASE64[64:]}\n-----END CERTIFICATE-----\n"
X = [
    ("X-Forwarded-For", STRANGER),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "bank.example"),
]
ELEMENT = f'for={STRANGER};proto=https;host="bank.example"'


async def seen_behind(
    proxies: TrustedProxies, headers: Headers, peer: str | None = PROXY, **scope: Any
) -> dict[str, Any]:
    """The scope that the application gets; a refused request has its status instead."""
    seen: dict[str, Any] = {}

    async def application(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.update(scope)
        await send_response(HttpResponse(status=200), send)

    async def send(message: Any) -> None:
        seen.setdefault("status", message.get("status"))

    async def receive() -> Any:
        return {"type": "http.request"}

    named = [
        (name.lower().encode(), value.encode())
        for name, value in headers
        if isinstance(name, str) and isinstance(value, str)
    ]
    asked: dict[str, Any] = {
        "type": "http",
        "scheme": "http",
        "client": None if peer is None else (peer, 4711),
        "headers": [(b"host", b"internal:9400"), *named],
        **scope,
    }
    await Forwarded(application, proxies)(asked, receive, send)
    return seen


def address(seen: dict[str, Any]) -> str | None:
    client = seen["client"]
    return client[0] if client else None


def host(seen: dict[str, Any]) -> list[bytes]:
    return [value for name, value in seen["headers"] if name == b"host"]
