"""The identifiers by which clients know an issuer's people: the key on which pairwise ones rest."""

from ostiary.domain.subjects import Subjects
from ostiary.signing.master_key import MasterKey
from ostiary.signing.subject_key import make_subject_key, open_subject_key
from ostiary.storage.store import Store


async def open_subjects(store: Store, master_key: MasterKey, issuer_id: str, now: int) -> Subjects:
    """With the issuer's key, which is made where there is none yet."""
    sealed = await store.keys.subject_key(issuer_id)
    if sealed is None:
        made = make_subject_key(issuer_id, master_key)
        sealed = await store.keys.add_subject_key(issuer_id, made, now)
    return Subjects(key=open_subject_key(issuer_id, sealed, master_key))
