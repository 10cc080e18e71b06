"""The outcome as tables for people and as JSON for programs."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.campaign import Outcome, Plan, Result
from benchmarks.load import Measurement
from benchmarks.processes import output_of
from benchmarks.subjects import Subject

MEBIBYTE = 1024 * 1024
BUSY_GENERATOR = 0.9
"""Above this share of its core the generator may be what was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One workload of one subject over all rounds; times in seconds."""

    workload: str
    subject: str
    operations: int
    rate: float
    slowest: float
    fastest: float
    median: float
    percentile_99: float
    server_cpu_each: float
    generator_share: float
    rate_ratio: float | None
    """Ours divided by the peer's: above 1 we do more."""
    cpu_ratio: float | None
    """Ours divided by the peer's: below 1 we use less."""


def lines(outcome: Outcome, plan: Plan) -> list[Line]:
    found = []
    for workload in plan.workloads:
        peer = baseline(outcome.results, workload.name, plan.subjects)
        for subject in plan.subjects:
            runs = runs_of(outcome.results, workload.name, subject.name)
            found.append(line(workload.name, subject, runs, peer))
    return found


def line(
    workload: str, subject: Subject, runs: Sequence[Measurement], peer: Sequence[Measurement]
) -> Line:
    rates = [run.rate for run in runs]
    cpu = median(run.server_cpu_each for run in runs)
    compared = bool(peer) and subject.is_ours
    return Line(
        workload=workload,
        subject=subject.name,
        operations=sum(run.operations for run in runs),
        rate=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        median=median(run.median for run in runs),
        percentile_99=median(run.percentile_99 for run in runs),
        server_cpu_each=cpu,
        generator_share=max(run.generator_share for run in runs),
        rate_ratio=median(rates) / median(run.rate for run in peer) if compared else None,
        cpu_ratio=cpu / median(run.server_cpu_each for run in peer) if compared else None,
    )


def runs_of(results: Iterable[Result], workload: str, subject: str) -> list[Measurement]:
    return [
        result.measurement
        for result in results
        if result.workload == workload and result.subject == subject
    ]


def baseline(
    results: Iterable[Result], workload: str, subjects: Sequence[Subject]
) -> list[Measurement]:
    """The runs of the first subject that is not ours, if one takes part."""
    peer = next((subject for subject in subjects if not subject.is_ours), None)
    return [] if peer is None else runs_of(results, workload, peer.name)


def machine(plan: Plan, data: Path) -> dict[str, str]:
    return {
        "processor": processor_name(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "pinning": f"server core {plan.server_core}, generator core {plan.generator_core}",
        "data folder": output_of("stat", "--file-system", "--format=%T", str(data)),
        "commit": commit(),
    }


def processor_name() -> str:
    names = [
        value.strip()
        for key, _, value in (
            line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()
        )
        if key.strip() == "model name"
    ]
    return names[0] if names else platform.machine()


def commit() -> str:
    folder = str(Path(__file__).parent)
    name = output_of("git", "-C", folder, "rev-parse", "--short", "HEAD")
    changed = output_of("git", "-C", folder, "status", "--porcelain")
    return f"{name or 'none'}{' with changes' if changed else ''}"


def versions(subjects: Iterable[Subject]) -> dict[str, str]:
    return {name: found for subject in subjects for name, found in subject.versions().items()}


def as_json(outcome: Outcome, plan: Plan, facts: dict[str, str]) -> dict[str, object]:
    return {
        "machine": facts,
        "versions": versions(plan.subjects),
        "plan": {
            "connections": plan.connections,
            "seconds": plan.seconds,
            "rounds": plan.rounds,
            "starts": plan.starts,
        },
        "workloads": [asdict(each) for each in lines(outcome, plan)],
        "runs": [asdict(result) for result in outcome.results],
        "starts": [asdict(each) for each in outcome.starts],
        "memory_after_load": {name: asdict(memory) for name, memory in outcome.loaded.items()},
    }


def as_text(outcome: Outcome, plan: Plan, facts: dict[str, str]) -> str:
    found = lines(outcome, plan)
    parts = [
        *(f"{name}: {value}" for name, value in {**facts, **versions(plan.subjects)}.items()),
        f"{plan.connections} connections, {plan.rounds} rounds of {plan.seconds:g} s",
        "",
        table(LOAD_HEADINGS, [load_row(each) for each in found]),
        "",
        table(START_HEADINGS, start_rows(outcome)),
        *warnings(found, facts),
    ]
    return "\n".join(parts)


LOAD_HEADINGS = (
    "workload",
    "subject",
    "per s",
    "(min-max)",
    "p50 ms",
    "p99 ms",
    "server CPU us",
    "generator busy",
    "per s : peer",
    "CPU : peer",
)
START_HEADINGS = (
    "subject",
    "first start ms",
    "start ms",
    "idle RSS MiB",
    "idle PSS MiB",
    "RSS MiB after load",
)


def load_row(each: Line) -> tuple[str, ...]:
    return (
        each.workload,
        each.subject,
        f"{each.rate:,.0f}",
        f"({each.slowest:,.0f}-{each.fastest:,.0f})",
        f"{each.median * 1e3:.2f}",
        f"{each.percentile_99 * 1e3:.2f}",
        f"{each.server_cpu_each * 1e6:,.0f}",
        f"{each.generator_share:.0%}",
        "" if each.rate_ratio is None else f"{each.rate_ratio:.2f}x",
        "" if each.cpu_ratio is None else f"{each.cpu_ratio:.2f}x",
    )


def start_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    return [
        (
            each.subject,
            f"{each.first_ever * 1e3:,.0f}",
            f"{each.with_data * 1e3:,.0f}",
            f"{each.idle.resident / MEBIBYTE:.1f}",
            f"{each.idle.proportional / MEBIBYTE:.1f}",
            f"{outcome.loaded[each.subject].resident / MEBIBYTE:.1f}",
        )
        for each in outcome.starts
    ]


def warnings(found: Iterable[Line], facts: dict[str, str]) -> list[str]:
    busy = sorted({each.workload for each in found if each.generator_share > BUSY_GENERATOR})
    texts = []
    if busy:
        texts.append(f"Warning: the generator was the limit in {', '.join(busy)}; compare CPU.")
    if facts["data folder"] == "tmpfs":
        texts.append("Warning: the data folder is in memory, so durable writes cost nothing.")
    return texts


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their contents: names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, figures(headings), strict=True)
        ).rstrip()
        for row in (headings, *rows)
    )


def figures(headings: Sequence[str]) -> list[bool]:
    return [heading not in ("workload", "subject") for heading in headings]
