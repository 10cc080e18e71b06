"""CA-28 with real threads against real processes: an assertion proves its client once, anywhere."""

import time
from pathlib import Path

import pytest

from tests.kit.server import make_site, serving
from tests.races.at_once import Received, Sent, send, send_at_once
from tests.races.party import Racer, count
from tests.races.signing_client import KEY, SIGNER

AT_ONCE, ROUNDS = 50, 3


def asserting(racer: Racer, form: dict[str, str], number: int, endpoint: str = "token") -> Sent:
    path = f"{racer.site.enterprise.base_path}/{endpoint}"
    asked = {"grant_type": "client_credentials", "token": "x"}
    return racer.request(path, number, form=asked | form)


def assertion(racer: Racer) -> dict[str, str]:
    return KEY.assertion(SIGNER.client_id, racer.site.enterprise.url, int(time.time()))


def accepted(answers: list[Received]) -> int:
    """How many were; every other one is an ordinary refusal."""
    others = [answer for answer in answers if answer.status != 200]
    assert {(each.status, each.json()["error"]) for each in others} <= {(401, "invalid_client")}
    return len(answers) - len(others)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_ca_28_an_assertion_presented_50_times_at_once_is_accepted_once(
    racer: Racer, _round: int
) -> None:
    before = count(racer.site, "spent_ids")
    form = assertion(racer)
    answers = send_at_once([asserting(racer, form, each) for each in range(AT_ONCE)])
    assert accepted(answers) == 1
    assert count(racer.site, "spent_ids") == before + 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_ca_28_at_two_endpoints_at_once_it_is_accepted_once(racer: Racer, _round: int) -> None:
    form = assertion(racer)
    endpoints = ("token", "token/revocation")
    answers = send_at_once(
        [asserting(racer, form, each // 2, endpoints[each % 2]) for each in range(AT_ONCE)]
    )
    assert accepted(answers) == 1


def test_ca_28_different_assertions_at_once_are_all_accepted(racer: Racer) -> None:
    """The counter-example: nothing but the same jti gets in the way."""
    forms = [assertion(racer) for _ in range(AT_ONCE)]
    answers = send_at_once([asserting(racer, form, each) for each, form in enumerate(forms)])
    assert accepted(answers) == AT_ONCE


def test_ca_28_an_assertion_that_was_answered_is_remembered_after_a_kill(
    template: Path, tmp_path: Path
) -> None:
    site = make_site(template, tmp_path / "ostiary.db", SIGNER)
    racer = Racer(site=site, ports=[site.port])
    form = assertion(racer)
    with serving(site) as (server,):
        assert send(asserting(racer, form, 0)).status == 200
        server.kill()
    with serving(site):
        assert send(asserting(racer, form, 0)).status == 401
        assert send(asserting(racer, assertion(racer), 0)).status == 200
