"""Seals over audit events: the leaves that name what was changed."""

from ostiary.domain.audit_seal import AuditRecord, join_leaves, split_leaves
from ostiary.protocol.merkle import leaf_hash


def test_leaves_are_split_as_they_were_joined() -> None:
    records = [AuditRecord(event_id=bytes([n]) * 16, text=b"%d" % n) for n in range(3)]
    assert split_leaves(join_leaves(records)) == {
        record.event_id: leaf_hash(record.text) for record in records
    }
