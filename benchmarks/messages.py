"""HTTP/1.1 to servers on this machine: encoding requests, decoding answers, sending one."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlencode, urlsplit

RECEIVE_BYTES = 65536
SOCKET_TIMEOUT_SECONDS = 20
NOTHING: Mapping[str, str] = MappingProxyType({})


class LoadError(Exception):
    """An answer that is wrong, late or missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A server on this machine: the loopback address to connect to, and the host to ask it for."""

    address: str
    port: int
    host: str


@cache
def origin_of(scheme: str, host: str) -> Origin:
    parts = urlsplit(f"{scheme}://{host}")
    if scheme != "http" or parts.hostname is None or parts.port is None:
        raise LoadError(f"not an http URL with a host and a port: {scheme}://{host}")
    return Origin(address=loopback_address(parts.hostname), port=parts.port, host=host)


def loopback_address(hostname: str) -> str:
    """The first address of the host; no load is ever sent to another machine."""
    found = socket.getaddrinfo(hostname, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    if not addresses or not all(ip_address(address).is_loopback for address in addresses):
        raise LoadError(f"{hostname} is not this machine's loopback: {addresses}")
    return addresses[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL to which requests can be encoded, its parts taken apart once."""

    url: str
    origin: Origin
    path: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return cls(url=url, origin=origin_of(parts.scheme, parts.netloc), path=path)

    def get(
        self, query: Mapping[str, str] = NOTHING, headers: Mapping[str, str] = NOTHING
    ) -> bytes:
        path = f"{self.path}?{urlencode(query)}" if query else self.path
        return f"GET {path} HTTP/1.1\r\n{self._lines(headers)}\r\n".encode()

    def post(self, form: Mapping[str, str], headers: Mapping[str, str] = NOTHING) -> bytes:
        body = urlencode(form)
        return (
            f"POST {self.path} HTTP/1.1\r\n{self._lines(headers)}"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _lines(self, headers: Mapping[str, str]) -> str:
        lines = [f"Host: {self.origin.host}\r\n", "Accept: */*\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
        return "".join(lines)


@dataclass(slots=True)
class Answer:
    """A response; `head` is its status line and header lines. (Not frozen, which would cost as much
    as all else here.)"""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        found = self.headers(name)
        return found[0] if found else None

    def headers(self, name: str) -> list[str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = [line.partition(":") for line in lines]
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]


def parse_answer(received: bytes) -> Answer | None:
    """The answer, or None while some of it is still to come. RFC 9112 §6."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, body = received[:end], received[end + 4 :]
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0 and b"\r\ntransfer-encoding:" in lowered:
        joined = join_chunks(body)
        return None if joined is None else Answer(int(head[9:12]), head, joined)
    length = 0 if at < 0 else int(lowered[at + 17 :].partition(b"\r\n")[0])
    if len(body) > length:
        raise LoadError("more bytes than the answer announced")
    return Answer(int(head[9:12]), head, body) if len(body) == length else None


def join_chunks(rest: bytes) -> bytes | None:
    """The body of a chunked answer without trailers. RFC 9112 §7.1."""
    chunks: list[bytes] = []
    while True:
        size_line, separator, rest = rest.partition(b"\r\n")
        if not separator:
            return None
        size = int(size_line.partition(b";")[0], 16)
        if len(rest) < size + 2:
            return None
        if size == 0:
            return b"".join(chunks)
        chunks.append(rest[:size])
        rest = rest[size + 2 :]


def send(origin: Origin, request: bytes) -> Answer:
    """One request on a connection of its own, waited for."""
    received = b""
    with socket.create_connection((origin.address, origin.port), SOCKET_TIMEOUT_SECONDS) as stream:
        stream.sendall(request)
        while data := stream.recv(RECEIVE_BYTES):
            received += data
            if (answer := parse_answer(received)) is not None:
                return answer
    raise LoadError("the server closed the connection before it had answered")
