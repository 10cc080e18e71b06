"""Real threads against real processes: AC-02, AC-03, RT-02, and the forms of the pages.

Each race is run several times over; the two-process variants share one database file.
"""

from dataclasses import replace

import pytest

from tests.kit.world import PASSWORD
from tests.races.at_once import Received, send, send_at_once
from tests.races.party import Racer, count, refused, row_of

pytestmark = pytest.mark.both_engines(pooled=True)

AT_ONCE, FORMS_AT_ONCE, ROUNDS = 50, 20, 3


def one_success(answers: list[Received]) -> Received:
    others = refused(answers)
    assert len(others) == len(answers) - 1, "exactly one success"
    return next(answer for answer in answers if answer.status == 200)


def assert_dead(racer: Racer, tokens: dict[str, str]) -> None:
    """Neither token does anything, in any process."""
    for number in range(len(racer.ports)):
        assert racer.userinfo(tokens["access_token"], number).status == 401
        refused([send(racer.refresh(tokens["refresh_token"], number))])


@pytest.mark.parametrize("_round", range(ROUNDS))
@pytest.mark.spec("RFC 6749 §4.1.2")
def test_ac_02_ac_03_a_code_presented_50_times_at_once_succeeds_once_and_ends_what_it_gave(
    racer: Racer, _round: int
) -> None:
    flow, code = racer.code()
    answers = send_at_once([racer.redemption(flow, code, each) for each in range(AT_ONCE)])
    winner = one_success(answers).json()
    assert_dead(racer, winner)
    row = row_of(racer.site, code)
    assert row["redeemed_at"] is not None
    assert row["revoked_at"] is not None


def test_a_code_presented_once_keeps_what_it_gave(racer: Racer) -> None:
    """The counter-example: without a replay nothing is revoked."""
    tokens = racer.tokens()
    for number in range(len(racer.ports)):
        assert racer.userinfo(tokens["access_token"], number).status == 200
    assert row_of(racer.site, tokens["refresh_token"])["revoked_at"] is None


def test_a_code_presented_in_one_process_and_then_in_the_other_ends_what_it_gave(
    racer: Racer,
) -> None:
    flow, code = racer.code()
    tokens = send(racer.redemption(flow, code, 0)).json()
    assert racer.userinfo(tokens["access_token"], 1).status == 200
    refused([send(racer.redemption(flow, code, 1))])
    assert_dead(racer, tokens)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_rt_02_a_refresh_token_presented_50_times_at_once_yields_one_generation(
    racer: Racer, _round: int
) -> None:
    first = racer.tokens()["refresh_token"]
    answers = send_at_once([racer.refresh(first, each) for each in range(AT_ONCE)])
    assert [answer.status for answer in answers] == [200] * AT_ONCE
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert successors != {first}
    assert row_of(racer.site, first)["generation"] == 1
    for answer in (answers[0], answers[-1]):
        assert racer.userinfo(answer.json()["access_token"]).status == 200
    second = send(racer.refresh(successors.pop(), 1))
    assert second.status == 200
    assert row_of(racer.site, first)["generation"] == 2


def test_rt_04_the_first_of_three_generations_ends_all_though_its_grace_is_not_over(
    racer: Racer,
) -> None:
    first = racer.tokens()["refresh_token"]
    second = send(racer.refresh(first, 0)).json()["refresh_token"]
    third = send(racer.refresh(second, 1)).json()
    refused(send_at_once([racer.refresh(first, each) for each in range(10)]))
    assert_dead(racer, third)
    assert row_of(racer.site, first)["generation"] == 2


@pytest.mark.parametrize("_round", range(ROUNDS))
@pytest.mark.spec("RFC 9700 §4.14.2")
def test_rt_02_without_grace_exactly_one_succeeds_and_the_authorization_is_dead(
    racer: Racer, _round: int
) -> None:
    racer = replace(racer, client_id="strict")
    before = racer.tokens()
    answers = send_at_once(
        [racer.refresh(before["refresh_token"], each) for each in range(AT_ONCE)]
    )
    winner = one_success(answers).json()
    assert_dead(racer, winner)
    assert racer.userinfo(before["access_token"]).status == 401
    row = row_of(racer.site, winner["refresh_token"])
    assert row["generation"] == 1
    assert row["revoked_at"] is not None


def test_rt_02_successive_generations_presented_at_once_never_leave_two(racer: Racer) -> None:
    """Both of the newest are good inside the grace, and lead to the one generation behind them."""
    first = racer.tokens()["refresh_token"]
    second = send(racer.refresh(first)).json()["refresh_token"]
    answers = send_at_once(
        [racer.refresh((first, second)[each % 2], each // 2) for each in range(AT_ONCE)]
    )
    row = row_of(racer.site, first)
    assert row["generation"] == 2
    given = {
        answer.json()["refresh_token"]
        for each, answer in enumerate(answers)
        if answer.status == 200 and each % 2
    }
    assert len(given) <= 1
    # Whether the first came while it was the direct predecessor is chance; dead or alive is not.
    late = [answer for each, answer in enumerate(answers) if not each % 2 and answer.status != 200]
    assert (row["revoked_at"] is not None) is bool(late)


def outcomes(answers: list[Received]) -> list[str]:
    """Codes that were given; every other answer is an ordinary page or a step of ours."""
    assert {answer.status for answer in answers} <= {200, 302, 303}, [a.body for a in answers]
    locations = [answer.headers.get("location", "") for answer in answers]
    return [each for each in locations if each.startswith("https://rp.example/cb?")]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_consent_form_posted_20_times_at_once_yields_one_code(racer: Racer, _round: int) -> None:
    person = racer.person_at("allow", prompt="consent")
    before = count(racer.site, "authorizations")
    events = count(racer.site, "audit_events WHERE type = 'consent.granted'")
    posts = racer.form_of(person, "allow")
    answers = send_at_once([posts[each % len(posts)] for each in range(FORMS_AT_ONCE)])
    given = outcomes(answers)
    assert len(given) == 1
    assert "code=" in given[0]
    assert count(racer.site, "authorizations") == before + 1
    assert count(racer.site, "audit_events WHERE type = 'consent.granted'") == events + 1


def test_yes_and_no_posted_at_once_yield_one_answer(racer: Racer) -> None:
    person = racer.person_at("allow", prompt="consent")
    before = count(racer.site, "authorizations")
    yes, no = racer.form_of(person, "allow"), racer.form_of(person, "deny")
    posts = [(yes, no)[each % 2][each // 2 % len(racer.ports)] for each in range(FORMS_AT_ONCE)]
    given = outcomes(send_at_once(posts))
    assert len(given) == 1
    assert count(racer.site, "authorizations") == before + ("code=" in given[0])


def test_a_sign_in_form_posted_10_times_at_once_yields_one_code(racer: Racer) -> None:
    """A client that needs no consent gets its code from the sign-in itself."""
    racer = replace(racer, client_id="trusted")
    person = racer.person_at("sign-in")
    before = count(racer.site, "authorizations")
    posts = racer.form_of(person, "sign-in", password=PASSWORD)
    answers = send_at_once([posts[each % len(posts)] for each in range(10)])
    given = [
        location
        for answer in answers
        if (location := answer.headers.get("location", "")).startswith("https://rp.example/")
    ]
    assert len([each for each in given if "code=" in each]) == 1
    assert len(given) == 1
    assert count(racer.site, "authorizations") == before + 1
    # Tries at one account are taken up one after another: some are told to come again.
    assert {answer.status for answer in answers} <= {200, 302, 303, 400, 429}
