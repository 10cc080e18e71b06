"""Audit events under seals: whoever tampers with the database in whatever way is found out."""

# ruff: noqa: S608  statements of somebody who tampers

import asyncio
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.audit_chain import FaultKind
from ostiary.domain.audit_seal import (
    SEAL_TYPE,
    Anchor,
    join_leaves,
    parse_anchor,
    seal_claims,
)
from ostiary.management import audit, audit_sealing
from ostiary.management.audit import Verified, verify
from ostiary.management.audit_export import verify_export
from ostiary.management.audit_sealing import seal_due
from ostiary.management.errors import ManagementError
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.malformed import Malformed
from ostiary.signing.audit_keys import seal_audit_key
from ostiary.signing.key_name import KeyExchanged
from ostiary.signing.master_key import MasterKey
from ostiary.signing.signer import Signer, make_signing_key
from ostiary.storage.audit import event_step
from ostiary.storage.seals import AuditSeals
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store
from tests.kit.outside import query
from tests.kit.world import CONSUMER, ENTERPRISE, MASTER_KEY, START, World

pytestmark = pytest.mark.both_engines

ISSUER = ENTERPRISE.issuer_id


def _for_postgresql(statement: str) -> str:
    """The tamperer's SQL, which is SQLite's, in the other dialect."""
    told = re.sub(r"x'([0-9A-Fa-f]*)'", r"'\\x\1'::bytea", statement)
    return told.replace("hex(event_id)", "upper(encode(event_id, 'hex'))")


def event(at: int, reason: str = "why") -> AuditEvent:
    return AuditEvent(
        type=EventType.SIGN_IN_REFUSED, at=at, actor="test", reason=reason, details={"é": [1]}
    )


async def add_and_seal(store: Store, at: int, events: int) -> None:
    for _ in range(events):
        await store.audit.add(ISSUER, event(at))
    assert await seal_due(store, MASTER_KEY, ENTERPRISE, at + 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A store with three seals, and its database for those who go behind its back."""

    store: Store
    source: Source

    def tamper(self, *statements: str) -> None:
        for statement in statements:
            self.ask(statement)

    def ask(self, statement: str) -> list[str]:
        on_postgresql = isinstance(self.source, PostgresqlSource)
        told = _for_postgresql(statement) if on_postgresql else statement
        return [str(row[0]) for row in query(self.source, told)]

    def ids(self, seal: int) -> list[str]:
        return self.ask(
            f"SELECT hex(event_id) FROM audit_events WHERE issuer_id = '{ISSUER}' "
            f"AND seal = {seal} ORDER BY event_id"
        )

    def put_key(self, kid: str, sealed: bytes) -> None:
        self.ask(f"INSERT INTO audit_keys VALUES ('{ISSUER}', '{kid}', x'{sealed.hex()}')")

    async def verified(self, **options: Anchor | int) -> Verified:
        return await verify(self.store, MASTER_KEY, ISSUER, **options)  # type: ignore[arg-type]

    async def anchor(self) -> Anchor:
        latest = await self.store.seals.latest(ISSUER)
        assert latest is not None
        return latest.anchor

    async def exported(self) -> list[bytes]:
        return [line async for line in audit.export(self.store, MASTER_KEY, ISSUER, START + 999)]


@pytest.fixture
async def ledger(world: World, source: Source) -> Ledger:
    for number in range(3):
        await add_and_seal(world.store, START + 100 * number, 5)
    return Ledger(store=world.store, source=source)


def kinds(verified: Verified) -> list[tuple[FaultKind, int | None]]:
    return [(fault.kind, fault.seal) for fault in verified.faults]


# ---- sealing ------------------------------------------------------------------------------------


async def test_what_was_sealed_and_not_touched_is_verified(ledger: Ledger) -> None:
    verified = await ledger.verified()
    assert (verified.faults, verified.seals, verified.unsealed) == ((), 3, 0)
    assert verified.events == len(
        ledger.ask(f"SELECT 1 FROM audit_events WHERE issuer_id = '{ISSUER}'")
    )
    assert verified.last == await ledger.anchor()


async def test_nothing_is_sealed_where_nothing_is_new(ledger: Ledger) -> None:
    assert await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 5000) == []


async def test_each_issuer_has_a_chain_of_its_own(ledger: Ledger) -> None:
    (first,) = await seal_due(ledger.store, MASTER_KEY, CONSUMER, START + 500)
    assert first.number == 1
    assert (await verify(ledger.store, MASTER_KEY, CONSUMER.issuer_id)).faults == ()


async def test_a_batch_is_bounded_and_the_next_one_goes_on(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_sealing, "LARGEST_BATCH", 4)
    for _ in range(9):
        await ledger.store.audit.add(ISSUER, event(START + 400))
    made = await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 500)
    assert [seal.events for seal in made] == [4, 4, 1]
    assert (await ledger.verified()).faults == ()


async def test_an_event_that_is_committed_late_is_sealed_later(ledger: Ledger) -> None:
    late = event_step(ISSUER, event(START + 150))
    await add_and_seal(ledger.store, START + 300, 2)
    await ledger.store.database.change(late)
    (seal,) = await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 400)
    assert seal.events == 1
    assert (await ledger.verified()).faults == ()


async def test_an_event_that_comes_between_reading_and_sealing_undoes_the_seal(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would stand under a seal that does not know it."""
    before = await ledger.anchor()
    unsealed = AuditSeals.unsealed
    for _ in range(2):
        await ledger.store.audit.add(ISSUER, event(START + 400))

    async def and_one_more(seals: AuditSeals, issuer_id: str, *, before: bytes, limit: int):  # type: ignore[no-untyped-def]
        found = await unsealed(seals, issuer_id, before=before, limit=limit)
        await ledger.store.audit.add(ISSUER, event(START + 399))
        return found

    monkeypatch.setattr(AuditSeals, "unsealed", and_one_more)
    assert await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 500) == []
    assert await ledger.anchor() == before
    monkeypatch.undo()
    (seal,) = await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 500)
    assert seal.events == 3
    assert (await ledger.verified()).faults == ()


