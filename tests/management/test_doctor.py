"""The doctor: each check sees what is wrong and says what to do; where nothing is, it says so."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.domain.client import ClientSecret
from ostiary.domain.issuer import DAY
from ostiary.management import doctor_machine
from ostiary.management.audit_sealing import seal_due
from ostiary.management.doctor import Patient, examine
from ostiary.management.doctor_checks import CHECKS
from ostiary.management.findings import Finding, Level
from ostiary.outbound.fetcher import FetchFailed
from ostiary.protocol.tokens import Json
from ostiary.provider.endpoints.discovery import metadata
from ostiary.signing.master_key import MasterKey
from ostiary.storage.jobs import JobRun
from tests.kit.world import CONSUMER, ENTERPRISE, MASTER_KEY, START, World, a_client

PRODUCTION = replace(ENTERPRISE, environment=CONSUMER.environment.PRODUCTION)


class Outside:
    """What clients would be told of the issuer."""

    def __init__(self, **changes: Json) -> None:
        self.changes = changes

    async def fetch_json(self, url: str) -> dict[str, Json]:
        if self.changes.get("down"):
            raise FetchFailed("refused")
        assert url == f"{ENTERPRISE.url}/.well-known/openid-configuration"
        return metadata(PRODUCTION) | self.changes

    async def post_form(self, url: str, fields: object) -> int:
        raise AssertionError


@pytest.fixture
async def patient(world: World) -> Patient:
    """In good health."""
    assert await seal_due(world.store, MASTER_KEY, ENTERPRISE, START)
    await world.store.jobs.save(
        JobRun(name="sealer", ran_at=START - 10, milliseconds=1, done=0, failures=0)
    )
    world.path.chmod(0o600)
    return Patient(
        store=world.store,
        source=world.source,
        master_key=MASTER_KEY,
        issuers=(PRODUCTION,),
        private_files=(world.path,),
        workers=1,
        connections=100,
        fetcher=Outside(),
        metadata_of=metadata,
        now=START,
    )


async def unwell(patient: Patient) -> list[Finding]:
    return [each for each in await examine(patient, CHECKS) if each.level is not Level.OK]


async def test_who_is_well_is_told_so(patient: Patient) -> None:
    found = await examine(patient, CHECKS)
    assert [each for each in found if each.level is not Level.OK] == []
    assert {each.check.partition(" of ")[0] for each in found} >= set(CHECKS) - {
        "issuers",
        "secrets",
        "TLS",
    }


Ailing = Callable[[Patient], Patient]
AILMENTS: dict[str, tuple[str, Level, Ailing]] = {
    "a sandbox": ("issuers", Level.FAIL, lambda p: replace(p, issuers=(ENTERPRISE,))),
    "no issuer": ("issuers", Level.WARN, lambda p: replace(p, issuers=())),
    "too many workers": ("workers", Level.WARN, lambda p: replace(p, workers=10_000)),
    "too few files": ("open files", Level.WARN, lambda p: replace(p, connections=10**9)),
    "nobody outside": (
        "outside of enterprise",
        Level.FAIL,
        lambda p: replace(p, fetcher=Outside(down=True)),
    ),
    "another issuer outside": (
        "outside of enterprise",
        Level.FAIL,
        lambda p: replace(p, fetcher=Outside(issuer="http://inside:9400")),
    ),
    "another master key": (
        "keys of enterprise",
        Level.FAIL,
        lambda p: replace(p, master_key=MasterKey(b"x" * 32)),
    ),
    "housekeeping asleep": ("housekeeping", Level.WARN, lambda p: replace(p, now=START + 3600)),
    "keys that are too old": (
        "keys of enterprise",
        Level.WARN,
        lambda p: replace(p, now=START + 120 * DAY),
    ),
    "a clock turned back": ("clock", Level.FAIL, lambda p: replace(p, now=START - 3600)),
    "files gone": (
        "file modes",
        Level.FAIL,
        lambda p: replace(p, private_files=(Path("/nowhere"),)),
    ),
}


@pytest.mark.parametrize("name", AILMENTS)
async def test_what_is_wrong_is_found_with_what_to_do(patient: Patient, name: str) -> None:
    check, level, ailing = AILMENTS[name]
    found = [each for each in await unwell(ailing(patient)) if each.check == check]
    assert [each.level for each in found] == [level]
    assert all(each.advice for each in found)


async def test_a_file_that_others_may_read_is_found(patient: Patient, world: World) -> None:
    world.path.chmod(0o640)
    (found,) = await unwell(patient)
    assert (found.check, found.advice) == ("file modes", f"run: chmod 600 {world.path}")


async def test_a_full_disk_is_found(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "LEAST_FREE", 1 << 60)
    assert [(each.check, each.level) for each in await unwell(patient)] == [("disk", Level.FAIL)]


async def test_a_secret_that_expires_soon_is_found(patient: Patient, world: World) -> None:
    secret = ClientSecret(secret_id="1", sha256="0" * 64, created_at=START, expires_at=START + DAY)
    await world.add_client(a_client("expiring", ENTERPRISE, secrets=(secret,)))
    (found,) = await unwell(patient)
    assert found.check == "secrets of enterprise"
    assert "expiring" in found.text


async def test_events_that_nobody_seals_are_found(patient: Patient, world: World) -> None:
    await world.add_client(a_client("new", ENTERPRISE))
    found = await unwell(replace(patient, now=START + 1000))
    assert [each.check for each in found] == ["housekeeping", "audit of enterprise"]


async def test_tampered_events_are_found(patient: Patient, world: World) -> None:
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute("UPDATE audit_events SET actor = 'nobody'")
        connection.commit()
    (found,) = await unwell(patient)
    assert (found.check, found.level) == ("audit of enterprise", Level.FAIL)


async def test_a_job_that_fails_is_told_with_its_error(patient: Patient, world: World) -> None:
    run = JobRun(name="sealer", ran_at=START, milliseconds=1, done=0, failures=3, error="no disk")
    await world.store.jobs.save(run)
    (found,) = await unwell(patient)
    assert "sealer has failed 3 times: no disk" in found.text
