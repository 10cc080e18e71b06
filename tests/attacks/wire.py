"""Requests as an attacker sends them: every byte as given, no library in between that mends it."""

from collections.abc import Iterable, Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2

from ostiary.domain.issuer import Issuer
from tests.kit.person import Person
from tests.kit.world import ENTERPRISE, World

FORM = "application/x-www-form-urlencoded"

Headers = Iterable[tuple[bytes | str, bytes | str]]


def encode(parameters: Mapping[str, str | None], extra: bytes = b"") -> bytes:
    """A form; what is None is left out, and `extra` follows as it is."""
    pairs = [
        f"{quote(name, safe='')}={quote(value, safe='')}".encode()
        for name, value in parameters.items()
        if value is not None
    ]
    return b"&".join([*pairs, extra] if extra else pairs)


async def send(
    world: World,
    method: str,
    path: str,
    query: bytes = b"",
    *,
    headers: Headers = (),
    body: bytes | list[bytes] = b"",
    host: str | None = None,
    issuer: Issuer = ENTERPRISE,
) -> httpx2.Response:
    """One request; a list as body arrives in these pieces."""
    pieces = body if isinstance(body, list) else [body]
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    # As the issuer's URL says, be it through a proxy or not.
    scheme = "https" if issuer.secure else "http"
    asked = issuer.host if host is None else host
    return await exchange(world, method, path, query, headers, messages, asked, scheme=scheme)


async def exchange(
    world: World,
    method: str,
    path: str,
    query: bytes,
    headers: Headers,
    messages: list[dict[str, Any]],
    host: str,
    *,
    scheme: str = "http",
) -> httpx2.Response:
    """The same, down to the messages of ASGI."""
    named = [(b"host", host.encode("latin-1"))] if host else []
    named += [(_bytes(name).lower(), _bytes(value)) for name, value in headers]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": named,
        "client": ("203.0.113.9", 4711),
        "server": ("localhost", 9400),
    }
    waiting = iter(messages)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(waiting, {"type": "http.disconnect"})

    async def sender(message: Any) -> None:
        sent.append(message)

    await world.ostiary.application(scope, receive, sender)
    start, *rest = sent
    return httpx2.Response(
        start["status"],
        headers=start["headers"],
        content=b"".join(message["body"] for message in rest),
        request=httpx2.Request("GET" if method == "HEAD" else method, ENTERPRISE.url),
    )


async def post(
    world: World,
    path: str,
    body: bytes | list[bytes] = b"",
    *,
    headers: Headers = (),
    content_type: str | None = FORM,
    query: bytes = b"",
    issuer: Issuer = ENTERPRISE,
) -> httpx2.Response:
    kind: list[tuple[bytes | str, bytes | str]] = (
        [] if content_type is None else [("content-type", content_type)]
    )
    return await send(
        world, "POST", path, query, headers=[*kind, *headers], body=body, issuer=issuer
    )


async def ask(
    world: World,
    parameters: Mapping[str, str | None],
    extra: bytes = b"",
    *,
    cookies: str = "",
    issuer: Issuer = ENTERPRISE,
) -> httpx2.Response:
    """A GET of the authorization endpoint."""
    return await send(
        world,
        "GET",
        path_of(issuer, "auth"),
        encode(parameters, extra),
        headers=[("cookie", cookies)] if cookies else [],
        issuer=issuer,
    )


def path_of(issuer: Issuer, endpoint: str) -> str:
    return f"{issuer.base_path}/{endpoint}"


def interaction_cookie(url: str) -> str:
    """The name of the cookie that binds the interaction whose page or form this is, over http."""
    name = urlsplit(url).path.partition("/interaction/")[2].partition("/")[0]
    assert name, url
    return f"ostiary-{name}"


def cookies_of(person: Person) -> str:
    """The Cookie header of somebody's browser."""
    return "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())


async def resubmit(
    world: World,
    person: Person,
    action: str,
    values: Mapping[str, str | None],
    *,
    headers: Headers = (),
    issuer: Issuer = ENTERPRISE,
) -> httpx2.Response:
    """A form of somebody's browser, sent wherever that browser may be by now."""
    cookie = [("cookie", cookies_of(person))]
    return await post(
        world, urlsplit(action).path, encode(values), headers=[*cookie, *headers], issuer=issuer
    )


def cookies_set(answer: httpx2.Response) -> SimpleCookie:
    jar: SimpleCookie = SimpleCookie()
    for value in answer.headers.get_list("set-cookie"):
        jar.load(value)
    return jar


def returned(answer: httpx2.Response) -> dict[str, str]:
    """The parameters in the Location's query, none of them twice."""
    pairs = parse_qsl(
        urlsplit(answer.headers["location"]).query, keep_blank_values=True, strict_parsing=True
    )
    assert len(pairs) == len(dict(pairs)), f"a parameter twice: {pairs}"
    return dict(pairs)


def _bytes(text: bytes | str) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text
