"""Requests that leave at the same moment, each from a thread with a connection of its own."""

import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request to a process at `port`, for the host that chooses the issuer."""

    port: int
    host: str
    path: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        headers = {"Host": self.host, **self.headers}
        if self.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.body)
        return members


def send(request: Sent, connection: http.client.HTTPConnection | None = None) -> Received:
    """Over this connection, or one of its own."""
    used = connection or http.client.HTTPConnection("127.0.0.1", request.port, timeout=TIMEOUT)
    try:
        body = None if request.form is None else urlencode(request.form)
        used.request("GET" if body is None else "POST", request.path, body, request.all_headers())
        answer = used.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Received(status=answer.status, headers=headers, body=answer.read())
    finally:
        if connection is None:
            used.close()


def send_at_once(requests: Sequence[Sent]) -> list[Received]:
    """The answers, in the order of the requests."""
    start = threading.Barrier(len(requests))
    answers: dict[int, Received] = {}
    failures: list[BaseException] = []

    def run(number: int, request: Sent) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", request.port, timeout=TIMEOUT)
        try:
            connection.connect()
            start.wait(TIMEOUT)
            answers[number] = send(request, connection)
        except BaseException as error:
            failures.append(error)
            start.abort()
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(number, request))
        for number, request in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return [answers[number] for number in range(len(requests))]