async def test_of_two_sealers_at_once_one_seals(ledger: Ledger) -> None:
    for _ in range(3):
        await ledger.store.audit.add(ISSUER, event(START + 400))
    other = Store.open(ledger.source)
    made = await asyncio.gather(
        *(seal_due(store, MASTER_KEY, ENTERPRISE, START + 500) for store in (ledger.store, other))
    )
    other.close()
    assert sorted(len(each) for each in made) == [0, 1]
    assert (await ledger.verified()).faults == ()


async def test_seals_of_keys_that_are_gone_are_still_verified(ledger: Ledger) -> None:
    ledger.tamper(f"DELETE FROM signing_keys WHERE issuer_id = '{ISSUER}'")
    assert (await ledger.verified()).faults == ()


# ---- tampering ----------------------------------------------------------------------------------

CHANGES = {
    "at": "at = at + 1",
    "type": "type = 'sign_in.succeeded'",
    "actor": "actor = 'somebody else'",
    "client_id": "client_id = 'web'",
    "user_id": "user_id = 'mallory'",
    "institution_id": "institution_id = 'x'",
    "reason": "reason = NULL",
    "details": "details = '{\"é\": [1]}'",
}


@pytest.mark.parametrize("column", CHANGES)
async def test_a_changed_column_is_found_with_its_event(ledger: Ledger, column: str) -> None:
    changed = ledger.ids(2)[1]
    ledger.tamper(f"UPDATE audit_events SET {CHANGES[column]} WHERE hex(event_id) = '{changed}'")
    (fault,) = (await ledger.verified()).faults
    assert (fault.kind, fault.seal, fault.event_id) == (FaultKind.CHANGED, 2, changed.lower())


async def test_a_deleted_event_is_missing(ledger: Ledger) -> None:
    deleted = ledger.ids(3)[0]
    ledger.tamper(f"DELETE FROM audit_events WHERE hex(event_id) = '{deleted}'")
    (fault,) = (await ledger.verified()).faults
    assert (fault.kind, fault.seal, fault.event_id) == (FaultKind.MISSING, 3, deleted.lower())


async def test_an_event_inserted_under_a_seal_is_found(ledger: Ledger) -> None:
    ledger.tamper(
        f"INSERT INTO audit_events SELECT issuer_id, x'{ledger.ids(2)[0][:16] + 16 * '0'}', at, type, "
        "actor, client_id, user_id, institution_id, reason, details, seal FROM audit_events "
        f"WHERE hex(event_id) = '{ledger.ids(2)[0]}'"
    )
    assert kinds(await ledger.verified()) == [(FaultKind.INSERTED, 2)]


async def test_an_event_inserted_into_the_past_for_the_sealer_is_noticed(ledger: Ledger) -> None:
    await ledger.store.database.change(event_step(ISSUER, event(START - 7200)))
    assert await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 400)
    verified = await ledger.verified()
    assert [(each.kind, each.seal) for each in verified.warnings] == [(FaultKind.LATE, 4)]
    assert not verified.faults, "a clock that was wrong is enough for it"


