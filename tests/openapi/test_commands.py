"""Every command of the page works as it is written, and is answered as the document says."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ostiary.domain.issuer import Issuer
from ostiary.web.openapi.curl import curl
from ostiary.web.openapi.model import Form, Operation
from ostiary.web.openapi.operations import operations
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import CONSUMER, ENTERPRISE, SECRET, World, a_client
from tests.openapi.commands import request_of
from tests.openapi.documented import Documented

REDIRECT_URI = "http://localhost:8080/auth/cb"  # the one in the commands
# Issuer, operation, and one of its forms.
Shown = tuple[Issuer, Operation, Form | None]
COMMANDS: list[Shown] = [
    (issuer, operation, form)
    for issuer in (ENTERPRISE, CONSUMER)
    for operation in operations(issuer)
    for form in operation.forms or (None,)
]


def name_of(shown: Shown) -> str:
    issuer, operation, form = shown
    return f"{issuer.issuer_id} {operation.operation_id} {form.title if form else ''}".strip()


async def life_of(rp: RelyingParty) -> dict[str, str]:
    """What a client comes to hold, by the names that the commands have for it."""
    flow, response = await rp.authorize(rp.person(), scope="openid profile offline_access")
    tokens = (await rp.redeem(flow, response["code"])).json()
    claims = (await rp.userinfo(tokens["access_token"])).json()
    picture = urlsplit(claims["picture"])
    query = parse_qs(picture.query)
    fresh = rp.begin()
    person = await rp.person().open(fresh.url)
    await go_through(person)
    return {
        "CLIENT_ID": rp.client_id,
        "CLIENT_SECRET": SECRET,
        "STATE": fresh.state,
        "NONCE": fresh.nonce,
        "CODE_CHALLENGE": fresh.sent["code_challenge"],
        "CODE_VERIFIER": fresh.verifier,
        "CODE": callback(person)["code"],
        "ID_TOKEN": tokens["id_token"],
        "REFRESH_TOKEN": tokens["refresh_token"],
        "ACCESS_TOKEN": tokens["access_token"],
        "TOKEN": tokens["access_token"],
        "USER_ID": picture.path.split("/")[-2],
        "INSTITUTION": query["institution"][0],
        "TAG": query["tag"][0],
    }


async def document_of(world: World, issuer: Issuer) -> Mapping[str, Any]:
    async with world.http(issuer) as http:
        document: Mapping[str, Any] = (await http.get(issuer.endpoint("openapi.json"))).json()
        return document


@pytest.mark.parametrize("shown", COMMANDS, ids=name_of)
async def test_a_command_works_as_it_is_written(world: World, shown: Shown) -> None:
    issuer, operation, form = shown
    client = a_client("shown", issuer, redirect_uris=(REDIRECT_URI,), may_introspect=True)
    await world.add_client(client, issuer)
    rp = RelyingParty.of(world, client, issuer)
    request = request_of(curl(operation, form, issuer), await life_of(rp))
    async with world.http(issuer) as http:
        answer = await http.send(request)
    assert request.method == operation.method
    assert answer.status_code < 400, answer.text
    documented = Documented(await document_of(world, issuer))
    assert list(documented.faults(answer)) == []
