"""Counting, in one process and over several of them."""

import json
import os
from pathlib import Path

from ostiary.telemetry import metrics
from ostiary.telemetry.instruments import MOST_SERIES, Instruments
from ostiary.telemetry.process import ClockWatch
from ostiary.telemetry.snapshots import OF_THE_GONE, Snapshots, retire
from ostiary.telemetry.telemetry import Telemetry
from tests.kit.world import ENTERPRISE, a_client
from tests.telemetry.counted import counted


def test_a_histogram_counts_up_to_each_bound() -> None:
    instruments = Instruments()
    histogram = instruments.histogram(metrics.PASSWORD_HASH)
    for seconds in (0.004, 0.005, 0.006, 99):
        histogram.observe(seconds)
    found = counted(instruments)
    bucket = "ostiary_password_hash_seconds_bucket{le="
    assert found[f"{bucket}0.005}}"] == 2
    assert found[f"{bucket}0.01}}"] == 3
    assert found[f"{bucket}10.0}}"] == 3
    assert found[f"{bucket}+Inf}}"] == found["ostiary_password_hash_seconds_count"] == 4
    assert round(found["ostiary_password_hash_seconds_sum"], 3) == 99.015


def test_more_combinations_than_there_may_be_are_counted_together() -> None:
    instruments = Instruments()
    tables, durations = (
        instruments.number(metrics.CLEANUP_ROWS),
        instruments.histogram(metrics.STORE_DURATION),
    )
    for number in range(MOST_SERIES + 10):
        tables.add(f"table-{number}")
        durations.observe(1, f"operation-{number}")
    assert len(tables.values) == len(durations.values) == MOST_SERIES + 1
    assert tables.values["other",] == 10
    assert sum(durations.values["other",][:-1]) == 10


def test_a_label_that_is_switched_on_while_it_counts_changes_the_width_of_no_series() -> None:
    instruments, client = Instruments(), a_client("web", ENTERPRISE)
    for client_label in (False, True, False):
        telemetry = Telemetry(instruments, client_label=client_label)
        telemetry.tokens_issued(client, "client_credentials", {})
    found = counted(instruments)
    total, outcome = "ostiary_token_requests_total", "grant_type=client_credentials,outcome=ok"
    assert found[f"{total}{{{outcome}}}"] == 2
    assert found[f"{total}{{client_id=web,{outcome}}}"] == 1


def other_process(directory: Path, pid: int, instruments: Instruments) -> None:
    (directory / f"{pid}.json").write_text(json.dumps(instruments.export()))


def an_hour_of_work(*, tokens: int, active: int, succeeded_at: float) -> Instruments:
    instruments = Instruments()
    instruments.number(metrics.TOKENS_ISSUED).add("access_token", by=tokens)
    instruments.number(metrics.ACTIVE_REQUESTS).set(active)
    instruments.number(metrics.JOB_LAST_SUCCESS).set(succeeded_at, "sweep")
    instruments.histogram(metrics.REQUEST_DURATION).observe(0.02, "GET", "jwks", 200)
    return instruments


def test_whichever_process_is_asked_gives_the_sums(tmp_path: Path) -> None:
    own = an_hour_of_work(tokens=5, active=1, succeeded_at=100)
    snapshots = Snapshots(tmp_path, own)
    snapshots.publish()
    own.number(metrics.TOKENS_ISSUED).add("access_token")  # not in its file yet
    other_process(tmp_path, 1, an_hour_of_work(tokens=7, active=2, succeeded_at=300))
    other_process(tmp_path, 2, an_hour_of_work(tokens=9, active=0, succeeded_at=200))
    found = counted(snapshots.gather())
    assert found["ostiary_tokens_issued_total{type=access_token}"] == 5 + 1 + 7 + 9
    assert found["http_server_active_requests"] == 3
    assert found["ostiary_job_last_success_timestamp_seconds{task=sweep}"] == 300
    jwks = "http_request_method=GET,http_response_status_code=200,http_route=jwks"
    assert found[f"http_server_request_duration_seconds_count{{{jwks}}}"] == 3
    assert {each.name for each in tmp_path.iterdir()} >= {f"{os.getpid()}.json"}


def test_what_the_dead_have_counted_stays_and_what_they_did_does_not(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, Instruments())
    for pid in (1, 2):
        other_process(tmp_path, pid, an_hour_of_work(tokens=7, active=2, succeeded_at=300 - pid))
    for pid in (1, 2, 3):
        retire(tmp_path, pid)
    assert {each.name for each in tmp_path.glob("*.json")} == {OF_THE_GONE}
    found = counted(snapshots.gather())
    assert found["ostiary_tokens_issued_total{type=access_token}"] == 14
    assert found["ostiary_job_last_success_timestamp_seconds{task=sweep}"] == 299
    assert "http_server_active_requests" not in found


def test_a_clock_that_is_set_is_noticed_and_one_that_is_kept_right_is_not() -> None:
    instruments = Instruments()
    watch = ClockWatch(instruments)
    for clock, monotonic in ((1000, 0), (1001, 1), (1002.4, 2), (4602, 3), (4603, 4), (1005, 5)):
        watch.look(clock, monotonic)
    steps = instruments.number(metrics.CLOCK_STEPS).values
    assert steps == {("forward",): 1, ("back",): 1}
