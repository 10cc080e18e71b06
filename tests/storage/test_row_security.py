"""The second line of defence: PostgreSQL itself hides the rows of other issuers. CONTRIBUTING: ST-28.

A statement that forgot the issuer shows, changes and removes nothing of another one.
"""

import pytest

from ostiary.storage import authorizations
from ostiary.storage.database import Step, StoreUnavailable
from ostiary.storage.migrations.versions.v0003_scale import GUARDED
from ostiary.storage.source import Source
from ostiary.storage.store import Store
from tests.kit.outside import query, tables
from tests.storage.rows import AUTHORIZATION_ID, fill

pytestmark = pytest.mark.postgresql

# table -> why anybody may see all of its rows
OPEN = {"issuers": "the host chooses the issuer, before one is known"}

OF_LEFT = {"issuer_id": "left"}
UNDONE = "/* all issuers */ SELECT 1 AS one FROM issuers WHERE issuer_id = 'nobody'"


@pytest.fixture(scope="session")
def engine() -> str:
    return "postgresql"


@pytest.fixture
async def two(store: Store) -> Store:
    for issuer_id in ("left", "right"):
        await fill(store, issuer_id)
    return store


def owners(source: Source, table: str) -> list[object]:
    rows = query(source, f"SELECT issuer_id FROM {table}")  # noqa: S608  our own
    return [issuer_id for (issuer_id,) in rows]


def test_every_table_of_issuers_is_guarded(source: Source) -> None:
    assert set(tables(source, of_issuers=True)) == {*GUARDED, *OPEN}
    forced = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    assert {name for (name,) in query(source, forced)} == set(GUARDED)


async def test_the_program_is_bound_by_the_policies(two: Store) -> None:
    role = await two.database.read_one(
        "SELECT rolsuper OR rolbypassrls AS above FROM pg_roles WHERE rolname = current_user", {}
    )
    assert role is not None
    assert role["above"] is False


@pytest.mark.parametrize("table", GUARDED)
async def test_a_read_that_forgot_the_issuer_shows_its_own_alone(two: Store, table: str) -> None:
    forgetful = f"SELECT issuer_id FROM {table}"  # noqa: S608  our own
    rows = await two.database.read_all(forgetful, OF_LEFT)
    assert {row["issuer_id"] for row in rows} == {"left"}
    assert list(await two.database.read_all(forgetful, {})) == [], "without an issuer nobody's"


@pytest.mark.parametrize("table", GUARDED)
async def test_a_change_that_forgot_the_issuer_changes_its_own_alone(
    two: Store, source: Source, table: str
) -> None:
    before = owners(source, table)
    moved = Step(f"UPDATE {table} SET issuer_id = 'moved' RETURNING issuer_id", OF_LEFT)  # noqa: S608
    with pytest.raises(StoreUnavailable, match="row-level security"):
        await two.database.change(moved)
    removed = Step(f"DELETE FROM {table} RETURNING issuer_id", OF_LEFT)  # noqa: S608  our own
    assert await two.database.change(removed) is not None
    assert owners(source, table) == [each for each in before if each != "left"]
    assert "right" in before


async def test_what_is_for_all_issuers_sees_all(two: Store) -> None:
    statement = "/* all issuers */ SELECT issuer_id FROM authorizations"
    rows = await two.database.read_all(statement, {})
    assert {row["issuer_id"] for row in rows} == {"left", "right"}
    step = Step("/* all issuers */ DELETE FROM spent_ids RETURNING issuer_id", {})
    assert await two.database.change(step) is not None
    assert not await two.database.read_all("/* all issuers */ SELECT 1 AS one FROM spent_ids", {})


async def test_a_connection_that_showed_all_does_not_go_on_doing_so(two: Store) -> None:
    everything, forgetful = (
        "/* all issuers */ SELECT 1 AS one FROM users",
        "SELECT 1 AS one FROM users",
    )
    for _ in range(2):
        assert len(await two.database.read_all(everything, {})) == 2
        assert len(await two.database.read_all(forgetful, OF_LEFT)) == 1


async def test_a_verb_that_lost_its_condition_finds_nothing_of_another_issuer(
    two: Store, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = authorizations.FIND_STANDING.replace(
        "authorizations.issuer_id = :issuer_id\n    AND", ""
    )
    assert broken != authorizations.FIND_STANDING
    monkeypatch.setattr(authorizations, "FIND_STANDING", f"{broken} AND :issuer_id = :issuer_id")
    assert await two.authorizations.find_standing("left", AUTHORIZATION_ID) is not None
    assert await two.authorizations.find_standing("nobody", AUTHORIZATION_ID) is None
