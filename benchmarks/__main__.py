"""Compares Ostiary with its peers under load: python -m benchmarks --help."""

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from benchmarks import campaign, report
from benchmarks.campaign import Plan
from benchmarks.messages import LoadError
from benchmarks.subjects import SUBJECTS, Subject
from benchmarks.workloads import WORKLOADS

MOST_CONNECTIONS = 256
MOST_SECONDS = 60.0
MOST_ROUNDS = 50
QUICK_SECONDS = 0.3
MOST_OPERATIONS = 2_000_000


def main() -> int:
    signal.signal(signal.SIGTERM, end_orderly)
    arguments = parser().parse_args()
    try:
        plan = plan_from(arguments)
        outcome = campaign.run(plan)
    except LoadError as error:
        print(f"benchmark failed: {error}", file=sys.stderr)
        return 1
    facts = report.machine(plan, plan.data or Path(tempfile.gettempdir()))
    print(report.as_text(outcome, plan, facts))
    if arguments.json is not None:
        text = json.dumps(report.as_json(outcome, plan, facts), indent=2)
        arguments.json.write_text(f"{text}\n")
    return 0


def end_orderly(_signal: int, _frame: FrameType | None) -> None:
    """Leaves by an exception, so that the servers are ended on the way out."""
    raise SystemExit(143)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compares Ostiary with its peers: the same work, in turns, on one core.",
    )
    found.add_argument(
        "--subject",
        action="append",
        choices=[subject.name for subject in SUBJECTS],
        help="measure only this provider; may be given several times (default: all)",
    )
    found.add_argument(
        "--workload",
        action="append",
        choices=[workload.name for workload in WORKLOADS],
        help="measure only this workload; may be given several times (default: all)",
    )
    found.add_argument(
        "--connections", type=int, default=16, help=f"1 to {MOST_CONNECTIONS} (default: 16)"
    )
    found.add_argument("--seconds", type=float, default=3.0, help="length of one run (default: 3)")
    found.add_argument("--rounds", type=int, default=5, help="after one to warm up (default: 5)")
    found.add_argument("--starts", type=int, default=5, help="cold starts of each (default: 5)")
    found.add_argument("--server-core", type=int, help="default: the first core we may use")
    found.add_argument("--generator-core", type=int, help="default: the second core, if any")
    found.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where servers keep their data (default: a temporary folder)",
    )
    found.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    found.add_argument(
        "--quick",
        action="store_true",
        help=f"a smoke test: one round of {QUICK_SECONDS} s, one start",
    )
    return found


def plan_from(arguments: argparse.Namespace) -> Plan:
    cores = sorted(os.sched_getaffinity(0))
    check_range("connections", arguments.connections, MOST_CONNECTIONS)
    check_range("seconds", arguments.seconds, MOST_SECONDS)
    check_range("rounds", arguments.rounds, MOST_ROUNDS)
    check_range("starts", arguments.starts, MOST_ROUNDS)
    return Plan(
        subjects=choose_subjects(arguments.subject),
        workloads=[each for each in WORKLOADS if chosen(each.name, arguments.workload)],
        connections=arguments.connections,
        seconds=QUICK_SECONDS if arguments.quick else arguments.seconds,
        rounds=1 if arguments.quick else arguments.rounds,
        starts=1 if arguments.quick else arguments.starts,
        limit=MOST_OPERATIONS,
        server_core=cores[0] if arguments.server_core is None else arguments.server_core,
        generator_core=cores[:2][-1]
        if arguments.generator_core is None
        else arguments.generator_core,
        data=arguments.data,
    )


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
