"""Imports decide how long a start takes: what is not needed to answer is not loaded."""

import json
import subprocess
import sys

import pytest

# Top-level package or module -> when it is needed. (structlog brings rich along where it finds it.)
LATE = {
    "alembic": "the schema is behind",
    "mako": "the schema is behind",
    "sqlalchemy": "the schema is behind",
    "prometheus_client": "somebody asks for the metrics",
    "opentelemetry": "an operator wants traces",
    "aiosmtplib": "there is mail to send",
    "httpx2": "Ostiary fetches something",
    "requests": "never; it belongs to the tests",
    "authlib": "never; it belongs to the tests",
    "jwt": "never; it belongs to the tests",
    "pytest": "never; it belongs to the tests",
    "ostiary.admin": "an operator asks",
    "ostiary.web.openapi": "a developer asks what the endpoints take",
    "ostiary.cli": "a command is typed",
}


def modules_after(statement: str) -> set[str]:
    """The names of all modules that a fresh process has loaded after the statement."""
    script = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    command = (sys.executable, "-I", "-c", script)
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("entry", "late"),
    [
        ("ostiary.app", LATE),
        ("ostiary.serving.process", LATE),
        ("ostiary.outbound.guarded", LATE),
        ("ostiary.__main__", {name: when for name, when in LATE.items() if name != "ostiary.cli"}),
    ],
)
def test_an_entry_is_imported_without_what_it_may_never_need(
    entry: str, late: dict[str, str]
) -> None:
    loaded = modules_after(f"import {entry}")
    assert entry in loaded
    assert {name: when for name, when in late.items() if name in loaded} == {}
