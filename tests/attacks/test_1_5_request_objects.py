"""Catalogue section 1.5: request objects. None are read yet; what one could be taken for is shown here."""

from typing import Any

import pytest

from tests.attacks.aftermath import unharmed
from tests.attacks.assertions import CLIENT_ID, add_keyed, good_claims, present, signed
from tests.attacks.expected import is_json
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import World


@pytest.mark.parametrize("kind", ["oauth-authz-req+jwt", "JWT", None])
async def test_jr_09_a_request_object_is_no_client_assertion(
    world: World, kind: str | None
) -> None:
    """RFC 9101 §10.8: issuer, audience, key and times would fit; its subject does not."""
    key = ClientKey.make()
    await add_keyed(world, key)
    request = {**RelyingParty(world, client_id=CLIENT_ID).begin().sent, **good_claims(world)}
    header: dict[str, Any] = {"alg": "ES256", **({"typ": kind} if kind else {})}
    without = {name: value for name, value in request.items() if name != "sub"}
    async with unharmed(world):
        is_json(await present(world, signed(key, header, without)), 401, "invalid_client")
        if kind == "oauth-authz-req+jwt":  # not even with one
            is_json(await present(world, signed(key, header, request)), 401, "invalid_client")
    if kind != "oauth-authz-req+jwt":
        assert (await present(world, signed(key, header, request))).status_code == 200
