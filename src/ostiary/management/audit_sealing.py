"""Sealing the audit events that have no seal yet, in batches. For a timer."""

from collections.abc import Sequence

from ostiary.domain.audit_seal import (
    LARGEST_BATCH,
    SEAL_TYPE,
    AuditRecord,
    Seal,
    join_leaves,
    next_number,
    seal_claims,
)
from ostiary.domain.issuer import Issuer
from ostiary.domain.signing_keys import KeyState, SigningKey, states
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.audit_keys import seal_audit_key
from ostiary.signing.master_key import MasterKey
from ostiary.signing.signer import Signer
from ostiary.storage.store import Store

# Events of this age have been committed, all but a few: so their batch stays as it was read.
SETTLING_SECONDS = 5
# What one run does at most; the next one goes on.
MOST_BATCHES = 50
SEAL_ALGORITHM = Algorithm.ES256


async def seal_due(store: Store, master_key: MasterKey, issuer: Issuer, now: int) -> Sequence[Seal]:
    """Seal what is there; the seals that were made. Another sealer at work does no harm."""
    made: list[Seal] = []
    before = max(now - SETTLING_SECONDS, 0).to_bytes(5)
    key: SigningKey | None = None
    for _ in range(MOST_BATCHES):
        records = await store.seals.unsealed(issuer.issuer_id, before=before, limit=LARGEST_BATCH)
        key = key or (await _active_key(store, issuer, now) if records else None)
        if key is None:
            break
        seal = await _seal(store, master_key, issuer, key, records, now)
        if seal is not None:
            made.append(seal)
        if seal is None or len(records) < LARGEST_BATCH:
            break
    return made


async def _seal(
    store: Store,
    master_key: MasterKey,
    issuer: Issuer,
    key: SigningKey,
    records: Sequence[AuditRecord],
    now: int,
) -> Seal | None:
    """The next seal, over these events; None when another sealer or a late event was faster."""
    issuer_id = issuer.issuer_id
    previous = await store.seals.latest(issuer_id)
    claims = seal_claims(issuer_id, previous, records, now)
    seal = Seal(
        number=next_number(previous),
        at=now,
        token=Signer([key], master_key, issuer_id).sign(claims, SEAL_ALGORITHM, SEAL_TYPE),
        leaves=join_leaves(records),
    )
    added = await store.seals.add(
        issuer_id,
        seal,
        kid=key.kid,
        sealed_key=seal_audit_key(issuer_id, key.kid, key.public_jwk, master_key),
        last=records[-1].event_id,
    )
    return seal if added else None


async def _active_key(store: Store, issuer: Issuer, now: int) -> SigningKey | None:
    keys = await store.keys.signing_keys(issuer.issuer_id)
    state = states(keys, now)
    fitting = (key for key in keys if key.algorithm is SEAL_ALGORITHM)
    return next((key for key in fitting if state[key.kid] is KeyState.ACTIVE), None)
