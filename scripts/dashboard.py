"""Writes the Grafana dashboard from the table of metrics: python -m scripts.dashboard.

A panel for each metric, in the sections of the reference. A test compares what this gives with what
is committed.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ostiary.telemetry.metrics import SECTIONS, Kind, Metric

PATH = Path(__file__).parents[1] / "contrib" / "grafana" / "ostiary.json"

WIDTH, HEIGHT, IN_A_ROW = 8, 7, 3
# What the variables of the dashboard choose.
CHOSEN = 'job=~"$job"'
RATE = "[$__rate_interval]"
SOURCE = {"type": "prometheus", "uid": "${source}"}


def expressions(metric: Metric) -> Sequence[tuple[str, str]]:
    """What a panel shows of the metric, each with its legend."""
    labels = metric.labels
    legend = " ".join(f"{{{{{label}}}}}" for label in labels) or "all"
    match metric.kind:
        case Kind.COUNTER:
            return [(f"sum{_by(labels)} (rate({metric.name}{{{CHOSEN}}}{RATE}))", legend)]
        case Kind.GAUGE:
            function = "max" if metric.by_largest else "sum"
            return [(f"{function}{_by(labels)} ({metric.name}{{{CHOSEN}}})", legend)]
        case Kind.HISTOGRAM:
            # By what is asked alone: a status would cut the requests too small.
            shown = [label for label in labels if label.endswith(("route", "operation"))]
            buckets = f"sum{_by(['le', *shown])} (rate({metric.name}_bucket{{{CHOSEN}}}{RATE}))"
            of = " ".join(f"{{{{{label}}}}}" for label in shown)
            return [
                (f"histogram_quantile({share}, {buckets})", f"{of} p{share * 100:.0f}".strip())
                for share in (0.5, 0.99)
            ]


def dashboard() -> str:
    panels = list(_panels())
    content = {
        "uid": "ostiary",
        "title": "Ostiary",
        "tags": ["ostiary"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source_variable(), _job_variable()]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }
    return json.dumps(content, indent=2) + "\n"


def _by(labels: Sequence[str]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def _panels() -> Iterator[dict[str, object]]:
    top = 0
    for title, section in SECTIONS.items():
        place = {"x": 0, "y": top, "w": WIDTH * IN_A_ROW, "h": 1}
        yield {"type": "row", "title": title, "gridPos": place, "collapsed": False, "panels": []}
        top += 1
        for number, metric in enumerate(section):
            row, column = divmod(number, IN_A_ROW)
            place = {"x": column * WIDTH, "y": top + row * HEIGHT, "w": WIDTH, "h": HEIGHT}
            yield _panel(metric, place)
        top += -(-len(section) // IN_A_ROW) * HEIGHT


def _panel(metric: Metric, place: dict[str, int]) -> dict[str, object]:
    return {
        "type": "timeseries",
        "title": _title(metric),
        "description": metric.meaning,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": _unit(metric), "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": expr,
                "legendFormat": by,
            }
            for number, (expr, by) in enumerate(expressions(metric))
        ],
    }


def _title(metric: Metric) -> str:
    words = metric.name.removeprefix("ostiary_").removesuffix("_total").removesuffix("_seconds")
    title = words.removesuffix("_timestamp").replace("_", " ")
    return title + (" a second" if metric.kind is Kind.COUNTER else "")


def _unit(metric: Metric) -> str:
    if metric.name.endswith("_timestamp_seconds"):
        return "dateTimeFromNow"
    return "s" if metric.name.endswith("_seconds") else "short"


def _source_variable() -> dict[str, object]:
    return {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _job_variable() -> dict[str, object]:
    return {
        "name": "job",
        "label": "Service",
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": "label_values(ostiary_build_info, job)", "refId": "job"},
        "includeAll": True,
        "multi": True,
        "refresh": 1,
    }


def main() -> None:
    PATH.write_text(dashboard(), encoding="utf-8")
    sys.stdout.write(f"{PATH.relative_to(PATH.parents[2])}\n")


if __name__ == "__main__":
    main()