async def test_swapped_ids_are_two_changed_events(ledger: Ledger) -> None:
    first, second = ledger.ids(2)[:2]
    ledger.tamper(
        f"UPDATE audit_events SET event_id = x'00' WHERE hex(event_id) = '{first}'",
        f"UPDATE audit_events SET event_id = x'{first}', reason = 'swapped' WHERE hex(event_id) = '{second}'",
        f"UPDATE audit_events SET event_id = x'{second}' WHERE event_id = x'00'",
    )
    found = await ledger.verified()
    assert (FaultKind.CHANGED, 2) in kinds(found)


async def test_an_event_under_another_seal_is_missing_here_and_inserted_there(
    ledger: Ledger,
) -> None:
    ledger.tamper(f"UPDATE audit_events SET seal = 3 WHERE hex(event_id) = '{ledger.ids(2)[4]}'")
    assert kinds(await ledger.verified()) == [(FaultKind.MISSING, 2), (FaultKind.INSERTED, 3)]


async def test_an_event_taken_from_under_its_seal_is_missing(ledger: Ledger) -> None:
    ledger.tamper(f"UPDATE audit_events SET seal = NULL WHERE hex(event_id) = '{ledger.ids(2)[4]}'")
    assert kinds(await ledger.verified()) == [(FaultKind.MISSING, 2)]


async def test_a_deleted_seal_is_missing_though_its_events_are_deleted_too(ledger: Ledger) -> None:
    ledger.tamper(
        f"DELETE FROM audit_seals WHERE issuer_id = '{ISSUER}' AND number = 2",
        f"DELETE FROM audit_events WHERE issuer_id = '{ISSUER}' AND seal = 2",
    )
    assert kinds(await ledger.verified()) == [(FaultKind.CUT, 2)]


async def test_a_seal_deleted_alone_is_missed_by_its_events(ledger: Ledger) -> None:
    ledger.tamper(f"DELETE FROM audit_seals WHERE issuer_id = '{ISSUER}' AND number = 3")
    assert kinds(await ledger.verified()) == [(FaultKind.CUT, 3)]


async def test_a_tail_that_was_cut_off_is_found_by_an_anchor(ledger: Ledger) -> None:
    anchor = await ledger.anchor()
    assert (await ledger.verified(expected=anchor)).faults == ()
    ledger.tamper(
        f"DELETE FROM audit_seals WHERE issuer_id = '{ISSUER}' AND number = 3",
        f"DELETE FROM audit_events WHERE issuer_id = '{ISSUER}' AND seal = 3",
    )
    assert (await ledger.verified()).faults == (), "what is there is whole"
    assert kinds(await ledger.verified(expected=anchor)) == [(FaultKind.CUT, 3)]
    assert kinds(await ledger.verified(expected=anchor, first=9)) == [(FaultKind.CUT, 3)]


async def test_seals_that_were_swapped_do_not_follow(ledger: Ledger) -> None:
    ledger.tamper(
        "UPDATE audit_seals SET number = -2 WHERE number = 2",
        "UPDATE audit_seals SET number = 2 WHERE number = 3",
        "UPDATE audit_seals SET number = 3 WHERE number = -2",
    )
    assert {(FaultKind.BROKEN, 2), (FaultKind.BROKEN, 3)} <= set(kinds(await ledger.verified()))


async def test_a_seal_that_was_changed_is_forged(ledger: Ledger) -> None:
    ledger.tamper("UPDATE audit_seals SET token = token || 'A' WHERE number = 2")
    assert (FaultKind.FORGED, 2) in kinds(await ledger.verified())


async def test_another_token_of_ours_is_no_seal(ledger: Ledger) -> None:
    keys = await ledger.store.keys.signing_keys(ISSUER)
    signer = Signer(keys, MASTER_KEY, ISSUER)
    seal = (await ledger.store.seals.list(ISSUER, first=2, limit=1))[0]
    records = await ledger.store.seals.events(ISSUER, 2)
    previous = (await ledger.store.seals.list(ISSUER, first=1, limit=1))[0]
    token = signer.sign(seal_claims(ISSUER, previous, records, seal.at), Algorithm.ES256, "at+jwt")
    ledger.tamper(f"UPDATE audit_seals SET token = '{token}' WHERE number = 2")
    assert (FaultKind.FORGED, 2) in kinds(await ledger.verified())


