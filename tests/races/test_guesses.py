"""Guesses at one password that come at the same moment, to several processes."""

from collections import Counter
from itertools import chain

from ostiary.domain.throttle import OF_PAIR
from tests.races.at_once import send_at_once
from tests.races.party import Racer

AT_ONCE = 50


def test_fifty_wrong_passwords_at_once_are_all_counted(racer: Racer) -> None:
    """Of a name that nobody has, so that no other test has to wait."""
    person = racer.person_at("sign-in")
    fields = {"username": f"guessed at {len(racer.ports)}", "password": "a guess"}
    rounds = AT_ONCE // len(racer.ports)
    guesses = chain.from_iterable(racer.form_of(person, "sign-in", **fields) for _ in range(rounds))
    statuses = Counter(answer.status for answer in send_at_once([*guesses]))
    assert statuses == {400: OF_PAIR.tries, 429: AT_ONCE - OF_PAIR.tries}
