"""How many handle keys an issuer can have."""

import pytest

from ostiary.domain.handles import MOST_KEYS, Handle, Purpose
from ostiary.management.errors import ManagementError
from ostiary.management.keys import rotate_handle_key
from ostiary.signing.handle_keys import make_handle_key, open_handle_keys
from ostiary.storage.database import Step, Value
from tests.kit.world import ENTERPRISE, MASTER_KEY, START, World

ADD = """
INSERT INTO handle_keys (issuer_id, number, sealed, created_at, activates_at)
VALUES (:issuer_id, :number, :sealed, :at, :at) RETURNING number
"""


async def test_there_is_none_whose_number_no_handle_can_carry(world: World) -> None:
    issuer_id = ENTERPRISE.issuer_id
    last = make_handle_key(issuer_id, MOST_KEYS, MASTER_KEY, now=START, activates_at=START)
    values: dict[str, Value] = {
        "issuer_id": issuer_id,
        "number": last.number,
        "sealed": last.sealed,
        "at": START,
    }
    assert await world.store.database.change(Step(ADD, values))
    with pytest.raises(ManagementError, match="65535 handle keys"):
        await rotate_handle_key(world.store, MASTER_KEY, ENTERPRISE, START)
    keys = await world.store.keys.handle_keys(issuer_id)
    handles = open_handle_keys(issuer_id, keys, MASTER_KEY, START)
    handle = Handle(id=bytes(16))
    assert handles.open(handles.seal(handle, Purpose.CODE), Purpose.CODE) == handle