async def signed_anew(ledger: Ledger, *, key_owner: MasterKey) -> None:
    """All seals, by a key of the attacker's, after an event was changed; its public key put in too."""
    ledger.tamper("UPDATE audit_events SET actor = 'nobody' WHERE seal = 1")
    key = make_signing_key(ISSUER, Algorithm.ES256, key_owner, now=START, activates_at=START)
    signer = Signer([key], key_owner, ISSUER)
    ledger.tamper("DELETE FROM audit_keys")
    ledger.put_key(key.kid, seal_audit_key(ISSUER, key.kid, key.public_jwk, key_owner))
    previous = None
    for seal in await ledger.store.seals.list(ISSUER, first=1, limit=9):
        records = await ledger.store.seals.events(ISSUER, seal.number)
        claims = seal_claims(ISSUER, previous, records, seal.at)
        token = signer.sign(claims, Algorithm.ES256, SEAL_TYPE)
        previous = replace(seal, token=token, leaves=join_leaves(records))
        ledger.tamper(
            f"UPDATE audit_seals SET token = '{token}', leaves = x'{previous.leaves.hex()}' "
            f"WHERE issuer_id = '{ISSUER}' AND number = {seal.number}"
        )


async def test_a_chain_signed_anew_by_another_key_is_not_ours(ledger: Ledger) -> None:
    genuine = (await ledger.store.seals.keys(ISSUER)).items()
    await signed_anew(ledger, key_owner=MasterKey(b"\x07" * 32))
    for kid, sealed in genuine:
        ledger.put_key(kid, sealed)
    assert kinds(await ledger.verified()) == [(FaultKind.FORGED, number) for number in (1, 2, 3)]


async def test_a_chain_signed_anew_with_the_master_key_is_found_by_an_anchor(
    ledger: Ledger,
) -> None:
    anchor = await ledger.anchor()
    await signed_anew(ledger, key_owner=MASTER_KEY)
    assert (await ledger.verified()).faults == (), "whoever has the master key can do that"
    assert kinds(await ledger.verified(expected=anchor)) == [(FaultKind.FORGED, 3)]


async def test_leaves_that_were_changed_hide_nothing(ledger: Ledger) -> None:
    ledger.tamper(
        "UPDATE audit_seals SET leaves = x'00' WHERE number = 2",
        "UPDATE audit_events SET actor = 'nobody' WHERE seal = 2",
    )
    assert kinds(await ledger.verified()) == [(FaultKind.CHANGED, 2)]


async def test_since_looks_at_what_was_sealed_since(ledger: Ledger) -> None:
    ledger.tamper("UPDATE audit_events SET actor = 'nobody' WHERE seal = 1")
    first = await audit.first_since(ledger.store, ISSUER, START + 105)
    verified = await ledger.verified(first=first)
    assert (verified.faults, verified.seals) == ((), 2)


# ---- exports ------------------------------------------------------------------------------------


async def test_an_export_is_verified_without_a_database(ledger: Ledger) -> None:
    await ledger.store.audit.add(ISSUER, event(START + 400))
    (verified,) = verify_export(await ledger.exported())
    assert verified == await ledger.verified()
    assert verified.unsealed == 1


def edited(lines: list[bytes], edit: str) -> list[bytes]:
    """The third seal is the last; its five events follow, then the line of what has no seal."""
    seal = next(number for number, line in enumerate(lines) if json.loads(line).get("number") == 3)
    match edit:
        case "changed":
            lines[seal + 2] = lines[seal + 2].replace(b'"why"', b'"no"')
        case "left out":
            del lines[seal + 2]
        case "twice":
            lines.insert(seal + 2, lines[seal + 2])
        case "reordered":
            lines[seal + 2], lines[seal + 3] = lines[seal + 3], lines[seal + 2]
        case "without the last seal":
            del lines[seal : seal + 6]
        case "cut":
            del lines[seal:]
        case "without the key":
            lines = [line for line in lines if json.loads(line).get("record") != "key"]
        case _:
            raise AssertionError(edit)
    return lines


