"""The numbers as Prometheus reads them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ostiary.telemetry.instruments import Histogram, Instruments, Labels, Numbers
from ostiary.telemetry.metrics import Kind

if TYPE_CHECKING:
    from prometheus_client import Metric

# Of the text format that every scraper reads.
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def expose(instruments: Instruments) -> bytes:
    # Its import takes as long as half of a start: it comes with the first look.
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415

    collectors = CollectorRegistry(auto_describe=False)
    collectors.register(_Collector(instruments))
    return generate_latest(collectors)


class _Collector:
    """As prometheus_client asks for it."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def collect(self) -> Iterator["Metric"]:
        for numbers in self._instruments.numbers.values():
            yield _family_of_numbers(numbers)
        for histogram in self._instruments.histograms.values():
            yield _family_of_histogram(histogram)


def _family_of_numbers(numbers: Numbers) -> "Metric":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

    metric = numbers.metric
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.meaning, labels=numbers.label_names)
    for labels, value in numbers.values.items():
        family.add_metric(_texts(labels), value)
    return family


def _family_of_histogram(histogram: Histogram) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415

    metric = histogram.metric
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, cells in histogram.values.items():
        *counts, total = cells
        up_to = 0.0
        buckets = []
        for bound, count in zip((*map(str, metric.buckets), "+Inf"), counts, strict=True):
            up_to += count
            buckets.append((bound, up_to))
        family.add_metric(_texts(labels), buckets, total)
    return family


def _texts(labels: Labels) -> list[str]:
    return [str(label) for label in labels]
