"""How a command fails: one sentence on what to do next, and an exit code that scripts can read."""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from ostiary.cli.output import say


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 4
    CONFLICT = 5
    REFUSED = 7


class Program(TyperGroup):
    """Turns the exceptions that are answers into a sentence; a defect keeps its trace."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = explain(error)
            if told is None:
                raise
            message, code = told
            say(f"ostiary: {message}")
            raise typer.Exit(code) from error


def explain(error: Exception) -> tuple[str, ExitCode] | None:
    """What to tell the person, and the exit code; None for a defect."""
    # Imported when something went wrong, so that no command waits for them.
    from ostiary.management.errors import ManagementError
    from ostiary.management.file_faults import FileFaults
    from ostiary.signing.master_key import MasterKeyError
    from ostiary.storage.database import StoreUnavailable

    match error:
        case ManagementError():
            return str(error), _code_of(error)
        case FileFaults():
            return str(error), ExitCode.USAGE
        case MasterKeyError() | StoreUnavailable():
            return str(error), ExitCode.FAILED
        case PermissionError():
            return f"{error.strerror}: {error.filename}; check its owner and mode", ExitCode.FAILED
        case _:
            return None


def _code_of(error: Any) -> ExitCode:
    from ostiary.management.errors import Failure

    codes = {
        Failure.INVALID: ExitCode.USAGE,
        Failure.NOT_FOUND: ExitCode.NOT_FOUND,
        Failure.CONFLICT: ExitCode.CONFLICT,
        Failure.REFUSED: ExitCode.REFUSED,
        Failure.UNAVAILABLE: ExitCode.FAILED,
    }
    return codes[error.failure]