@pytest.mark.parametrize(
    "edit",
    [
        "changed",
        "left out",
        "twice",
        "reordered",
        "without the last seal",
        "cut",
        "without the key",
    ],
)
async def test_an_export_that_was_edited_is_found_out(ledger: Ledger, edit: str) -> None:
    (verified,) = verify_export(edited(await ledger.exported(), edit))
    assert verified.faults


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_batch_that_stands_in_an_export_once_more_is_found(
    ledger: Ledger, number: int
) -> None:
    lines = await ledger.exported()
    begins = [n for n, line in enumerate(lines) if json.loads(line).get("record")]
    batch = next(n for n in begins if json.loads(lines[n]).get("number") == number)
    end = begins[begins.index(batch) + 1]
    last = next(n for n in begins if json.loads(lines[n]).get("number") == 3)
    lines[last:last] = lines[batch:end]
    (verified,) = verify_export(lines)
    assert (FaultKind.INSERTED, number) in kinds(verified)


async def test_an_export_with_another_key_under_a_known_name_is_found_out(ledger: Ledger) -> None:
    """Comparing the kid with the JWKS is enough."""
    made = make_signing_key(
        ISSUER, Algorithm.ES256, MASTER_KEY, now=START, activates_at=START
    ).public_jwk
    forged = []
    for line in await ledger.exported():
        members = json.loads(line)
        if members.get("record") == "key":
            members["jwk"] = {**made, "kid": members["kid"]}
        forged.append(json.dumps(members).encode())
    with pytest.raises(ManagementError, match=r"line 2 .*thumbprint"):
        verify_export(forged)


async def test_a_public_key_exchanged_in_the_database_is_neither_published_nor_sealed(
    world: World,
) -> None:
    """Who can write there has no seal and no token of theirs taken for ours."""
    (key,) = [
        each
        for each in await world.store.keys.signing_keys(ISSUER)
        if each.algorithm is Algorithm.ES256
    ]
    other = {**key.public_jwk, "x": key.public_jwk["y"], "y": key.public_jwk["x"]}
    query(
        world.source,
        f"UPDATE signing_keys SET public_jwk = '{json.dumps(other)}' WHERE kid = '{key.kid}'",
    )
    async with world.http() as http:
        answer = await http.get(ENTERPRISE.endpoint("jwks"))
    assert answer.status_code == 500
    await world.store.audit.add(ISSUER, event(START))
    with pytest.raises(KeyExchanged):
        await seal_due(world.store, MASTER_KEY, ENTERPRISE, START + 60)


async def test_an_export_of_a_damaged_database_shows_the_damage(ledger: Ledger) -> None:
    ledger.tamper("DELETE FROM audit_seals WHERE number = 2")
    (verified,) = verify_export(await ledger.exported())
    assert (FaultKind.CUT, 2) in kinds(verified)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"junk", b'{"record":"seal","number":1}', b"\xff"]
)
def test_another_file_is_no_export(content: bytes) -> None:
    with pytest.raises(ManagementError):
        verify_export(content.splitlines())


@pytest.mark.parametrize("text", ["", "1", "1:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_an_anchor_is_a_number_and_a_fingerprint(text: str) -> None:
    with pytest.raises(Malformed):
        parse_anchor(text)


async def test_the_verifier_of_the_reference_page_agrees(ledger: Ledger, tmp_path: Path) -> None:
    """With nothing of Ostiary in it, it tells an export that is whole from one that was edited."""
    page = (Path(__file__).parents[2] / "docs/reference/audit.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)

    def verdict(lines: list[bytes]) -> int:
        file = tmp_path / "audit.jsonl"
        file.write_bytes(b"\n".join(lines) + b"\n")
        return subprocess.run((sys.executable, "-c", program, file), check=False).returncode

    lines = await ledger.exported()
    assert verdict(lines) == 0
    for edit in ("changed", "left out", "without the last seal"):
        assert verdict(edited([*lines], edit)) == 1, edit


# ---- speed --------------------------------------------------------------------------------------


async def test_a_hundred_thousand_events_are_verified_in_seconds(ledger: Ledger) -> None:
    values = ", ".join(
        f"('{ISSUER}', x'{((START + 500 + n // 100).to_bytes(5) + n.to_bytes(11)).hex()}', "
        f"{START + 500 + n // 100}, 'sign_in.succeeded', 'alice-id', 'alice-id', '{{}}')"
        for n in range(100_000)
    )
    ledger.tamper(
        f"INSERT INTO audit_events (issuer_id, event_id, at, type, actor, user_id, details) VALUES {values}"
    )
    while await seal_due(ledger.store, MASTER_KEY, ENTERPRISE, START + 9000):
        pass
    began = time.process_time()
    verified = await ledger.verified()
    assert (verified.faults, verified.unsealed) == ((), 0)
    assert verified.events > 100_000
    assert time.process_time() - began < 10, "a few seconds; ten on a busy machine"
