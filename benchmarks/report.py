"""What the comparison found, as tables for people and as JSON for programs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.campaign import Outcome, Plan, Result
from benchmarks.load import Measurement
from benchmarks.subjects import Subject
from benchmarks.tables import listing, table
from benchmarks.workloads import Workload

MEBIBYTE = 1024 * 1024
BUSY_GENERATOR = 0.6
"""Above this share of its core the generator may be part of what was measured."""
NOT_MEASURED = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One workload of one subject: medians over the rounds, times in seconds."""

    workload: str
    subject: str
    rate: float
    slowest: float
    fastest: float
    server_cpu_each: float
    generator_share: float
    median: float | None = None
    percentile_95: float | None = None
    percentile_99: float | None = None
    """At half of the rate; without a schedule there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours beside those that it is fair to compare it with."""

    heading: str
    ours: str
    others: tuple[str, ...]
    goals: tuple[float, ...]
    """In the order of WITH_GOALS: what the ratio of the rates is to be at least."""


WITH_GOALS = (
    *("client_credentials RS256", "client_credentials ES256", "userinfo"),
    *("refresh RS256", "refresh ES256", "code_flow RS256", "code_flow ES256"),
    *("discovery", "jwks"),
)
COMPARISONS = (
    Comparison(
        heading="SQLite : npm in memory",
        ours="ostiary-sqlite",
        others=("oidc-provider-memory",),
        goals=(1.4, 1.6, 2, 1.2, 2, 1.6, 2.5, 3, 1.5),
    ),
    Comparison(
        heading="both PostgreSQL",
        ours="ostiary-postgresql",
        others=("oidc-provider-postgresql",),
        goals=(1.6, 2, 3, 2, 3, 2.2, 3.5, 3, 1.5),
    ),
    Comparison(
        heading="SQLite : best Python peer",
        ours="ostiary-sqlite",
        others=("authlib", "django-oauth-toolkit"),
        goals=(4, 9, 7, 5, 9, 8, 14, 4, 4),
    ),
)

Lines = dict[tuple[str, str], Line]


def lines(outcome: Outcome) -> Lines:
    pairs = dict.fromkeys((result.workload, result.subject) for result in outcome.results)
    return {pair: line(*pair, outcome.results) for pair in pairs}


def line(workload: str, subject: str, results: Sequence[Result]) -> Line:
    closed = runs_of(results, workload, subject, scheduled=False)
    scheduled = runs_of(results, workload, subject, scheduled=True)
    rates = [run.rate for run in closed]
    return Line(
        workload=workload,
        subject=subject,
        rate=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        server_cpu_each=median(run.server_cpu_each for run in closed),
        generator_share=max(run.generator_share for run in closed),
        median=middle(run.median for run in scheduled),
        percentile_95=middle(run.percentile_95 for run in scheduled),
        percentile_99=middle(run.percentile_99 for run in scheduled),
    )


def runs_of(
    results: Iterable[Result], workload: str, subject: str, *, scheduled: bool
) -> list[Measurement]:
    wanted = (workload, subject, scheduled)
    return [
        result.measurement
        for result in results
        if (result.workload, result.subject, result.scheduled) == wanted
    ]


