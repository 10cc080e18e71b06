"""What the contracts document works; in what our answers differ stands on the page of differences."""

import sqlite3
from contextlib import closing

import pytest

from ostiary.domain.quirks import Quirk
from tests.contract.conftest import walked
from tests.contract.differences import DIFFERENCES, PAGE, expected, points_on_page
from tests.contract.documents import OPERATIONS, Operation, deviations
from tests.contract.walk import Call, Walk
from tests.kit.world import World

ALL = tuple(Quirk)


def deviations_of(calls: list[Call]) -> set[str]:
    return {each for call in calls for each in deviations(call.operation, call.answer)}


def calls_of(operation: Operation, calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.operation == operation]


async def test_every_operation_parameter_and_status_is_walked(walk: Walk) -> None:
    """500 is shown apart, as nothing that a client sends leads there."""
    calls = await walked(walk, *ALL)
    for operation in OPERATIONS:
        if operation.face == walk.face:
            mine = calls_of(operation, calls)
            sent = frozenset().union(*(call.sent for call in mine))
            assert sent >= set(operation.parameters), operation.id
            answered = {call.answer.status_code for call in mine}
            assert answered >= operation.statuses - {500}, operation.id


async def test_with_all_quirks_on_no_more_differs_than_the_page_says(walk: Walk) -> None:
    assert deviations_of(await walked(walk, *ALL)) == expected(walk.face, *ALL)


async def test_with_quirks_off_exactly_what_the_page_says_differs(walk: Walk) -> None:
    assert deviations_of(await walked(walk)) == expected(walk.face)


@pytest.mark.parametrize("quirk", Quirk)
async def test_a_quirk_takes_away_its_own_difference_alone(walk: Walk, quirk: Quirk) -> None:
    assert deviations_of(await walked(walk, quirk)) == expected(walk.face, quirk)


def test_the_page_has_these_differences_and_no_other() -> None:
    assert points_on_page() == {difference.point for difference in DIFFERENCES}
    text = PAGE.read_text("utf-8")
    for difference in DIFFERENCES:
        if difference.quirk is not None:
            row = next(line for line in text.splitlines() if f"| {difference.point} |" in line)
            assert f"`{difference.quirk}`" in row


def test_every_quirk_takes_something_away() -> None:
    assert {difference.quirk for difference in DIFFERENCES} >= set(Quirk)


async def test_a_defect_of_ours_is_answered_with_500_as_documented(walk: Walk) -> None:
    """Rows that cannot be read stand for a defect: it is told as each operation documents it."""
    tokens = await walk.rp.tokens()
    hint = {"id_token_hint": tokens["id_token"], "client_id": "web"}
    break_rows(walk.world, "clients")
    for operation in OPERATIONS:
        if operation.face != walk.face or operation.path.endswith(("/jwks", "-configuration")):
            continue
        sent = {**hint, **walk.rp.begin().sent, "client_secret": "x", "token": "x"}
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        bearer = headers if operation.path.endswith("/me") else None
        call = await walk.call(operation.method, ending(operation), sent, bearer)
        assert call.answer.status_code == 500, operation.id
        if 500 in operation.statuses:
            assert not list(deviations(operation, call.answer))


async def test_documents_answer_500_too(walk: Walk) -> None:
    break_rows(walk.world, "issuers")
    for name in ("/jwks", "/.well-known/openid-configuration"):
        call = await walk.call("GET", name)
        assert call.answer.status_code == 500
        assert not list(deviations(call.operation, call.answer))


def ending(operation: Operation) -> str:
    return operation.path.partition("/api/v0")[2]


def break_rows(world: World, table: str) -> None:
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute(f"UPDATE {table} SET data = '{{'")  # noqa: S608
        if table == "clients":
            connection.execute("UPDATE issuers SET version = version + 1")
        connection.commit()
