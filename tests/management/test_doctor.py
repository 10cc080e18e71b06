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
from ostiary.storage.source import PostgresqlSource
from ostiary.storage.store import Store
from tests.kit.postgresql import ROLE, SUPERUSER, Cluster
from tests.kit.world import CONSUMER, ENTERPRISE, MASTER_KEY, START, World, a_client

PRODUCTION = replace(ENTERPRISE, environment=CONSUMER.environment.PRODUCTION)


class Outside:
    """What clients would be told of the issuer."""

    def __init__(self, **changes: Json) -> None:
        self.changes = changes

    async def fetch_json(self, url: str) -> dict[str, Json]:
        if self.changes.get("down"):
            raise FetchFailed(str(self.changes.get("reason", "refused")))
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
        "server",  # has a test of its own
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


async def test_a_wrong_master_key_is_told_once(patient: Patient) -> None:
    found = await unwell(replace(patient, master_key=MasterKey(b"x" * 32)))
    for each in found:
        assert each.text == "the master key does not open the keys of this database"
        assert each.advice == "use the one with which the database was made"


async def test_a_name_that_nobody_knows_is_a_matter_of_dns(patient: Patient) -> None:
    issuer = replace(PRODUCTION, url="https://nowhere.invalid")
    outside = Outside(down=True, reason="name not found")
    found = await unwell(replace(patient, issuers=(issuer,), fetcher=outside))
    told = {each.check: each for each in found if each.check.startswith(("outside", "TLS"))}
    assert len(told) == 2
    for each in told.values():
        assert "nowhere.invalid" in each.text
        assert "name not found" in each.text
        assert "DNS" in each.advice
        assert "start ostiary serve" not in each.advice


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


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("role", "commit", "told"),
    [
        (ROLE, "on", ["row-level security binds its role"]),
        (SUPERUSER, "on", ["bound by no row-level security"]),
        (ROLE, "off", ["synchronous_commit is off"]),
    ],
)
async def test_a_server_that_guards_or_keeps_less_is_found(
    patient: Patient, postgresql: Cluster, role: str, commit: str, told: list[str]
) -> None:
    made = postgresql.make()
    database = made.url.rpartition("/")[2]
    postgresql.execute(f"ALTER DATABASE {database} SET synchronous_commit = {commit}")
    source = PostgresqlSource(url=postgresql.url(database, role))
    store = Store.open(source)
    on_postgresql = replace(patient, source=source, store=store)
    found = await examine(on_postgresql, {"server": CHECKS["server"]})
    store.close()
    assert len(found) == len(told)
    assert all(text in each.text for each, text in zip(found, told, strict=True))
    assert all((each.level is Level.OK) is (each.advice == "") for each in found)
