"""The contract of every verb of the store: what it keeps, what it changes, and when it does not."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.authorization import Standing
from ostiary.domain.consent import Consent
from ostiary.domain.handle_keys import HandleKey
from ostiary.domain.interaction import Interaction
from ostiary.domain.session import SignedIn
from ostiary.domain.user import Membership, User
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.storage.database import Conflict
from ostiary.storage.interactions import SignInChange
from ostiary.storage.jwks_fetches import JwksFetch
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store
from tests.kit.outside import contents
from tests.storage.rows import (
    AUTHORIZATION,
    AUTHORIZATION_ID,
    CLIENT,
    CONSENT,
    HANDLE_KEY,
    INSTITUTION,
    INTERACTION,
    INTERACTION_ID,
    ISSUER,
    JWKS_FETCH,
    KEY,
    MEMBERSHIP,
    NOW,
    PICTURE,
    REFUSAL,
    SESSION,
    SESSION_ID,
    USER,
    a_completion,
    an_event,
    fill,
)

pytestmark = pytest.mark.both_engines

ROOT = Path(__file__).parents[2]
LEFT = "left"
NEW = b"n" * 16
AT_ONCE = 20


async def find_standing(store: Store, authorization_id: bytes = AUTHORIZATION_ID) -> Standing:
    standing = await store.authorizations.find_standing(LEFT, authorization_id)
    assert standing is not None
    return standing


async def find_signed_in(
    store: Store,
    session_id: bytes = SESSION_ID,
    client_id: str = "web",
    institution: str = "garden",
) -> SignedIn:
    signed_in = await store.sessions.find_signed_in(LEFT, session_id, client_id, institution)
    assert signed_in is not None
    return signed_in


async def find_interaction(store: Store, interaction_id: bytes = INTERACTION_ID) -> Interaction:
    interaction = await store.interactions.find(LEFT, interaction_id)
    assert interaction is not None
    return interaction


# ---- issuers, institutions ----------------------------------------------------------------------


async def test_an_issuer_comes_back_as_it_went(store: Store) -> None:
    await store.issuers.save(ISSUER, an_event())
    assert await store.issuers.find(LEFT) == ISSUER
    assert await store.issuers.list() == [ISSUER]
    assert await store.issuers.find_by_host("left.example") == [ISSUER]


async def test_a_host_may_have_several_issuers(store: Store) -> None:
    others = [
        replace(ISSUER, issuer_id=name, url=f"https://left.example/{name}") for name in ("z", "a")
    ]
    for issuer in others:
        await store.issuers.save(issuer, an_event())
    found = await store.issuers.find_by_host("left.example")
    assert [issuer.issuer_id for issuer in found] == ["a", "z"]


async def test_an_issuer_that_moves_is_found_at_its_new_host_alone(filled: Store) -> None:
    await filled.issuers.save(replace(ISSUER, url="https://new.example:8443"), an_event())
    assert await filled.issuers.find_by_host("left.example") == []
    assert [each.issuer_id for each in await filled.issuers.find_by_host("new.example:8443")] == [
        LEFT
    ]


async def test_no_two_issuers_have_one_url(filled: Store, source: Source) -> None:
    before = contents(source)
    with pytest.raises(Conflict):
        await filled.issuers.save(replace(ISSUER, issuer_id="thief"), an_event())
    assert contents(source) == before


async def test_an_institution_comes_back_as_it_went(filled: Store) -> None:
    assert await filled.institutions.find(LEFT, "garden") == INSTITUTION
    changed = replace(INSTITUTION, name="Ünïcode & <b>", support=None)
    await filled.institutions.save(LEFT, changed, an_event())
    assert await filled.institutions.list(LEFT) == [changed]


async def test_the_version_grows_with_every_change_that_is_cached(filled: Store) -> None:
    seen = []

    async def look() -> None:
        version = await filled.issuers.version(LEFT)
        assert version is not None
        seen.append(version)

    await look()
    await filled.issuers.save(replace(ISSUER, name="Other"), an_event())
    await look()
    await filled.institutions.save(LEFT, INSTITUTION, an_event())
    await look()
    await filled.clients.add(LEFT, replace(CLIENT, client_id="new"), an_event())
    await look()
    await filled.clients.replace(LEFT, replace(CLIENT, client_id="new"), CLIENT, an_event())
    await filled.keys.add_signing_key(
        LEFT, replace(KEY, kid="k2", activates_at=NOW + 9), unless_after=NOW, event=an_event()
    )
    await look()
    assert seen == sorted(set(seen))
    await filled.keys.add_signing_key(LEFT, KEY, unless_after=0, event=an_event())
    await filled.authorizations.redeem(
        LEFT, AUTHORIZATION_ID, refresh_until=None, refresh_jkt=None, now=NOW
    )
    assert await filled.issuers.version(LEFT) == seen[-1], "nothing that is cached has changed"


# ---- clients ------------------------------------------------------------------------------------


async def test_a_client_comes_back_as_it_went(filled: Store) -> None:
    assert await filled.clients.find(LEFT, "web") == CLIENT
    assert await filled.clients.list(LEFT) == [CLIENT]


async def test_st_30_a_client_id_is_given_once(filled: Store) -> None:
    wanted = [replace(CLIENT, client_id="new", name=str(number)) for number in range(AT_ONCE)]
    added = await asyncio.gather(*(filled.clients.add(LEFT, each, an_event()) for each in wanted))
    assert added.count(True) == 1
    assert await filled.clients.find(LEFT, "new") == wanted[added.index(True)]


async def test_a_client_is_replaced_when_it_is_what_its_author_saw(filled: Store) -> None:
    seen = await filled.clients.find(LEFT, "web")
    assert seen is not None
    for name in ("first", "second"):
        assert await filled.clients.replace(LEFT, seen, replace(seen, name=name), an_event())
        found = await filled.clients.find(LEFT, "web")
        assert found == replace(seen, name=name, revision=seen.revision + 1)
        seen = found


async def test_a_client_that_has_changed_meanwhile_is_not_replaced(
    filled: Store, source: Source
) -> None:
    assert await filled.clients.replace(LEFT, CLIENT, replace(CLIENT, name="mine"), an_event())
    before = contents(source)
    lost = replace(CLIENT, name="theirs")
    assert not await filled.clients.replace(LEFT, CLIENT, lost, an_event())
    assert contents(source) == before


async def test_a_client_that_was_changed_there_and_back_is_not_what_its_author_saw(
    filled: Store,
) -> None:
    for name in ("other", CLIENT.name):
        seen = await filled.clients.find(LEFT, "web")
        assert seen is not None
        assert await filled.clients.replace(LEFT, seen, replace(seen, name=name), an_event())
    assert not await filled.clients.replace(LEFT, CLIENT, replace(CLIENT, name="x"), an_event())


async def test_of_many_who_replace_what_they_saw_one_does(filled: Store) -> None:
    wanted = [replace(CLIENT, name=str(number)) for number in range(AT_ONCE)]
    done = await asyncio.gather(
        *(filled.clients.replace(LEFT, CLIENT, each, an_event()) for each in wanted)
    )
    assert done.count(True) == 1
    found = await filled.clients.find(LEFT, "web")
    assert found == replace(wanted[done.index(True)], revision=1)


REPLACE = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from ostiary.storage.source import PostgresqlSource
from ostiary.storage.store import Store
from tests.storage.rows import an_event

async def main():
    told = sys.argv[1]
    store = Store.open(PostgresqlSource(url=told) if "://" in told else Path(told))
    seen = await store.clients.find("left", "web")
    done = await store.clients.replace("left", seen, replace(seen, name=sys.argv[2]), an_event())
    store.close()
    sys.exit(not done)

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
async def test_a_client_is_replaced_by_another_process_than_the_one_that_wrote_it(
    filled: Store, source: Source, seed: str
) -> None:
    """As `ostiary client secret` does with a client that the server or `apply` has written."""
    told = source.url if isinstance(source, PostgresqlSource) else str(source)
    for name in ("first", "second"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", REPLACE, told, name),
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert await process.wait() == 0
        found = await filled.clients.find(LEFT, "web")
        assert found is not None
        assert replace(found, revision=0) == replace(CLIENT, name=name)
        seed += "1"


# ---- users --------------------------------------------------------------------------------------


async def test_a_user_comes_back_as_they_went(filled: Store) -> None:
    assert await filled.users.find_by_username(LEFT, "Alice") == USER
    assert await filled.users.list(LEFT) == [USER]
    assert await filled.users.exists(LEFT, USER.user_id)
    assert not await filled.users.exists(LEFT, "nobody")
    assert await filled.users.memberships(LEFT, USER.user_id) == [MEMBERSHIP]


# As typed, in capitals, with spaces, in full width, with a letter in a circle.
FULL_WIDTH = "\uff41\uff4c\uff49\uff43\uff45"
SPELLINGS = ["alice", "ALICE", " Alice ", FULL_WIDTH, "\u24b6lice", "\u00a0alice"]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_username_is_taken_in_every_spelling(
    filled: Store, source: Source, spelling: str
) -> None:
    assert await filled.users.find_by_username(LEFT, spelling) == USER
    before = contents(source)
    with pytest.raises(Conflict):
        await filled.users.add(
            LEFT, User(user_id="other", username=spelling), [MEMBERSHIP], an_event()
        )
    assert contents(source) == before


async def test_a_name_of_other_letters_is_another(filled: Store) -> None:
    for number, username in enumerate(("аlice", "alíce", "straße", "alice2")):  # noqa: RUF001  a Cyrillic a
        await filled.users.add(
            LEFT, User(user_id=str(number), username=username), [MEMBERSHIP], an_event()
        )
    with pytest.raises(Conflict):
        await filled.users.add(LEFT, User(user_id="s", username="STRASSE"), [], an_event())


async def test_st_30_of_many_spellings_at_once_one_gets_the_name(store: Store) -> None:
    outcomes = await asyncio.gather(
        *(
            store.users.add(LEFT, User(user_id=str(number), username=name), [], an_event())
            for number, name in enumerate(["Bob", "bob", "BOB", "\uff42ob"])
        ),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes].count(Conflict) == 3
    assert len(await store.users.list(LEFT)) == 1
    assert len(await store.audit.latest(LEFT)) == 1


async def test_a_user_id_is_given_once(filled: Store) -> None:
    with pytest.raises(Conflict):
        await filled.users.add(LEFT, User(user_id="alice-id", username="eve"), [], an_event())
    assert await filled.users.find_by_username(LEFT, "eve") is None


async def test_a_member_is_found_in_their_institution_alone(filled: Store) -> None:
    assert await filled.users.find_member(LEFT, "garden", "aLICE") == USER
    assert await filled.users.find_member(LEFT, "harbor", "alice") is None
    harbor = Membership(institution_id="harbor", claims={"name": "Mrs A"})
    await filled.users.save_membership(LEFT, USER.user_id, harbor, an_event())
    assert await filled.users.find_member(LEFT, "harbor", "alice") == USER
    assert await filled.users.memberships(LEFT, USER.user_id) == [MEMBERSHIP, harbor]


async def test_saving_a_membership_again_changes_its_claims(filled: Store) -> None:
    changed = replace(MEMBERSHIP, claims={"name": "Alicia"})
    await filled.users.save_membership(LEFT, USER.user_id, changed, an_event())
    assert await filled.users.memberships(LEFT, USER.user_id) == [changed]
    assert (await find_standing(filled)).claims == changed.claims


async def test_a_new_password_ends_what_the_old_one_began(filled: Store) -> None:
    await filled.users.set_password(LEFT, USER.user_id, "$argon2id$new", an_event(NOW + 1))
    found = await filled.users.find_by_username(LEFT, "alice")
    assert found is not None
    assert found.password_hash == "$argon2id$new"
    assert not (await find_standing(filled)).may_act(NOW + 1)
    assert (await find_standing(filled)).user_valid_after == NOW + 2
    assert (await find_signed_in(filled)).valid_after == NOW + 2


async def test_a_new_password_ends_what_began_in_the_same_second(filled: Store) -> None:
    """A thief signs in with the old password in the second in which it is changed."""
    await filled.users.set_password(LEFT, USER.user_id, "$argon2id$new", an_event(NOW))
    assert not (await find_standing(filled)).may_act(NOW)


async def test_a_rehash_ends_nothing_and_loses_against_a_new_password(filled: Store) -> None:
    await filled.users.rehash(LEFT, USER, "$argon2id$second")
    assert (await find_standing(filled)).may_act(NOW)
    await filled.users.set_password(LEFT, USER.user_id, "$argon2id$third", an_event())
    await filled.users.rehash(LEFT, replace(USER, password_hash="$argon2id$second"), "$old")
    found = await filled.users.find_by_username(LEFT, "alice")
    assert found is not None
    assert found.password_hash == "$argon2id$third"


async def test_a_user_is_switched_off_and_on(filled: Store) -> None:
    await filled.users.set_disabled(LEFT, USER.user_id, NOW, an_event())
    assert (await find_standing(filled)).user_disabled
    assert (await find_signed_in(filled)).disabled
    assert not (await find_standing(filled)).may_act(NOW)
    await filled.users.set_disabled(LEFT, USER.user_id, None, an_event())
    assert not (await find_standing(filled)).user_disabled
    assert not (await find_signed_in(filled)).disabled


async def test_what_began_up_to_the_second_of_the_switch_is_over_and_what_begins_after_it_is_not(
    filled: Store,
) -> None:
    """So that what a thief began does not wake up when the person is switched on again."""
    codes = [
        replace(AUTHORIZATION, authorization_id=bytes([after]) * 16, created_at=NOW + after)
        for after in (0, 5, 6)
    ]
    for code in codes[:2]:
        assert await filled.authorizations.add(LEFT, code, touch=False)
    await filled.users.set_disabled(LEFT, USER.user_id, NOW + 5, an_event(NOW + 5))
    await filled.users.set_disabled(LEFT, USER.user_id, None, an_event(NOW + 9))
    assert (await find_signed_in(filled)).valid_after == NOW + 6
    assert not await filled.authorizations.add(LEFT, codes[2], touch=False), "its session has ended"
    again = SignInChange(session=replace(SESSION, session_id=NEW), renews=False, ends=None)
    assert await filled.interactions.sign_in(LEFT, INTERACTION_ID, again, an_event())
    assert await filled.authorizations.add(LEFT, replace(codes[2], session_id=NEW), touch=False)
    standings = [await find_standing(filled, code.authorization_id) for code in codes]
    assert [standing.may_act(NOW + 6) for standing in standings] == [False, False, True]


# ---- sessions -----------------------------------------------------------------------------------


async def sign_in(store: Store, change: SignInChange, interaction_id: bytes = b"n" * 16) -> bool:
    """Through an interaction of its own."""
    await store.interactions.add(LEFT, replace(INTERACTION, interaction_id=interaction_id))
    return await store.interactions.sign_in(LEFT, interaction_id, change, an_event())


async def test_a_session_comes_back_as_it_went_with_what_stands_beside_it(filled: Store) -> None:
    found = await find_signed_in(filled)
    # The second interaction of the sample ended in a code, which is a use of the session.
    assert found == SignedIn(
        session=SESSION,
        username="Alice",
        disabled=False,
        valid_after=0,
        claims=MEMBERSHIP.claims,
        consent=CONSENT,
        institution_ids=("garden",),
    )
    assert (await find_signed_in(filled, client_id="other")).consent is None
    elsewhere = await find_signed_in(filled, institution="harbor")
    assert (elsewhere.claims, elsewhere.institution_ids) == (None, ())
    assert await filled.sessions.find_signed_in(LEFT, b"?" * 16, "web", "garden") is None


async def test_a_renewed_session_has_the_next_generation(filled: Store) -> None:
    renewed = replace(
        SESSION, generation=1, auth_time=NOW + 9, seen_at=NOW + 9, expires_at=NOW + 99, amr=("otp",)
    )
    assert await sign_in(filled, SignInChange(session=renewed, renews=True, ends=None))
    assert (await find_signed_in(filled)).session == renewed


@pytest.mark.parametrize(
    "change",
    [{"generation": 0}, {"generation": 2}, {"generation": 1, "user_id": "eve"}],
    ids=["the same generation", "one too far", "another person"],
)
async def test_a_session_is_not_renewed_from_another_state(
    filled: Store, change: dict[str, object]
) -> None:
    other = replace(SESSION, level="high", **change)  # type: ignore[arg-type]
    await sign_in(filled, SignInChange(session=other, renews=True, ends=None))
    assert (await find_signed_in(filled)).session == SESSION


async def test_an_ended_session_is_not_renewed(filled: Store) -> None:
    assert await filled.sessions.end(LEFT, SESSION_ID, an_event())
    renewed = replace(SESSION, generation=1)
    await sign_in(filled, SignInChange(session=renewed, renews=True, ends=None))
    found = (await find_signed_in(filled)).session
    assert (found.ended_at, found.generation) == (NOW, 0)


async def test_a_sign_in_of_another_person_ends_the_session_before(filled: Store) -> None:
    other = replace(SESSION, session_id=b"2" * 16)
    assert await sign_in(filled, SignInChange(session=other, renews=False, ends=SESSION_ID))
    assert (await find_signed_in(filled)).session.ended_at == NOW
    assert (await find_signed_in(filled, b"2" * 16)).session == other


async def test_use_is_noted_and_never_backwards(filled: Store) -> None:
    for number, (at, seen_at) in enumerate([(50, 50), (20, 50), (50, 50), (51, 51)]):
        planned = replace(AUTHORIZATION, authorization_id=bytes([number]) * 16, created_at=NOW + at)
        await filled.authorizations.add(LEFT, planned, touch=True)
        assert (await find_signed_in(filled)).session.seen_at == NOW + seen_at


async def test_use_is_not_noted_unless_asked(filled: Store) -> None:
    planned = replace(AUTHORIZATION, authorization_id=b"2" * 16, created_at=NOW + 50)
    await filled.authorizations.add(LEFT, planned, touch=False)
    assert (await find_signed_in(filled)).session.seen_at == NOW


async def test_a_session_ends_once(filled: Store) -> None:
    ended = await asyncio.gather(
        *(filled.sessions.end(LEFT, SESSION_ID, an_event(NOW + each)) for each in range(AT_ONCE))
    )
    assert ended.count(True) == 1
    ended_at = (await find_signed_in(filled)).session.ended_at
    assert ended_at == NOW + ended.index(True)
    assert not await filled.sessions.end(LEFT, b"?" * 16, an_event())


# ---- interactions -------------------------------------------------------------------------------


async def test_an_interaction_comes_back_as_it_went(store: Store) -> None:
    await store.interactions.add(LEFT, INTERACTION)
    assert await find_interaction(store) == INTERACTION
    assert await store.interactions.find(LEFT, b"?" * 16) is None
    with pytest.raises(Conflict):
        await store.interactions.add(LEFT, INTERACTION)


async def test_what_has_been_proved_is_noted(store: Store) -> None:
    await store.interactions.add(LEFT, INTERACTION)
    await store.interactions.choose_account(LEFT, INTERACTION_ID, another=False)
    assert await find_interaction(store) == replace(INTERACTION, account_chosen=True)
    await store.interactions.choose_account(LEFT, INTERACTION_ID, another=True)
    noted = replace(INTERACTION, account_chosen=True, another_account=True)
    assert await find_interaction(store) == noted
    await store.interactions.set_identifier(LEFT, INTERACTION_ID, "Alicé")
    noted = replace(noted, identifier="Alicé")
    assert await find_interaction(store) == noted
    change = SignInChange(session=SESSION, renews=False, ends=None)
    assert await store.interactions.sign_in(LEFT, INTERACTION_ID, change, an_event())
    assert await find_interaction(store) == replace(
        noted, another_account=False, signed_in_session=SESSION_ID
    )


async def test_whoever_types_a_name_has_to_sign_in_whoever_is_signed_in(filled: Store) -> None:
    signed_in = await find_interaction(filled)
    assert signed_in.signed_in_session == SESSION_ID
    await filled.interactions.set_identifier(LEFT, INTERACTION_ID, "bob")
    assert await find_interaction(filled) == replace(
        signed_in,
        identifier="bob",
        signed_in_session=None,
        account_chosen=True,
        another_account=True,
    )


async def test_a_finished_interaction_is_changed_by_nothing(filled: Store, source: Source) -> None:
    assert await filled.interactions.refuse(LEFT, INTERACTION_ID, NOW + 5, an_event())
    before = contents(source)
    assert (await find_interaction(filled)).finished_at == NOW + 5
    await filled.interactions.set_identifier(LEFT, INTERACTION_ID, "eve")
    await filled.interactions.choose_account(LEFT, INTERACTION_ID, another=True)
    change = SignInChange(session=replace(SESSION, session_id=b"2" * 16), renews=False, ends=None)
    assert not await filled.interactions.sign_in(LEFT, INTERACTION_ID, change, an_event())
    assert not await filled.interactions.complete(LEFT, INTERACTION_ID, a_completion())
    assert not await filled.interactions.refuse(LEFT, INTERACTION_ID, NOW + 6, an_event())
    assert contents(source) == before


async def test_an_interaction_ends_in_one_code(filled: Store) -> None:
    ids = [bytes([number]) * 16 for number in range(AT_ONCE)]
    done = await asyncio.gather(
        *(
            filled.interactions.complete(LEFT, INTERACTION_ID, a_completion(authorization_id))
            for authorization_id in ids
        )
    )
    assert done.count(True) == 1
    for authorization_id, added in zip(ids, done, strict=True):
        found = await filled.authorizations.find_standing(LEFT, authorization_id)
        assert (found is not None) is added


async def test_of_yes_and_no_at_once_one_counts(filled: Store) -> None:
    yes, no = await asyncio.gather(
        filled.interactions.complete(LEFT, INTERACTION_ID, a_completion()),
        filled.interactions.refuse(LEFT, INTERACTION_ID, NOW, an_event()),
    )
    assert (yes, no) in {(True, False), (False, True)}
    found = await filled.authorizations.find_standing(LEFT, b"A" * 16)
    assert (found is not None) is yes


async def test_the_end_notes_the_consent_and_the_use(filled: Store) -> None:
    given = Consent(
        scope=frozenset({"openid", "profile"}),
        data=frozenset({"tax_id", "loans"}),
        client_print="x",
    )
    end = replace(a_completion(created_at=NOW + 30), consent=given)
    assert await filled.interactions.complete(LEFT, INTERACTION_ID, end)
    found = await find_signed_in(filled)
    assert found.consent == given
    assert found.session.seen_at == NOW + 30


async def test_of_two_consents_the_later_one_is_remembered(filled: Store) -> None:
    """Not both together: nobody has ever been asked for what would then be remembered."""
    given = [frozenset({"openid", name}) for name in ("email", "profile", "phone")]
    for number in range(len(given)):
        added = replace(INTERACTION, interaction_id=bytes([number]) * 16)
        await filled.interactions.add(LEFT, added)
    done = await asyncio.gather(
        *(
            filled.interactions.complete(
                LEFT,
                bytes([number]) * 16,
                replace(
                    a_completion(bytes([200 + number]) * 16), consent=replace(CONSENT, scope=scope)
                ),
            )
            for number, scope in enumerate(given)
        )
    )
    assert done == [True, True, True]
    # Which is the later one of those at the same moment, the engine says.
    consent = (await find_signed_in(filled)).consent
    assert consent in [replace(CONSENT, scope=scope) for scope in given]


async def test_without_a_consent_the_one_before_stays(filled: Store) -> None:
    end = replace(a_completion(), consent=None, event=None)
    assert await filled.interactions.complete(LEFT, INTERACTION_ID, end)
    assert (await find_signed_in(filled)).consent == CONSENT


async def test_a_code_that_exists_ends_no_interaction(filled: Store, source: Source) -> None:
    before = contents(source)
    with pytest.raises(Conflict):
        await filled.interactions.complete(LEFT, INTERACTION_ID, a_completion(AUTHORIZATION_ID))
    assert contents(source) == before


# ---- authorizations -----------------------------------------------------------------------------


async def test_an_authorization_comes_back_as_it_went(filled: Store) -> None:
    assert await find_standing(filled) == Standing(
        authorization=AUTHORIZATION,
        user_disabled=False,
        user_valid_after=0,
        session_until=SESSION.expires_at,
        claims=MEMBERSHIP.claims,
    )
    bare = replace(
        AUTHORIZATION,
        authorization_id=b"2" * 16,
        nonce=None,
        code_challenge=None,
        offline=False,
        scope=frozenset(),
    )
    await filled.authorizations.add(LEFT, bare, touch=False)
    assert (await find_standing(filled, b"2" * 16)).authorization == bare
    assert await filled.authorizations.find_standing(LEFT, b"?" * 16) is None


async def test_st_27_a_code_is_redeemed_once(filled: Store) -> None:
    done = await asyncio.gather(
        *(
            filled.authorizations.redeem(
                LEFT,
                AUTHORIZATION_ID,
                refresh_until=NOW + 100 + each,
                refresh_jkt=None,
                now=NOW + each,
            )
            for each in range(AT_ONCE)
        )
    )
    assert done.count(True) == 1
    winner = done.index(True)
    assert (await find_standing(filled)).authorization == replace(
        AUTHORIZATION, redeemed_at=NOW + winner, refresh_until=NOW + 100 + winner
    )


async def test_a_revoked_code_is_not_redeemed(filled: Store) -> None:
    assert await filled.authorizations.revoke(LEFT, AUTHORIZATION_ID, an_event(NOW + 1))
    assert not await filled.authorizations.redeem(
        LEFT, AUTHORIZATION_ID, refresh_until=None, refresh_jkt=None, now=NOW
    )
    standing = await find_standing(filled)
    assert standing.authorization == replace(AUTHORIZATION, revoked_at=NOW + 1)
    assert not standing.may_act(NOW)


async def rotate(store: Store, generation: int, now: int = NOW) -> bool:
    return await store.authorizations.rotate(
        LEFT, AUTHORIZATION_ID, generation=generation, refresh_until=now + 100, now=now
    )


async def test_a_generation_is_followed_once(filled: Store) -> None:
    await filled.authorizations.redeem(
        LEFT, AUTHORIZATION_ID, refresh_until=NOW + 1, refresh_jkt=None, now=NOW
    )
    for generation in range(3):
        done = await asyncio.gather(
            *(rotate(filled, generation, NOW + generation) for _ in range(AT_ONCE))
        )
        assert done.count(True) == 1
        found = (await find_standing(filled)).authorization
        assert (found.generation, found.rotated_at, found.refresh_until) == (
            generation + 1,
            NOW + generation,
            NOW + generation + 100,
        )
    for generation in (0, 1, 2, 4, 99):
        assert not await rotate(filled, generation)


async def extend(store: Store, generation: int = 0, until: int = NOW + 100) -> bool:
    return await store.authorizations.extend(
        LEFT, AUTHORIZATION_ID, generation=generation, refresh_until=until
    )


async def test_a_refresh_token_that_is_not_rotated_lives_longer_with_each_use(
    filled: Store,
) -> None:
    redeemed = await filled.authorizations.redeem(
        LEFT, AUTHORIZATION_ID, refresh_until=NOW + 1, refresh_jkt="k", now=NOW
    )
    assert redeemed
    for until in (NOW + 100, NOW + 200):
        assert await extend(filled, until=until)
        found = (await find_standing(filled)).authorization
        assert (found.generation, found.refresh_until) == (0, until)
        assert (found.refresh_jkt, found.rotated_at) == ("k", None)
    assert not await extend(filled, generation=1)
    await filled.authorizations.revoke(LEFT, AUTHORIZATION_ID, an_event())
    assert not await extend(filled)


async def test_a_revoked_authorization_does_not_go_on(filled: Store) -> None:
    await filled.authorizations.redeem(
        LEFT, AUTHORIZATION_ID, refresh_until=NOW + 1, refresh_jkt=None, now=NOW
    )
    await filled.authorizations.revoke(LEFT, AUTHORIZATION_ID, an_event())
    assert not await rotate(filled, 0)


async def test_an_authorization_is_revoked_once(filled: Store) -> None:
    count = len(await filled.audit.latest(LEFT))
    done = await asyncio.gather(
        *(
            filled.authorizations.revoke(LEFT, AUTHORIZATION_ID, an_event(NOW + each))
            for each in range(AT_ONCE)
        )
    )
    assert done.count(True) == 1
    assert (await find_standing(filled)).authorization.revoked_at == NOW + done.index(True)
    assert len(await filled.audit.latest(LEFT)) == count + 1
    assert not await filled.authorizations.revoke(LEFT, b"?" * 16, an_event())


async def test_an_access_token_is_revoked_alone(filled: Store) -> None:
    token_id, other = b"t" * 16, b"o" * 16
    done = await asyncio.gather(
        *(
            filled.spent.revoke(LEFT, token_id, expires_at=NOW + 60, event=an_event(NOW + each))
            for each in range(AT_ONCE)
        )
    )
    assert done.count(True) == 1
    for asked, revoked in ((token_id, True), (other, False), (None, False)):
        standing = await filled.authorizations.find_standing(LEFT, AUTHORIZATION_ID, token_id=asked)
        assert standing is not None
        assert standing.token_revoked is revoked
        assert standing.may_act(NOW) is not revoked


async def test_what_stands_behind_an_authorization_decides_with_it(filled: Store) -> None:
    lasting, passing = AUTHORIZATION_ID, b"2" * 16
    await filled.authorizations.add(
        LEFT, replace(AUTHORIZATION, authorization_id=passing, offline=False), touch=False
    )
    await filled.sessions.end(LEFT, SESSION_ID, an_event())
    assert (await find_standing(filled, lasting)).may_act(NOW)
    assert not (await find_standing(filled, passing)).may_act(NOW)


async def test_an_authorization_ends_with_the_last_moment_of_its_session(filled: Store) -> None:
    lasting, passing = AUTHORIZATION_ID, b"2" * 16
    until = SESSION.expires_at
    await filled.authorizations.add(
        LEFT,
        replace(AUTHORIZATION, authorization_id=passing, offline=False, ends_at=until + 99),
        touch=False,
    )
    standing = await find_standing(filled, passing)
    assert standing.may_act(until - 1)
    assert not standing.may_act(until)
    renewed = replace(SESSION, generation=1, expires_at=until + 50)
    assert await sign_in(filled, SignInChange(session=renewed, renews=True, ends=None))
    standing = await find_standing(filled, passing)
    assert standing.session_until == until + 50
    assert standing.may_act(until)
    assert not standing.may_act(until + 50)
    await filled.sessions.end(LEFT, SESSION_ID, an_event())
    for authorization_id in (lasting, passing):
        assert (await find_standing(filled, authorization_id)).session_until == 0


@pytest.mark.parametrize("missing", [{"user_id": "nobody"}, {"session_id": b"?" * 16}])
async def test_nothing_is_authorized_without_a_session_of_the_person(
    filled: Store, missing: dict[str, object]
) -> None:
    orphan = replace(AUTHORIZATION, authorization_id=b"2" * 16, **missing)  # type: ignore[arg-type]
    assert not await filled.authorizations.add(LEFT, orphan, touch=False)
    assert await filled.authorizations.find_standing(LEFT, b"2" * 16, token_id=b"") is None


async def test_nothing_is_authorized_in_a_session_that_has_ended(filled: Store) -> None:
    """Between the look at the session and the code, another tab has signed out: no code."""
    assert await filled.sessions.end(LEFT, SESSION_ID, an_event())
    late = replace(AUTHORIZATION, authorization_id=b"2" * 16)
    assert not await filled.authorizations.add(LEFT, late, touch=True)
    assert not await filled.interactions.complete(LEFT, INTERACTION_ID, a_completion(b"3" * 16))
    found = await filled.interactions.find(LEFT, INTERACTION_ID)
    assert found is not None
    assert found.finished_at is None


async def test_an_authorization_at_an_institution_without_the_person_may_do_nothing(
    filled: Store,
) -> None:
    orphan = replace(AUTHORIZATION, authorization_id=b"2" * 16, institution_id="harbor")
    assert await filled.authorizations.add(LEFT, orphan, touch=False)
    assert not (await find_standing(filled, b"2" * 16)).may_act(NOW)


# ---- keys ---------------------------------------------------------------------------------------


async def test_keys_come_back_as_they_went(filled: Store) -> None:
    assert await filled.keys.signing_keys(LEFT) == [KEY]
    assert await filled.keys.handle_keys(LEFT) == [HANDLE_KEY]


async def test_of_many_who_find_a_key_due_one_adds_it(filled: Store) -> None:
    successors = [
        replace(KEY, kid=f"s{number}", activates_at=NOW + 100) for number in range(AT_ONCE)
    ]
    added = await asyncio.gather(
        *(
            filled.keys.add_signing_key(LEFT, each, unless_after=NOW, event=an_event())
            for each in successors
        )
    )
    assert added.count(True) == 1
    assert await filled.keys.signing_keys(LEFT) == [KEY, successors[added.index(True)]]


async def test_a_key_of_another_algorithm_is_no_hindrance(filled: Store) -> None:
    other = replace(KEY, kid="rsa", algorithm=Algorithm.RS256, activates_at=NOW - 5)
    assert await filled.keys.add_signing_key(LEFT, other, unless_after=-1, event=an_event())
    assert not await filled.keys.add_signing_key(
        LEFT, replace(other, kid="rsa2"), unless_after=-1, event=an_event()
    )


async def test_an_issuer_has_one_subject_key(store: Store) -> None:
    made = await asyncio.gather(
        *(store.keys.add_subject_key(LEFT, bytes([number]), NOW) for number in range(AT_ONCE))
    )
    assert len(set(made)) == 1, "the first one counts, for everybody"
    assert await store.keys.subject_key(LEFT) == made[0]
    assert await store.keys.add_subject_key(LEFT, b"later", NOW) == made[0]


async def test_a_picture_is_replaced_and_taken_away(filled: Store) -> None:
    assert await filled.pictures.find(LEFT, USER.user_id) == PICTURE
    other = replace(PICTURE, media_type="image/jpeg", data=b"other")
    await filled.pictures.save(LEFT, USER.user_id, other, an_event())
    assert await filled.pictures.find(LEFT, USER.user_id) == other
    assert await filled.pictures.remove(LEFT, USER.user_id, an_event())
    assert await filled.pictures.find(LEFT, USER.user_id) is None
    assert not await filled.pictures.remove(LEFT, USER.user_id, an_event())


async def test_of_many_who_find_a_handle_key_due_one_adds_it(filled: Store) -> None:
    successors = [
        HandleKey(number=2, sealed=bytes([each]), created_at=NOW, activates_at=NOW + 100)
        for each in range(AT_ONCE)
    ]
    added = await asyncio.gather(
        *(
            filled.keys.add_handle_key(LEFT, each, unless_after=NOW, event=an_event())
            for each in successors
        )
    )
    assert added.count(True) == 1
    assert await filled.keys.handle_keys(LEFT) == [HANDLE_KEY, successors[added.index(True)]]


async def test_a_handle_keys_number_is_the_next_and_no_other_key_waits(filled: Store) -> None:
    async def added(number: int, activates_at: int) -> bool:
        key = HandleKey(number=number, sealed=b"s", created_at=NOW, activates_at=activates_at)
        return await filled.keys.add_handle_key(LEFT, key, unless_after=NOW, event=an_event())

    assert not await added(1, NOW + 9)
    assert await added(2, NOW + 9)
    assert not await added(3, NOW + 10), "the second waits still"


async def test_an_erased_key_keeps_its_public_half(filled: Store) -> None:
    assert await filled.keys.erase(LEFT, KEY.kid, an_event())
    assert await filled.keys.signing_keys(LEFT) == [replace(KEY, sealed=b"")]
    assert not await filled.keys.erase(LEFT, KEY.kid, an_event())


async def test_a_key_of_any_issuer_is_found_for_trying_a_master_key(store: Store) -> None:
    assert await store.keys.any_handle_key() is None
    await fill(store, "right")
    assert await store.keys.any_handle_key() == ("right", HANDLE_KEY)


# ---- audit events, refusals ---------------------------------------------------------------------


async def test_events_come_back_as_they_went_the_newest_first(store: Store) -> None:
    events = [
        AuditEvent(
            type=kind,
            at=NOW + number,
            actor="alice-id",
            user_id="u",
            institution_id="i",
            details={"n": number},
        )
        for number, kind in enumerate(EventType)
    ]
    for event in events:
        await store.audit.add(LEFT, event)
    assert await store.audit.latest(LEFT) == events[::-1]
    assert await store.audit.latest(LEFT, limit=2) == events[:-3:-1]


async def test_a_refusal_is_found_by_its_reference(store: Store) -> None:
    await store.refusals.add("right", REFUSAL)
    assert await store.refusals.find(["left", "right"], REFUSAL.reference) == REFUSAL
    assert await store.refusals.find(["left"], REFUSAL.reference) is None
    assert await store.refusals.find(["right"], "R-XXXX-XXXX") is None


async def test_a_reference_that_is_taken_keeps_its_first_record(store: Store) -> None:
    await store.refusals.add(LEFT, REFUSAL)
    await store.refusals.add(LEFT, replace(REFUSAL, code="other"))
    assert await store.refusals.find([LEFT], REFUSAL.reference) == REFUSAL


async def test_the_use_of_a_secret_is_noted_and_never_backwards(store: Store) -> None:
    for used_at in (NOW, NOW + 9, NOW + 5):
        await store.secret_uses.save(LEFT, "web", "1", used_at)
    await store.secret_uses.save(LEFT, "web", "2", NOW + 1)
    await store.secret_uses.save(LEFT, "other", "3", NOW)
    assert await store.secret_uses.list(LEFT, "web") == {"1": NOW + 9, "2": NOW + 1}
    assert await store.secret_uses.list(LEFT, "nobody") == {}


async def test_of_a_jwks_uri_the_last_fetch_counts(store: Store) -> None:
    for fetch in (JWKS_FETCH, JwksFetch(at=NOW + 5, error=None)):
        await store.jwks_fetches.save(LEFT, "web", fetch)
        assert await store.jwks_fetches.find(LEFT, "web") == fetch
    assert await store.jwks_fetches.find(LEFT, "other") is None


async def test_ping_reads(store: Store) -> None:
    await store.database.check_ready()
