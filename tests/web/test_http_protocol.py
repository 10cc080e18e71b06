"""What Ostiary takes from inside Uvicorn, which promises nobody that it stays."""

import inspect

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from ostiary.web.http_protocol import BoundedHttp

OVERRIDDEN = (
    *("connection_made", "connection_lost", "data_received", "on_headers_complete", "on_body"),
    *("on_message_begin", "on_message_complete", "on_response_complete", "pause_writing"),
    *("resume_writing", "timeout_keep_alive_handler", "_start_asgi_task", "send_400_response"),
)
OF_THE_CONNECTION = ("client", "cycle", "headers", "loop", "parser", "pipeline", "scope", "url")
OF_THE_CYCLE = (
    *("default_headers", "disconnected", "flow", "keep_alive", "message_event", "on_response"),
    *("response_complete", "response_started", "scope", "transport"),
)


def parameters(kind: type, name: str) -> list[str]:
    return list(inspect.signature(getattr(kind, name)).parameters)


def test_each_method_in_place_of_one_of_uvicorn_takes_what_it_takes() -> None:
    ours = {name for name in vars(BoundedHttp) if callable(getattr(BoundedHttp, name))}
    assert ours & set(dir(HttpToolsProtocol)) - {"__init__"} == set(OVERRIDDEN)
    for name in OVERRIDDEN:
        assert parameters(BoundedHttp, name) == parameters(HttpToolsProtocol, name)


def test_what_is_read_of_a_connection_and_of_an_answer_is_there() -> None:
    connection = inspect.getsource(HttpToolsProtocol)
    assert [name for name in OF_THE_CONNECTION if f"self.{name}" not in connection] == []
    cycle = inspect.getsource(RequestResponseCycle)
    assert [name for name in OF_THE_CYCLE if f"self.{name}" not in cycle] == []
    assert STATUS_LINE[200].startswith(b"HTTP/1.1 200")
