"""Findings on a terminal and for scripts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ostiary.cli.output import show, show_json

if TYPE_CHECKING:
    from ostiary.management.findings import Finding


def show_findings(findings: "Sequence[Finding]", *, as_json: bool) -> bool:
    """Whether one of them is a failure."""
    from ostiary.management.findings import Level

    if as_json:
        show_json(
            [
                {
                    "check": finding.check,
                    "level": str(finding.level),
                    "text": finding.text,
                    "advice": finding.advice or None,
                }
                for finding in findings
            ]
        )
    else:
        width = max((len(finding.check) for finding in findings), default=0)
        for finding in findings:
            advice = f"; {finding.advice}" if finding.advice else ""
            show(f"{finding.level:<5} {finding.check:<{width}}  {finding.text}{advice}")
    return any(finding.level is Level.FAIL for finding in findings)
