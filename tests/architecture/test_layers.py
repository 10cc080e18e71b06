"""Each folder imports only from folders below it. The contracts stand in pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SOURCE

IGNORED = shutil.ignore_patterns("__pycache__")


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_source_keeps_every_contract() -> None:
    run = lint_imports(SOURCE)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("domain/late.py", "import ostiary.storage", "ostiary.domain.late -> ostiary.storage"),
        ("protocol/late.py", "import time", "ostiary.protocol is not allowed to import time"),
        ("domain/late.py", "import secrets", "ostiary.domain is not allowed to import secrets"),
        ("provider/late.py", "import joserfc.jwt", "ostiary.provider.late -> joserfc"),
        ("accounts/late.py", "import sqlite3", "ostiary.accounts.late -> sqlite3"),
        (
            "web/late.py",
            "import ostiary.settings",
            "ostiary.web is not allowed to import ostiary.settings",
        ),
        ("web/late.py", "import httpx2", "ostiary.web.late -> httpx2"),
        ("helpers.py", "", "ostiary.helpers"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, module: str, line: str, complaint: str) -> None:
    shutil.copytree(SOURCE / "ostiary", tmp_path / "ostiary", ignore=IGNORED)
    (tmp_path / "ostiary" / module).write_text(f"{line}\n", encoding="utf-8")
    run = lint_imports(tmp_path)
    assert run.returncode == 1
    assert complaint in run.stdout
