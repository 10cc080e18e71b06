"""HTTP/1.1 to servers on this machine: encoding requests, decoding answers, sending one."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
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

    @classmethod
    def parse(cls, url: str) -> "Origin":
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None or parts.port is None:
            raise LoadError(f"not an http URL with a host and a port: {url}")
        return cls(address=loopback_address(parts.hostname), port=parts.port, host=parts.netloc)


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

    origin: Origin
    path: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return cls(origin=Origin.parse(url), path=path)

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


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; `head` is its status line and header lines."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        found = find_header(self.head, self.head.lower(), name.lower().encode())
        return None if found is None else found.decode("latin-1")

    def headers(self, name: str) -> list[str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = [line.partition(":") for line in lines]
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]


def find_header(head: bytes, lowered: bytes, name: bytes) -> bytes | None:
    start = lowered.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    start += len(name) + 3
    return head[start : head.index(b"\r\n", start)].strip()


def parse_answer(received: bytes) -> Answer | None:
    """The answer, or None while some of it is still to come."""
    end_of_head = received.find(b"\r\n\r\n")
    if end_of_head < 0:
        return None
    head = received[: end_of_head + 2]
    rest = received[end_of_head + 4 :]
    body = take_body(head, rest)
    return None if body is None else Answer(int(head[9:12]), head, body)


def take_body(head: bytes, rest: bytes) -> bytes | None:
    lowered = head.lower()
    length = find_header(head, lowered, b"content-length")
    if length is None:
        if find_header(head, lowered, b"transfer-encoding") is not None:
            return join_chunks(rest)
        length = b"0"
    missing = int(length) - len(rest)
    if missing < 0:
        raise LoadError("more bytes than the answer announced")
    return rest if missing == 0 else None


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
