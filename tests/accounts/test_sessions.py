"""Sessions: what a sign-in makes of the browser's session."""

import pytest

from ostiary.accounts import factors
from ostiary.accounts.factors import password
from ostiary.accounts.sessions import find_signed_in, plan_sign_in, session_cookie
from ostiary.domain.handles import Handle, HandleKeys, Purpose
from ostiary.domain.session import Session
from tests.domain.values import NOW, a_session
from tests.kit.world import ENTERPRISE, World, a_client

NEW_ID = b"n" * 16
HANDLES = HandleKeys(issuer_id="enterprise", sealing=1, keys={1: b"k" * 32})
CLIENT = a_client("web", ENTERPRISE)


def test_the_first_sign_in_begins_a_session() -> None:
    change = plan_sign_in(ENTERPRISE, None, "alice-id", ("pwd",), NEW_ID, NOW)
    assert change.session == Session(
        session_id=NEW_ID,
        generation=0,
        user_id="alice-id",
        auth_time=NOW,
        amr=("pwd",),
        level="standard",
        seen_at=NOW,
        expires_at=NOW + ENTERPRISE.lifetimes.session,
    )
    assert (change.renews, change.ends) == (False, None)


class Passkey:
    """A factor that proves more than a password, as one of a later issue will."""

    AMR = "hwk"
    LEVEL = "high"
    verify = staticmethod(password.verify)


@pytest.fixture
def _passkeys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "FACTORS", {**factors.FACTORS, Passkey.AMR: Passkey})


@pytest.mark.usefixtures("_passkeys")
def test_the_same_person_again_goes_on_in_the_session_under_a_new_generation() -> None:
    current = a_session(generation=3)
    change = plan_sign_in(ENTERPRISE, current, current.user_id, ("pwd", "hwk"), NEW_ID, NOW)
    assert change.session.session_id == current.session_id
    assert change.session.generation == 4
    assert (change.session.auth_time, change.session.amr) == (NOW, ("pwd", "hwk"))
    assert change.session.level == "high", "as the strongest of its factors proves it"
    assert change.session.expires_at == NOW + ENTERPRISE.lifetimes.session
    assert (change.renews, change.ends) == (True, None)


def test_another_person_begins_a_session_and_ends_the_one_before() -> None:
    current = a_session(user_id="bob-id", generation=3)
    change = plan_sign_in(ENTERPRISE, current, "alice-id", ("pwd",), NEW_ID, NOW)
    assert (change.session.session_id, change.session.generation) == (NEW_ID, 0)
    assert change.session.user_id == "alice-id"
    assert (change.renews, change.ends) == (False, current.session_id)


@pytest.mark.parametrize("user_id", ["alice-id", "bob-id"])
def test_a_sign_in_always_changes_the_cookie(user_id: str) -> None:
    current = a_session()
    change = plan_sign_in(ENTERPRISE, current, user_id, ("pwd",), NEW_ID, NOW)
    assert session_cookie(HANDLES, change.session) != session_cookie(HANDLES, current)


def test_the_cookie_leads_to_the_session_and_its_generation() -> None:
    session = a_session()
    opened = HANDLES.open(session_cookie(HANDLES, session), Purpose.SESSION)
    assert opened == Handle(id=session.session_id, generation=session.generation)


def test_the_cookie_does_not_tell_who_signed_in() -> None:
    assert "alice" not in session_cookie(HANDLES, a_session(user_id="alice-id"))


async def test_without_a_cookie_nobody_is_signed_in(world: World) -> None:
    assert await find_signed_in(world.store, ENTERPRISE, None, CLIENT, NOW) is None


async def test_a_cookie_of_no_session_signs_nobody_in(world: World) -> None:
    handle = Handle(id=NEW_ID)
    assert await find_signed_in(world.store, ENTERPRISE, handle, CLIENT, NOW) is None
