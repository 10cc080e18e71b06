"""The dashboard and the alerts speak of metrics that there are, and the table of all that are told."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.telemetry.exposition import expose
from ostiary.telemetry.instruments import Instruments
from ostiary.telemetry.metrics import METRICS, Kind, Metric
from scripts.dashboard import PATH as DASHBOARD
from scripts.dashboard import dashboard

ALERTS = DASHBOARD.parents[1] / "prometheus" / "alerts.yaml"
GUIDE = DASHBOARD.parents[2] / "docs" / "how-to" / "monitor.md"
BY_NAME = {metric.name: metric for metric in METRICS}
# What Prometheus adds, or we with the buckets.
ADDED = {"job", "instance", "le"}

_NAME = re.compile(r"\b(?:ostiary|http_server)_[a-z_]+\b")
_SELECTED = re.compile(r"\b((?:ostiary|http_server)_[a-z_]+)\{([^{}]*)\}")
_LABEL = re.compile(r'([a-z_]+)(?:=~|!=|!~|=)"')


def metric_named(name: str) -> Metric:
    return BY_NAME[re.sub(r"_(bucket|count|sum)$", "", name) if name not in BY_NAME else name]


def check_query(query: str) -> None:
    for name in _NAME.findall(query):
        metric_named(name)
    for name, labels in _SELECTED.findall(query):
        assert set(_LABEL.findall(labels)) <= {*metric_named(name).labels, *ADDED}, query


def test_the_dashboard_is_what_the_script_writes_today() -> None:
    assert DASHBOARD.read_text("utf-8") == dashboard(), "run: python -m scripts.dashboard"


def queries(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        for target in panel.get("targets", ()):
            yield target["expr"]


def test_the_dashboard_has_a_panel_for_every_metric_and_no_two_in_one_place() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    found = list(queries(panels))
    for query in found:
        check_query(query)
    named = {metric_named(name).name for query in found for name in _NAME.findall(query)}
    assert named == set(BY_NAME)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert sorted(panel["id"] for panel in panels) == list(range(1, len(panels) + 1))


@pytest.mark.parametrize("path", [ALERTS, GUIDE], ids=lambda path: str(path.name))
def test_alerts_and_guide_name_metrics_and_labels_that_there_are(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(_NAME.findall(text)) >= 5
    check_query(text)


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    alerts = ALERTS.read_text("utf-8").split("- alert: ")[1:]
    assert len(alerts) >= 10
    for alert in alerts:
        for part in ("expr: ", "labels: {severity: ", "summary: ", "description: "):
            assert part in alert, alert


def test_what_is_told_is_what_stands_in_the_table() -> None:
    exposed = expose(Instruments()).decode()
    told = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposed, re.MULTILINE))
    assert told == {metric.name: metric.kind.value for metric in METRICS}


def test_names_are_as_prometheus_has_them() -> None:
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM), metric.name
        assert not {"job", "instance", "le", "quantile"} & set(metric.labels), metric.name
        assert metric.meaning.endswith("."), metric.name
