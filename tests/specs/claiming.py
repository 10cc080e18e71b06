"""Asking for single claims, and what the institution knows of a person."""

import json
from typing import Any

from ostiary.domain.user import Membership
from ostiary.protocol.tokens import Claims
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ALICE_CLAIMS, GARDEN, an_event
from tests.specs.wire import id_token_claims

PREFIX = "https://api.banno.com/consumer/claim/"


def asking(*, id_token: Any = None, userinfo: Any = None) -> str:
    """A claims parameter; a list of names asks for each without a wish."""
    members = {"id_token": id_token, "userinfo": userinfo}
    return json.dumps(
        {
            name: dict.fromkeys(wanted) if isinstance(wanted, list) else wanted
            for name, wanted in members.items()
            if wanted is not None
        }
    )


async def told(
    rp: RelyingParty, claims: str, scope: str = "openid", username: str = "alice"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the ID token and userinfo say after a flow with this claims parameter."""
    flow, response = await rp.authorize(rp.person(), username, scope=scope, claims=claims)
    tokens = (await rp.redeem(flow, response["code"])).json()
    return await id_token_claims(rp, tokens), (await rp.userinfo(tokens["access_token"])).json()


async def know(rp: RelyingParty, username: str = "alice", **data: Any) -> None:
    """The institution learns this of the person; what is None it does not know any more."""
    known = {**ALICE_CLAIMS, **data}
    forgotten = {name for name, value in data.items() if value is None}
    claims = {name: value for name, value in known.items() if name not in forgotten}
    await replace_claims(rp, claims, username)


async def replace_claims(rp: RelyingParty, claims: Claims, username: str = "alice") -> None:
    """This is all that the institution says of the person."""
    issuer_id, user_id = rp.issuer.issuer_id, await rp.world.user_id(username, rp.issuer)
    membership = Membership(institution_id=GARDEN, claims=claims)
    await rp.world.store.users.save_membership(issuer_id, user_id, membership, an_event())
