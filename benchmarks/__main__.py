"""Compares Ostiary with its peers, and with itself as it grows: python -m benchmarks --help."""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from benchmarks import campaign, profile, report, scaling, sizes, soak
from benchmarks.campaign import Cores, Plan
from benchmarks.machine import machine, versions
from benchmarks.messages import LoadError
from benchmarks.ostiary import OURS
from benchmarks.peer_authlib import AUTHLIB
from benchmarks.peer_django_oauth_toolkit import DJANGO_OAUTH_TOOLKIT
from benchmarks.peer_oidc_provider import OIDC_PROVIDER
from benchmarks.subjects import Subject
from benchmarks.tables import write_part
from benchmarks.workloads import WORKLOADS

SUBJECTS = (*OURS, *OIDC_PROVIDER, AUTHLIB, DJANGO_OAUTH_TOOLKIT)
MOST_CONNECTIONS = 256
MOST_SECONDS = 60.0
MOST_ROUNDS = 50
MOST_OPERATIONS = 2_000_000
QUICK = {"seconds": 0.5, "rounds": 1, "schedules": 1, "starts": 1}
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"


def main() -> int:
    signal.signal(signal.SIGTERM, end_orderly)
    arguments = parser().parse_args()
    try:
        plan = plan_from(arguments)
        chosen_mode(arguments)(plan, arguments)
    except LoadError as error:
        print(f"benchmark failed: {error}", file=sys.stderr)
        return 1
    return 0


def end_orderly(_signal: int, _frame: FrameType | None) -> None:
    """Leaves by an exception, so that the servers are ended on the way out."""
    raise SystemExit(143)


Mode = Callable[[Plan, argparse.Namespace], None]


def chosen_mode(arguments: argparse.Namespace) -> Mode:
    if arguments.soak is not None:
        return run_soak
    if arguments.sizes:
        return run_sizes
    if arguments.profile:
        return run_profile
    return run_scaling if arguments.workers else run_comparison


def run_comparison(plan: Plan, arguments: argparse.Namespace) -> None:
    alone = on_one_core(plan)
    outcome = campaign.run(alone)
    facts = facts_of(alone)
    show("comparison", report.as_text(outcome, alone, facts), arguments)
    if arguments.json is not None:
        text = json.dumps(report.as_json(outcome, facts), indent=2)
        arguments.json.write_text(f"{text}\n")
    if is_whole(arguments):
        run_scaling(plan, arguments)
        run_profile(plan, arguments)


def run_scaling(plan: Plan, arguments: argparse.Namespace) -> None:
    scaled = replace(
        ours_of(plan),
        workloads=[each for each in WORKLOADS if each.name in scaling.SCALED],
        connections=scaling.CONNECTIONS,
    )
    if len(plan.cores.server) < max(scaling.WORKERS):
        raise LoadError("two workers need four cores: two for them, two for the others")
    rates = scaling.run(scaled)
    names = [subject.name for subject in scaled.subjects]
    text = scaling.as_text(rates, names, scaled.workloads)
    show("workers", text, arguments)


def run_profile(plan: Plan, arguments: argparse.Namespace) -> None:
    alone = replace(
        on_one_core(plan),
        subjects=OURS[:1],
        workloads=[each for each in plan.workloads if each.name.split()[0] in profile.PROFILED],
    )
    show("profile", profile.run(alone), arguments)


def run_sizes(plan: Plan, arguments: argparse.Namespace) -> None:
    ours = on_one_core(ours_of(plan))
    show("sizes", sizes.run(ours, facts_of(ours), quick=arguments.quick), arguments)


def run_soak(plan: Plan, arguments: argparse.Namespace) -> None:
    ours = on_one_core(ours_of(plan))
    show("soak", soak.run(ours, arguments.soak, facts_of(ours)), arguments)


def on_one_core(plan: Plan) -> Plan:
    """What the server does not need there, the database can use."""
    first, *others = plan.cores.server
    cores = replace(plan.cores, server=(first,), database=(*others, *plan.cores.database))
    return replace(plan, cores=cores)


def ours_of(plan: Plan) -> Plan:
    return replace(plan, subjects=[subject for subject in plan.subjects if subject.is_ours])


def show(part: str, text: str, arguments: argparse.Namespace) -> None:
    print(f"{text}\n")
    if is_whole(arguments):
        write_part(PAGE, part, text)


