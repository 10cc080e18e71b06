"""Planning issuers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ostiary.domain.face import BASE_PATH
from ostiary.domain.issuer import Issuer
from ostiary.management.apply.changes import Action, Change, differences
from ostiary.management.apply.document import Located
from ostiary.management.apply.entries import IssuerEntry
from ostiary.management.apply.situation import Situation
from ostiary.management.issuers import issuer_faults, save_issuer

# key of the file -> field of the issuer, where they differ
_FIELDS = {
    "id": "issuer_id",
    "face": "face_name",
    "profile": "profile_name",
    "zero_institution": "zero_institution_id",
}
_KEYS = {field: key for key, field in _FIELDS.items()}


def plan_issuers(entries: Sequence[Located[IssuerEntry]], situation: Situation) -> Sequence[Change]:
    changes = []
    for each in entries:
        first = situation.is_first(each, "issuer", each.entry.id)
        before = situation.issuers.get(each.entry.id)
        located = situation.completed(each, before)
        issuer = _wanted(before, located.entry)
        situation.add_faults(located, issuer, issuer_faults(issuer))
        if first and "id" not in located.unread:
            situation.issuers[issuer.issuer_id] = issuer
        if "api_scopes" in located.unread:
            situation.unsure_scopes.add(issuer.issuer_id)
        if issuer != before:
            changes.append(_change(before, issuer, situation))
    _check_urls(entries, situation)
    return changes


def _wanted(before: Issuer | None, entry: IssuerEntry) -> Issuer:
    said: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in entry.said().items()}
    if "zero_institution_id" in said:
        said["zero_institution_id"] = said["zero_institution_id"] or None
    lifetimes = said.pop("lifetimes", None)
    issuer = replace(
        before or Issuer(issuer_id=entry.id, url=entry.url, base_path="", face_name=entry.face),
        **{"base_path": before.base_path if before else entry.base_path, **said},
    )
    if lifetimes is None:
        return issuer
    return replace(issuer, lifetimes=replace(issuer.lifetimes, **lifetimes.said()))


def _change(before: Issuer | None, issuer: Issuer, situation: Situation) -> Change:
    work = situation.work
    return Change(
        action=Action.ADD if before is None else Action.CHANGE,
        kind="issuer",
        issuer_id=issuer.issuer_id,
        id=issuer.issuer_id,
        fields=differences(before, issuer, _KEYS, {"base_path": BASE_PATH}),
        carry_out=partial(save_issuer, work.store, work.master_key, issuer, work.now),
    )


def _check_urls(entries: Sequence[Located[IssuerEntry]], situation: Situation) -> None:
    uses = Counter(issuer.url for issuer in situation.issuers.values())
    for located in entries:
        if uses[located.entry.url] > 1 and "url" not in located.unread:
            message = "another issuer has this URL; give each issuer one of its own"
            situation.faults.add((*located.path, "url"), message)
