"""How the jobs of housekeeping are doing: for metrics, `ostiary doctor` and people who wonder."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.storage import columns
from ostiary.storage.database import Database, Step

SAVE = """
INSERT INTO jobs (name, ran_at, milliseconds, done, total, failures, error)
VALUES (:name, :ran_at, :milliseconds, :done, :done, :failures, :error)
ON CONFLICT (name) DO UPDATE
SET ran_at = excluded.ran_at, milliseconds = excluded.milliseconds, done = excluded.done,
    total = jobs.total + excluded.done, failures = excluded.failures, error = excluded.error
RETURNING name
"""
LIST = "SELECT * FROM jobs ORDER BY name"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """The last run that was noted. `done` is what it did (rows, keys, notices), in the job's own
    measure, `total` that of all runs; `failures` counts those since the last that succeeded."""

    name: str
    ran_at: int
    milliseconds: int
    done: int
    total: int = 0
    failures: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    database: Database

    async def save(self, run: JobRun) -> None:
        """Note a run; its `total` is counted here."""
        await self.database.change(
            Step(
                SAVE,
                {
                    "name": run.name,
                    "ran_at": run.ran_at,
                    "milliseconds": run.milliseconds,
                    "done": run.done,
                    "failures": run.failures,
                    "error": run.error,
                },
            )
        )

    async def list(self) -> Sequence[JobRun]:
        """Of every job that has ever run."""
        return [
            JobRun(
                name=columns.text(row, "name"),
                ran_at=columns.integer(row, "ran_at"),
                milliseconds=columns.integer(row, "milliseconds"),
                done=columns.integer(row, "done"),
                total=columns.integer(row, "total"),
                failures=columns.integer(row, "failures"),
                error=columns.optional_text(row, "error"),
            )
            for row in await self.database.read_all(LIST, {})
        ]