def is_whole(arguments: argparse.Namespace) -> bool:
    """What is only a part, or quick, is not for the page."""
    return not (arguments.quick or arguments.subject or arguments.workload)


def facts_of(plan: Plan) -> dict[str, str]:
    data = plan.data or Path(tempfile.gettempdir())
    found = versions(plan.subjects).items()
    return {
        **machine(plan.cores, data),
        "versions": ", ".join(f"{name} {version}" for name, version in found),
    }


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compares Ostiary with its peers: the same work, in turns, on one core. "
        "A whole run writes its tables into docs/reference/performance.md.",
    )
    mode = found.add_mutually_exclusive_group()
    mode.add_argument("--workers", action="store_true", help="only: one and two workers")
    mode.add_argument(
        "--profile", action="store_true", help="only: where the time of a request goes"
    )
    mode.add_argument("--sizes", action="store_true", help="instead: small and large databases")
    mode.add_argument(
        "--soak", type=duration, metavar="TIME", help="instead: half load for 30m, 2h or 90s"
    )
    add_choices(found)
    found.add_argument(
        "--connections", type=int, default=16, help=f"1 to {MOST_CONNECTIONS} (default: 16)"
    )
    found.add_argument(
        "--seconds", type=float, default=1.5, help="length of one run (default: 1.5)"
    )
    found.add_argument("--rounds", type=int, default=5, help="of the closed loop (default: 5)")
    found.add_argument("--schedules", type=int, default=2, help="of the open loop (default: 2)")
    found.add_argument("--starts", type=int, default=3, help="cold starts of each (default: 3)")
    found.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where servers keep their data (default: a temporary folder)",
    )
    found.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    found.add_argument(
        "--quick", action="store_true", help="everything for a moment: three minutes, no page"
    )
    return found


def add_choices(found: argparse.ArgumentParser) -> None:
    for name, of, names in (
        ("--subject", "provider", [subject.name for subject in SUBJECTS]),
        ("--workload", "workload", [workload.name for workload in WORKLOADS]),
    ):
        found.add_argument(
            name,
            action="append",
            choices=names,
            help=f"measure only this {of}; may be given several times (default: all)",
        )


def duration(text: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600}
    if not text[:-1].isdigit() or text[-1] not in units:
        raise argparse.ArgumentTypeError("write a time such as 90s, 30m or 2h")
    return int(text[:-1]) * units[text[-1]]


def plan_from(arguments: argparse.Namespace) -> Plan:
    amounts = {name: getattr(arguments, name) for name in QUICK} | (
        QUICK if arguments.quick else {}
    )
    check_range("connections", arguments.connections, MOST_CONNECTIONS)
    check_range("seconds", amounts["seconds"], MOST_SECONDS)
    for name in ("rounds", "schedules", "starts"):
        check_range(name, amounts[name], MOST_ROUNDS)
    return Plan(
        subjects=choose_subjects(arguments.subject),
        workloads=[each for each in WORKLOADS if chosen(each.name, arguments.workload)],
        connections=arguments.connections,
        limit=MOST_OPERATIONS,
        cores=share_out(sorted(os.sched_getaffinity(0))),
        data=arguments.data,
        **amounts,
    )


def share_out(cores: Sequence[int]) -> Cores:
    """With four, each has its own; with fewer the database goes to the generator's."""
    if len(cores) >= 4:
        return Cores(server=tuple(cores[:2]), generator=cores[2], database=(cores[3],))
    return Cores(server=(cores[0],), generator=cores[:2][-1], database=(cores[-1],))


def choose_subjects(names: list[str] | None) -> list[Subject]:
    """The named subjects, which must be installed, or all that are."""
    missing = {each.name: each.missing() for each in SUBJECTS if chosen(each.name, names)}
    for name, reason in missing.items():
        if reason is not None:
            if names is not None:
                raise LoadError(f"{name}: {reason}")
            print(f"left out: {name}: {reason}", file=sys.stderr)
    return [each for each in SUBJECTS if missing.get(each.name, "not chosen") is None]


def chosen(name: str, names: list[str] | None) -> bool:
    return names is None or name in names


def check_range(name: str, value: float, most: float) -> None:
    if not 0 < value <= most:
        raise LoadError(f"--{name} must be above 0 and at most {most:g}")


if __name__ == "__main__":
    sys.exit(main())
