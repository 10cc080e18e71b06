"""Liveness and readiness: in front of everything else, or on a listener of the operators' own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ostiary.web.asgi import Application, Receive, Scope, Send, send_response
from ostiary.web.responses import HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """What somebody should look at, though requests can be sent here."""

    text: str


# Of a check: None where all is well, else what is wrong.
Verdict: TypeAlias = str | Warned | None
# From the query string to the answer.
ManagementEndpoint: TypeAlias = Callable[[bytes], Awaitable[HttpResponse]]

_HEADERS = ((b"content-type", b"text/plain"), (b"cache-control", b"no-store"))
_GOOD = HttpResponse(status=200, headers=_HEADERS, body=b"ok\n")
_NOT_READY = HttpResponse(status=503, headers=_HEADERS, body=b"not ready\n")
_NOT_FOUND = HttpResponse(status=404, headers=_HEADERS, body=b"not found\n")
_NOT_ALLOWED = HttpResponse(status=405, headers=(*_HEADERS, (b"allow", b"GET, HEAD")))


class Probes:
    """/livez: the process answers. /readyz: it can do its work. Neither says more to anybody."""

    def __init__(self, inner: Application, ready: Callable[[], Awaitable[bool]]) -> None:
        self._inner: Final = inner
        self._ready: Final = ready

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        match scope["path"]:
            case "/livez":
                return send_response(_GOOD, send)
            case "/readyz":
                return self._tell_readiness(send)
            case _:
                return self._inner(scope, receive, send)

    async def _tell_readiness(self, send: Send) -> None:
        await send_response(_GOOD if await self._ready() else _NOT_READY, send)


class ManagementSite:
    """What operators ask a running service, by path; only those who may reach the listener do."""

    def __init__(self, endpoints: Mapping[str, ManagementEndpoint]) -> None:
        self._endpoints: Final = endpoints

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        response = _NOT_FOUND
        if (endpoint := self._endpoints.get(scope["path"])) is not None:
            reading = scope["method"] in {"GET", "HEAD"}
            response = await endpoint(scope["query_string"]) if reading else _NOT_ALLOWED
        await send_response(response, send, head=scope["method"] == "HEAD")


def _told(verdict: Verdict) -> str:
    match verdict:
        case None:
            return "ok"
        case Warned(text=text):
            return f"warning: {text}"
        case fault:
            return fault


def probe_endpoints(
    verdicts: Callable[[], Awaitable[Mapping[str, Verdict]]],
) -> Mapping[str, ManagementEndpoint]:
    """The probes for operators, who may ask /readyz?verbose for each check. /healthz is for old
    balancers."""

    async def live(_: bytes) -> HttpResponse:
        return _GOOD

    async def ready(query: bytes) -> HttpResponse:
        found = await verdicts()
        is_ready = not any(isinstance(verdict, str) for verdict in found.values())
        if not query.startswith(b"verbose"):
            return _GOOD if is_ready else _NOT_READY
        lines = [f"{name}: {_told(verdict)}\n" for name, verdict in found.items()]
        answer = _GOOD if is_ready else _NOT_READY
        return HttpResponse(
            status=answer.status, headers=_HEADERS, body="".join(lines).encode() + answer.body
        )

    return {"/livez": live, "/readyz": ready, "/healthz": ready}
