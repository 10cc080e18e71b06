"""Planning institutions."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ostiary.domain.institution import Institution
from ostiary.domain.issuer import Issuer
from ostiary.management.apply.changes import Action, Change, differences
from ostiary.management.apply.document import Located
from ostiary.management.apply.entries import InstitutionEntry
from ostiary.management.apply.situation import Situation
from ostiary.management.institutions import institution_faults, save_institution


async def plan_institutions(
    entries: Sequence[Located[InstitutionEntry]], situation: Situation
) -> Sequence[Change]:
    changes = []
    for located in entries:
        issuer = situation.issuer(located)
        situation.is_first(located, "institution", located.entry.issuer, located.entry.id)
        change = await _plan(issuer, located, situation)
        if change is not None:
            changes.append(change)
    return changes


async def _plan(
    issuer: Issuer, located: Located[InstitutionEntry], situation: Situation
) -> Change | None:
    work = situation.work
    before = await work.store.institutions.find(issuer.issuer_id, located.entry.id)
    located = situation.completed(located, before, issuer)
    entry = located.entry
    said = {name: value for name, value in entry.said().items() if name not in {"issuer", "id"}}
    institution = replace(before or Institution(institution_id=entry.id, name=entry.name), **said)
    situation.add_faults(located, issuer, institution_faults(institution))
    if institution == before:
        return None
    return Change(
        action=Action.ADD if before is None else Action.CHANGE,
        kind="institution",
        issuer_id=issuer.issuer_id,
        id=entry.id,
        fields=differences(before, institution, {"institution_id": "id"}, {}),
        carry_out=partial(save_institution, work.store, issuer, institution, work.now),
    )
