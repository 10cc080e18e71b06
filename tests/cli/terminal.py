"""The command line as a script uses it: arguments and standard input in, two streams and a code out."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from ostiary.cli.program import program


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str, stdin: str = "") -> Answer:
    """In this directory, with this environment. A defect is raised here."""
    result = CliRunner().invoke(program, arguments, input=stdin, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(code=result.exit_code, out=result.stdout, err=result.stderr)
