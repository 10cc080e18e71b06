"""The command that a newcomer starts, raced as it comes."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from ostiary.protocol.pkce import challenge_of
from tests.kit.person import Person
from tests.kit.server import developing
from tests.races.at_once import Sent, send, send_at_once
from tests.races.party import refused

AT_ONCE = 50
VERIFIER = "v" * 43


def test_ac_02_one_code_of_ostiary_dev_presented_50_times_at_once_succeeds_once(
    tmp_path: Path,
) -> None:
    with developing(tmp_path / "data") as (server, demo):
        issuer = next(each["issuer"] for each in demo["issuers"] if each["name"] == "enterprise")
        client = next(each for each in demo["clients"] if each["client_id"] == "demo-web")
        with_discovery = httpx2.get(f"{issuer}/.well-known/openid-configuration").json()
        code = asyncio.run(
            _sign_in(issuer, with_discovery["authorization_endpoint"], client, demo["users"][0])
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client["redirect_uris"][0],
            "code_verifier": VERIFIER,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        request = Sent(
            port=server.port,
            host=urlsplit(issuer).netloc,
            path=urlsplit(with_discovery["token_endpoint"]).path,
            form=form,
        )
        answers = send_at_once([request] * AT_ONCE)
        assert len(refused(answers)) == AT_ONCE - 1
        token = next(each.json()["access_token"] for each in answers if each.status == 200)
        userinfo = Sent(
            port=server.port,
            host=request.host,
            path=urlsplit(with_discovery["userinfo_endpoint"]).path,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert send(userinfo).status == 401


async def _sign_in(
    issuer: str, endpoint: str, client: dict[str, list[str]], user: dict[str, str]
) -> str:
    request = {
        "response_type": "code",
        "client_id": str(client["client_id"]),
        "redirect_uri": client["redirect_uris"][0],
        "scope": "openid profile",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    async with httpx2.AsyncClient(base_url=issuer) as http:
        person = Person(http)
        await person.open(f"{endpoint}?{urlencode(request)}")
        await person.sign_in(user["username"], user["password"])
        await person.press("allow")
        assert person.left_to is not None
        return parse_qs(urlsplit(person.left_to).query)["code"][0]
