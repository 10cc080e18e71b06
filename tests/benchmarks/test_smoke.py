"""Each workload against each subject for a moment: that it works, not how fast."""

import os

import pytest

from benchmarks import campaign, report
from benchmarks.__main__ import SUBJECTS
from benchmarks.campaign import Cores, Plan
from benchmarks.subjects import Subject
from benchmarks.workloads import WORKLOADS

CORES = tuple(sorted(os.sched_getaffinity(0)))


def plan_for(subject: Subject) -> Plan:
    return Plan(
        subjects=[subject],
        workloads=WORKLOADS,
        connections=2,
        seconds=0.05,
        rounds=1,
        schedules=1,
        starts=1,
        limit=1000,
        cores=Cores(server=CORES, generator=CORES[0], database=CORES),
        data=None,
    )


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(
            subject,
            id=subject.name,
            marks=[pytest.mark.postgresql] if subject.is_ours and subject.needs_postgresql else [],
        )
        for subject in SUBJECTS
    ],
)
def test_every_workload_is_answered_rightly(subject: Subject) -> None:
    # Peers are installed by `make bench`, for it alone.
    if not subject.is_ours and (reason := subject.missing()) is not None:
        pytest.skip(reason)
    plan = plan_for(subject)
    outcome = campaign.run(plan)
    expected = [
        workload.name
        for workload in WORKLOADS
        if subject.reason_against(workload.name, workload.tokens) is None
    ]
    for scheduled in (False, True):
        found = [each for each in outcome.results if each.scheduled is scheduled]
        assert [each.workload for each in found] == expected
        assert all(each.measurement.operations > 0 for each in found)
    assert len(expected) == len(WORKLOADS) or not subject.is_ours
    text = report.as_text(outcome, plan, {"kind": "smoke"})
    assert all(workload.name in text for workload in WORKLOADS)