def middle(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def as_text(outcome: Outcome, plan: Plan, facts: dict[str, str]) -> str:
    found = lines(outcome)
    parts = [
        listing(facts.items()),
        f"{plan.connections} connections; {plan.rounds} rounds of {plan.seconds:g} s in which the "
        f"subjects take turns, and {plan.schedules} at half of the rate.",
        "**Throughput**: operations a second (processor time of the server for one, in µs)",
        by_subject(found, plan, throughput),
        "**Ratios** of the medians: operations a second, ours divided by theirs (processor time "
        "for one, theirs divided by ours), and what the first is to be at least",
        table(
            ("work", *(text for each in COMPARISONS for text in (each.heading, "goal"))),
            [ratio_row(found, workload.name) for workload in plan.workloads],
        ),
        "**Latency** in ms at half of the throughput, from when a request should have been sent: "
        "p50 / p95 / p99",
        by_subject(found, plan, latency),
        "**Start and memory**",
        table(
            (
                "subject",
                "ms to the first 200",
                "idle MiB (RSS)",
                "idle MiB (PSS)",
                "MiB at the end (RSS)",
            ),
            start_rows(outcome),
        ),
        *left_out(plan),
        *busy_generator(found.values()),
    ]
    return "\n\n".join(parts)


def by_subject(found: Lines, plan: Plan, cell: Callable[[Line], str]) -> str:
    names = [subject.name for subject in plan.subjects]
    rows = [
        (
            workload.name,
            *(
                cell(found[workload.name, name]) if (workload.name, name) in found else NOT_MEASURED
                for name in names
            ),
        )
        for workload in plan.workloads
    ]
    return table(("work", *names), rows)


def throughput(each: Line) -> str:
    return f"{each.rate:,.0f} ({each.server_cpu_each * 1e6:,.0f})"


def latency(each: Line) -> str:
    if each.median is None or each.percentile_95 is None or each.percentile_99 is None:
        return NOT_MEASURED
    values = (each.median, each.percentile_95, each.percentile_99)
    return " / ".join(f"{value * 1e3:.2f}" for value in values)


def ratio_row(found: Lines, workload: str) -> tuple[str, ...]:
    cells = [
        cell
        for each in COMPARISONS
        for cell in (ratio(found, workload, each), goal(workload, each))
    ]
    return (workload, *cells)


def ratio(found: Lines, workload: str, asked: Comparison) -> str:
    ours = found.get((workload, asked.ours))
    others = [found[workload, name] for name in asked.others if (workload, name) in found]
    if ours is None or not others:
        return NOT_MEASURED
    best = max(others, key=lambda each: each.rate)
    cpu = best.server_cpu_each / ours.server_cpu_each
    return f"{ours.rate / best.rate:.2f}x ({cpu:.2f}x)"


def goal(workload: str, asked: Comparison) -> str:
    if workload not in WITH_GOALS:
        return ""
    return f"{asked.goals[WITH_GOALS.index(workload)]:g}x"


def start_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    return [
        (
            each.subject,
            f"{each.seconds * 1e3:,.0f}",
            f"{each.idle.resident / MEBIBYTE:.0f}",
            f"{each.idle.proportional / MEBIBYTE:.0f}",
            f"{outcome.loaded[each.subject].resident / MEBIBYTE:.0f}",
        )
        for each in outcome.starts
    ]


def left_out(plan: Plan) -> list[str]:
    """Why there is no figure, in one sentence for each."""
    reasons = [
        (f"{subject.name}, {', '.join(names)}", reason)
        for subject in plan.subjects
        for reason, names in reasons_against(subject, plan.workloads).items()
    ]
    return [f"Not measured:\n\n{listing(reasons)}"] if reasons else []


def reasons_against(subject: Subject, workloads: Iterable[Workload]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for workload in workloads:
        reason = subject.reason_against(workload.name, workload.tokens)
        if reason is not None:
            found.setdefault(reason, []).append(workload.name)
    return found


def busy_generator(found: Iterable[Line]) -> list[str]:
    busy = sorted({each.workload for each in found if each.generator_share > BUSY_GENERATOR})
    if not busy:
        return []
    return [
        f"The generator used more than {BUSY_GENERATOR:.0%} of its core in {', '.join(busy)}: "
        "compare the processor time there."
    ]


def as_json(outcome: Outcome, facts: dict[str, str]) -> dict[str, object]:
    return {
        "machine": facts,
        "workloads": [asdict(each) for each in lines(outcome).values()],
        "runs": [asdict(result) for result in outcome.results],
        "starts": [asdict(each) for each in outcome.starts],
        "memory_after_load": {name: asdict(memory) for name, memory in outcome.loaded.items()},
    }
