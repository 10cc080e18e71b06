"""Counting: numbers in dictionaries, for one thread, so that a request's share costs a microsecond.

What asks for no lock, no file and no text on the way is added up over processes when somebody looks
(`telemetry.snapshots`).
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from ostiary.telemetry.metrics import METRICS, Kind, Metric

# Beyond it a new combination of labels is counted as "other": nobody may fill our memory, or that
# of who watches us, by asking for things that are not there.
MOST_SERIES = 5000
OTHER = "other"
CLIENT_LABEL = "client_id"

Label: TypeAlias = str | int
Labels: TypeAlias = tuple[Label, ...]
# As it travels between processes: of each metric the labels and the number, or the cells.
Exported: TypeAlias = Mapping[str, Sequence[tuple[Sequence[Label], float | Sequence[float]]]]


class Numbers:
    """A counter or a gauge: a number for each combination of labels."""

    __slots__ = ("metric", "values")

    def __init__(self, metric: Metric) -> None:
        self.metric: Final = metric
        self.values: Final[dict[Labels, float]] = {}

    @property
    def label_names(self) -> tuple[str, ...]:
        """The client is always among them, so that no series changes its width when that is
        switched on: empty, which is the same as none to Prometheus, as long as it is off."""
        by_client = self.metric.by_client
        return (*self.metric.labels, CLIENT_LABEL) if by_client else self.metric.labels

    def add(self, *labels: Label, by: float = 1) -> None:
        values = self.values
        if labels not in values and len(values) >= MOST_SERIES:
            labels = (OTHER,) * len(labels)
        values[labels] = values.get(labels, 0) + by

    def set(self, value: float, *labels: Label) -> None:
        self.values[labels] = value

    def absorb(self, labels: Labels, value: float) -> None:
        """Add what another process has counted."""
        if self.metric.by_largest:
            self.values[labels] = max(value, self.values.get(labels, value))
        else:
            self.add(*labels, by=value)


class Histogram:
    """For each combination of labels how many values came up to each bound, and their sum."""

    __slots__ = ("bounds", "metric", "values")

    def __init__(self, metric: Metric) -> None:
        self.metric: Final = metric
        self.bounds: Final = metric.buckets
        # One more for what is above all bounds; the sum comes last.
        self.values: Final[dict[Labels, list[float]]] = {}

    def observe(self, value: float, *labels: Label) -> None:
        cells = self.values.get(labels)
        if cells is None:
            cells = self._cells(labels)
        cells[bisect_left(self.bounds, value)] += 1
        cells[-1] += value

    def absorb(self, labels: Labels, cells: Sequence[float]) -> None:
        own = self.values.get(labels) or self._cells(labels)
        own[:] = [mine + theirs for mine, theirs in zip(own, cells, strict=True)]

    def _cells(self, labels: Labels) -> list[float]:
        if len(self.values) >= MOST_SERIES:
            labels = (OTHER,) * len(labels)
        return self.values.setdefault(labels, [0.0] * (len(self.bounds) + 2))


class Instruments:
    """An instrument for every metric of the table. One for the process."""

    def __init__(self) -> None:
        self.numbers: Final = {
            metric.name: Numbers(metric) for metric in METRICS if metric.kind is not Kind.HISTOGRAM
        }
        self.histograms: Final = {
            metric.name: Histogram(metric) for metric in METRICS if metric.kind is Kind.HISTOGRAM
        }

        for numbers in self.numbers.values():
            # What has not happened yet is seen to begin at 0.
            if numbers.metric.kind is Kind.COUNTER and not numbers.metric.labels:
                numbers.set(0)
        self._samples: Final[dict[str, Callable[[], Mapping[Labels, float]]]] = {}

    def sample(self, metric: Metric, values: Callable[[], Mapping[Labels, float]]) -> None:
        """What stands somewhere already is read when somebody looks."""
        self._samples[metric.name] = values

    def number(self, metric: Metric) -> Numbers:
        return self.numbers[metric.name]

    def histogram(self, metric: Metric) -> Histogram:
        return self.histograms[metric.name]

    def export(self) -> Exported:
        for name, values in self._samples.items():
            self.numbers[name].values.update(values())
        return {
            **{name: list(each.values.items()) for name, each in self.numbers.items()},
            **{name: list(each.values.items()) for name, each in self.histograms.items()},
        }

    def absorb(self, exported: Exported, *, gauges: bool = True) -> None:
        """Add what another process has counted; without what is true of it only while it lives."""
        for name, series in exported.items():
            for labels, value in series:
                if isinstance(value, Sequence):
                    self.histograms[name].absorb(tuple(labels), value)
                elif gauges or self.numbers[name].metric.outlives_process:
                    self.numbers[name].absorb(tuple(labels), value)
