"""What is left of an entry whose values cannot all be read."""

import pytest

from ostiary.management.apply.entries import (
    ClientEntry,
    Entry,
    InstitutionEntry,
    IssuerEntry,
    UserEntry,
)
from ostiary.management.apply.salvage import salvage

MODELS = (IssuerEntry, InstitutionEntry, ClientEntry, UserEntry)


@pytest.mark.parametrize("model", MODELS)
def test_every_required_key_has_a_stand_in(model: type[Entry]) -> None:
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert required <= model.STAND_INS.keys()
    entry, unread = salvage(model, {})
    assert unread == required
    assert entry.said().keys() == required


@pytest.mark.parametrize("model", MODELS)
def test_of_a_table_in_which_nothing_can_be_read_all_keys_are_unread(model: type[Entry]) -> None:
    table = dict.fromkeys(model.model_fields, object())
    _, unread = salvage(model, table)
    assert unread == model.model_fields.keys()
    assert set(map(type, table.values())) == {object}, "what was given is left alone"


def test_of_a_list_what_can_be_read_stays() -> None:
    table = {"redirect_uris": [1, "a", 2, "b"], "scopes": [3], "grant_type": "x"}
    entry, unread = salvage(ClientEntry, table)
    assert entry.redirect_uris == ("a", "b")
    assert unread == {"scopes", "issuer", "client_id"}


def test_of_a_table_inside_what_can_be_read_stays() -> None:
    members = [{"institution": 1}, {"claims": {}}, {"institution": "garden", "claims": 1}, 5]
    entry, unread = salvage(UserEntry, {"issuer": "main", "username": "a", "memberships": members})
    assert [each.said() for each in entry.memberships] == [{"institution": "garden"}]
    assert unread == set()
