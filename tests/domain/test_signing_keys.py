"""The life of a signing key, as a property of every rotation schedule; DJ-07 and DJ-08."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.domain.issuer import DAY, HOUR, Lifetimes
from ostiary.domain.signing_keys import (
    JWKS_MAX_AGE,
    PUBLICATION_LEAD,
    RETIREMENT,
    ROTATION_PERIOD,
    SHORTEST_PUBLICATION_LEAD,
    KeyState,
    SigningKey,
    algorithms_due,
    next_change,
    states,
)
from ostiary.protocol.jose.algorithms import Algorithm
from tests.domain.values import NOW, a_signing_key

# A process that serves sees a change of the keys within this time.
NOTICED_WITHIN = 2
LONGEST_TOKEN = max(Lifetimes().id_token, Lifetimes().access_token)
PUBLISHED = {KeyState.PENDING, KeyState.ACTIVE, KeyState.RETIRING}

# What may happen: time passes, then an algorithm is rotated by hand, or the timer looks.
Event = tuple[int, Algorithm | None, int]
EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 2 * HOUR), st.integers(0, 5 * DAY), st.integers(0, 200 * DAY)),
        st.none() | st.sampled_from([Algorithm.ES256, Algorithm.RS256]),
        st.integers(SHORTEST_PUBLICATION_LEAD, 3 * DAY),
    ),
    max_size=12,
)


def rotate(keys: list[SigningKey], algorithm: Algorithm, now: int, lead: int) -> None:
    """As management.keys does: a successor, unless one is waiting already."""
    if not any(key.algorithm is algorithm and key.activates_at > now for key in keys):
        keys.append(
            a_signing_key(f"{algorithm}-{len(keys)}", now + lead, algorithm, created_at=now)
        )


def schedule(events: Sequence[Event]) -> list[SigningKey]:
    """All keys that ever were, of an issuer to which this happened."""
    keys = [a_signing_key(f"{each}-first", NOW, each, created_at=NOW) for each in Algorithm]
    now = NOW
    for passed, algorithm, lead in events:
        now += passed
        if algorithm is not None:
            rotate(keys, algorithm, now, lead)
        for due in sorted(algorithms_due(keys, now)):
            rotate(keys, due, now, PUBLICATION_LEAD)
    return keys


def instants(keys: Sequence[SigningKey]) -> list[int]:
    """Each instant at which something could change, and its neighbours."""
    turns = [
        turn
        for key in keys
        for turn in (key.created_at, key.activates_at, key.activates_at + RETIREMENT)
    ]
    return sorted({max(NOW, turn + step) for turn in turns for step in (-1, 0, 1)})


def existing(keys: Sequence[SigningKey], now: int) -> list[SigningKey]:
    return [key for key in keys if key.created_at <= now]


@settings(deadline=None)
@given(EVENTS)
def test_at_every_instant_exactly_one_key_of_each_algorithm_is_active(events: list[Event]) -> None:
    keys = schedule(events)
    for now in instants(keys):
        state = states(existing(keys, now), now)
        active = [key.algorithm for key in keys if state.get(key.kid) is KeyState.ACTIVE]
        assert sorted(active) == sorted(Algorithm)


@settings(deadline=None)
@given(EVENTS)
def test_the_active_key_is_the_newest_that_has_activated(events: list[Event]) -> None:
    keys = schedule(events)
    for now in instants(keys):
        for kid, state in states(existing(keys, now), now).items():
            key = next(each for each in keys if each.kid == kid)
            rivals = [each for each in existing(keys, now) if each.algorithm is key.algorithm]
            newest = max(each.activates_at for each in rivals if each.activates_at <= now)
            assert (state is KeyState.ACTIVE) == (key.activates_at == newest)


@settings(deadline=None)
@given(EVENTS)
def test_dj_07_the_next_key_is_published_before_its_first_use(events: list[Event]) -> None:
    keys = schedule(events)
    first = {f"{algorithm}-first" for algorithm in Algorithm}
    for key in keys:
        if key.kid in first:
            continue
        for now in (key.created_at, key.activates_at - JWKS_MAX_AGE, key.activates_at - 1):
            assert states(existing(keys, now), now)[key.kid] is KeyState.PENDING
        assert key.activates_at - key.created_at >= SHORTEST_PUBLICATION_LEAD


@settings(deadline=None)
@given(EVENTS)
def test_dj_07_an_old_key_is_kept_until_the_last_token_signed_with_it_has_expired(
    events: list[Event],
) -> None:
    keys = schedule(events)
    for now in instants(keys):
        state = states(existing(keys, now), now)
        for kid in (kid for kid, each in state.items() if each is KeyState.ACTIVE):
            # Signed at this instant, in a process that has not yet noticed the successor.
            for later in (now + NOTICED_WITHIN, now + NOTICED_WITHIN + LONGEST_TOKEN):
                assert states(existing(keys, later), later)[kid] in PUBLISHED


@settings(deadline=None)
@given(EVENTS)
def test_a_key_goes_through_its_states_in_order_and_never_back(events: list[Event]) -> None:
    keys = schedule(events)
    order = list(KeyState)
    for key in keys:
        seen = [
            order.index(states(existing(keys, now), now)[key.kid])
            for now in instants(keys)
            if key.created_at <= now
        ]
        assert seen == sorted(seen)


@settings(deadline=None)
@given(EVENTS)
def test_states_change_at_no_instant_that_was_not_announced(events: list[Event]) -> None:
    keys = schedule(events)
    moments = instants(keys)
    for now, later in pairwise(moments):
        if states(keys, now) != states(keys, later):
            announced = next_change(keys, now)
            assert announced is not None
            assert now < announced <= later


@settings(deadline=None)
@given(EVENTS, st.data())
def test_the_order_in_which_keys_are_given_does_not_matter(
    events: list[Event], data: st.DataObject
) -> None:
    keys = schedule(events)
    shuffled = data.draw(st.permutations(keys))
    for now in instants(keys):
        assert states(keys, now) == states(shuffled, now)
        assert next_change(keys, now) == next_change(shuffled, now)


def test_dj_08_the_key_set_is_cached_for_less_than_the_shortest_publication_lead() -> None:
    assert JWKS_MAX_AGE + NOTICED_WITHIN < SHORTEST_PUBLICATION_LEAD <= PUBLICATION_LEAD


def test_keys_are_kept_for_longer_than_any_token_lives() -> None:
    assert LONGEST_TOKEN + NOTICED_WITHIN < RETIREMENT


def test_a_rotated_key_is_gone_before_the_next_rotation_is_due() -> None:
    assert PUBLICATION_LEAD + RETIREMENT < ROTATION_PERIOD


@pytest.mark.parametrize(
    ("now", "old", "new"),
    [
        (NOW + 99, KeyState.ACTIVE, KeyState.PENDING),
        (NOW + 100, KeyState.RETIRING, KeyState.ACTIVE),
        (NOW + 99 + RETIREMENT, KeyState.RETIRING, KeyState.ACTIVE),
        (NOW + 100 + RETIREMENT, KeyState.GONE, KeyState.ACTIVE),
        (NOW + 10 * 365 * DAY, KeyState.GONE, KeyState.ACTIVE),
    ],
)
def test_a_key_retires_when_its_successor_activates(now: int, old: KeyState, new: KeyState) -> None:
    keys = [a_signing_key("old", NOW), a_signing_key("new", NOW + 100)]
    assert states(keys, now) == {"old": old, "new": new}


def test_with_three_keys_each_is_measured_by_its_own_successor() -> None:
    keys = [a_signing_key(str(at), at) for at in (0, 100, 200)]
    assert states(keys, 150 + RETIREMENT) == {
        "0": KeyState.GONE,
        "100": KeyState.RETIRING,
        "200": KeyState.ACTIVE,
    }


def test_a_key_of_another_algorithm_is_no_successor() -> None:
    keys = [a_signing_key("ec", 0), a_signing_key("rsa", 50, Algorithm.RS256)]
    assert states(keys, 10 * RETIREMENT) == {"ec": KeyState.ACTIVE, "rsa": KeyState.ACTIVE}


def test_of_two_keys_that_activate_at_once_only_one_is_active() -> None:
    keys = [a_signing_key("a", NOW, created_at=1), a_signing_key("b", NOW, created_at=2)]
    assert states(keys, NOW) == {"a": KeyState.RETIRING, "b": KeyState.ACTIVE}


def test_a_clock_turned_back_leaves_the_oldest_key_active() -> None:
    keys = [a_signing_key("old", NOW), a_signing_key("new", NOW + 100)]
    assert states(keys, NOW - DAY) == {"old": KeyState.ACTIVE, "new": KeyState.PENDING}


@settings(deadline=None)
@given(EVENTS, st.integers(1, 400 * DAY))
def test_at_a_clock_before_everything_the_first_key_of_each_algorithm_is_active(
    events: list[Event], early: int
) -> None:
    """A laptop that woke up in the past, or a sandbox whose clock was turned back."""
    keys = schedule(events)
    found = states(keys, NOW - early)
    active = {kid for kid, state in found.items() if state is KeyState.ACTIVE}
    assert active == {f"{algorithm}-first" for algorithm in Algorithm}
    assert all(found[key.kid] is KeyState.PENDING for key in keys if key.kid not in active)


def test_before_its_activation_an_only_key_is_active() -> None:
    assert states([a_signing_key("only", NOW)], 0) == {"only": KeyState.ACTIVE}


def test_a_key_of_another_algorithm_does_not_stand_in_for_the_oldest() -> None:
    keys = [a_signing_key("ec", 0), a_signing_key("rsa", NOW + 50, Algorithm.RS256)]
    assert states(keys, NOW) == {"ec": KeyState.ACTIVE, "rsa": KeyState.ACTIVE}


def test_without_keys_nothing_changes_and_every_algorithm_is_due() -> None:
    assert states([], NOW) == {}
    assert next_change([], NOW) is None
    assert algorithms_due([], NOW) == set(Algorithm)


def test_after_the_last_change_there_is_no_next() -> None:
    assert next_change([a_signing_key("only", NOW)], NOW + RETIREMENT) is None


def test_a_successor_is_due_one_publication_lead_before_the_period_ends() -> None:
    keys = [a_signing_key("only", NOW)]
    due_at = NOW + ROTATION_PERIOD - PUBLICATION_LEAD
    assert Algorithm.ES256 not in algorithms_due(keys, due_at - 1)
    assert Algorithm.ES256 in algorithms_due(keys, due_at)


def test_an_algorithm_whose_successor_waits_is_not_due() -> None:
    keys = [a_signing_key("old", NOW), a_signing_key("new", NOW + ROTATION_PERIOD)]
    assert Algorithm.ES256 not in algorithms_due(keys, NOW + ROTATION_PERIOD - 1)


def test_only_the_algorithms_whose_time_has_come_are_due() -> None:
    late = NOW + ROTATION_PERIOD
    keys = [
        a_signing_key(each, NOW if each is Algorithm.RS256 else late, each) for each in Algorithm
    ]
    assert algorithms_due(keys, late) == {Algorithm.RS256}
