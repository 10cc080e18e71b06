"""What the generator measures."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from benchmarks.load import Exchange, Load, measure
from benchmarks.messages import Endpoint, LoadError
from benchmarks.soak import slope
from benchmarks.tables import table, write_part

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SLOW_SECONDS = 0.02


@contextmanager
def serving(answer: bytes) -> Iterator[Endpoint]:
    """Takes one connection, and a while for each answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        stream, _ = listener.accept()
        with stream:
            while stream.recv(65536):
                sleep(SLOW_SECONDS)
                stream.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Endpoint.parse(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    finally:
        thread.join(10)
        listener.close()


def asking(endpoint: Endpoint) -> Exchange:
    answer = yield endpoint.get()
    if answer.body != b"ok":
        raise LoadError("wrong")


def no_cpu() -> float:
    return 0.0


def test_a_closed_loop_waits_for_each_answer() -> None:
    with serving(ANSWER) as endpoint:
        load = Load(seconds=0.2, limit=1000)
        found = measure(endpoint.origin, [lambda: asking(endpoint)], load, no_cpu)
    assert 1 <= found.operations <= 0.2 / SLOW_SECONDS + 1
    assert found.median >= SLOW_SECONDS


def test_an_open_loop_counts_how_long_a_request_had_to_wait_for_its_turn() -> None:
    """Five times what the server can do: the last ones wait for four fifths of the whole."""
    seconds = 0.2
    with serving(ANSWER) as endpoint:
        load = Load(seconds=seconds, limit=1000, rate=5 / SLOW_SECONDS)
        found = measure(endpoint.origin, [lambda: asking(endpoint)], load, no_cpu)
    assert found.operations > 1.5 * seconds / SLOW_SECONDS
    assert found.percentile_99 > seconds


def test_a_wrong_answer_ends_the_run() -> None:
    wrong = ANSWER.replace(b"ok", b"no")
    with serving(wrong) as endpoint, pytest.raises(LoadError, match="wrong"):
        measure(endpoint.origin, [lambda: asking(endpoint)], Load(seconds=0.1, limit=9), no_cpu)


def test_a_slope_is_that_of_most_values() -> None:
    values = [10.0 + 2 * minute for minute in range(20)]
    values[7] = 500
    assert slope(values) == pytest.approx(2)


def test_a_measured_part_takes_its_place_in_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n<!-- measured: b -->\nold\n<!-- end: b -->\nafter\n")
    write_part(page, "b", table(("work", "per s"), [("one", "1,000")]))
    told = page.read_text()
    assert "old" not in told
    assert "| work | per s |\n| ---- | ----: |\n| one  | 1,000 |" in told
    assert told.endswith("<!-- end: b -->\nafter\n")
    with pytest.raises(ValueError, match="no place for c"):
        write_part(page, "c", "")
