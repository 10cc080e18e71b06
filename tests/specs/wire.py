"""What the tests of the standards send and read: plain HTTP, and tokens verified independently.

Nothing here trusts the provider: signatures are checked by PyJWT with the keys that the issuer
publishes, and why a request was refused is read from the record under the reference it was given.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import httpx2
import jwt

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET, World

FORM = "application/x-www-form-urlencoded"

# ---- asking -----------------------------------------------------------------------------------


async def get(world: World, issuer: Issuer, url: str, **headers: str) -> httpx2.Response:
    async with world.http(issuer) as http:
        return await http.get(url, headers=named(headers))


async def post(
    world: World, issuer: Issuer, url: str, body: str | bytes, **headers: str
) -> httpx2.Response:
    """`body` to the letter, as a form unless a content_type is given."""
    sent = {"content-type": FORM} | named(headers)
    async with world.http(issuer) as http:
        return await http.post(url, content=body, headers=sent)


def named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def ask(
    rp: RelyingParty, person: Person | None = None, more: str = "", **changes: str | None
) -> httpx2.Response:
    """The authorization endpoint's first answer; `more` is put behind the query to the letter."""
    http = (person or rp.person()).http
    return await http.get(rp.begin(**changes).url + more)  # type: ignore[arg-type]


async def post_token(
    rp: RelyingParty, body: str | bytes | Mapping[str, str], **headers: str
) -> httpx2.Response:
    """A token request whose form is exactly this."""
    if isinstance(body, Mapping):
        body = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in body.items())
    return await post(rp.world, rp.issuer, rp.issuer.endpoint("token"), body, **headers)


def basic(client_id: str = "web", secret: str = SECRET) -> str:
    """An Authorization header as RFC 6749 §2.3.1 writes it."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + b64encode(pair.encode()).decode()


async def code_of(rp: RelyingParty, **request: str | None) -> dict[str, str]:
    """A fresh code as the members of the token request that redeems it, without credentials."""
    flow, response = await rp.authorize(rp.person(), **request)  # type: ignore[arg-type]
    return {
        "grant_type": "authorization_code",
        "code": response["code"],
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }


# ---- reading ----------------------------------------------------------------------------------


async def reason_of(world: World, issuer: Issuer, headers: Mapping[str, str]) -> ReasonCode:
    """Why a request was refused, by the record under the reference of the answer."""
    await world.ostiary.beside.drain()
    record = await world.store.refusals.find([issuer.issuer_id], headers["ostiary-reference"])
    assert record is not None, "every refusal is recorded"
    return ReasonCode[record.code.upper()]


async def refused(rp: RelyingParty, response: httpx2.Response, code: ReasonCode) -> dict[str, str]:
    """The members of a refusal in JSON, proved to be of this reason and as it says."""
    assert await reason_of(rp.world, rp.issuer, response.headers) is code
    assert response.status_code == code.value.status
    assert response.headers["content-type"] == "application/json"
    members: dict[str, str] = response.json()
    assert members == {"error": str(code.value.error), "error_description": code.value.text}
    return members


async def sent_back(
    rp: RelyingParty, response: httpx2.Response, code: ReasonCode
) -> dict[str, str]:
    """The parameters of a refusal by redirect, proved to be of this reason and to go to the client."""
    assert await reason_of(rp.world, rp.issuer, response.headers) is code
    parameters = returned(rp, response)
    assert parameters["error"] == str(code.value.error)
    assert parameters["error_description"] == code.value.text
    assert "code" not in parameters
    return parameters


async def shown_as_page(rp: RelyingParty, response: httpx2.Response, code: ReasonCode) -> None:
    """Proves that the refusal is of this reason and goes nowhere but to the person."""
    assert await reason_of(rp.world, rp.issuer, response.headers) is code
    assert response.status_code == code.value.status
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")


def returned(rp: RelyingParty, response: httpx2.Response) -> dict[str, str]:
    """What a redirect to the client carries, in the query or in the fragment."""
    assert response.status_code == 303, response.text[:300]
    location = response.headers["location"]
    assert location.startswith(rp.redirect_uri), location
    parts = urlsplit(location)
    pairs = parse_qsl(parts.fragment or parts.query, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs)), "no parameter twice"
    return dict(pairs)


def asks_for(person: Person, button: str) -> bool:
    """Whether the page has this button: "sign-in", "allow", "continue"."""
    return any(button in form.buttons for form in person.page.forms)


# ---- verifying --------------------------------------------------------------------------------


async def discovery(world: World, issuer: Issuer) -> dict[str, Any]:
    found = await get(world, issuer, f"{issuer.url}/.well-known/openid-configuration")
    document: dict[str, Any] = found.json()
    return document


async def published_keys(world: World, issuer: Issuer) -> list[dict[str, str]]:
    document = await discovery(world, issuer)
    keys: list[dict[str, str]] = (await get(world, issuer, document["jwks_uri"])).json()["keys"]
    return keys


async def verified(
    world: World, issuer: Issuer, token: str, *, audience: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, verified by PyJWT with the published key of its kid.

    The instants are left to the test: the world's clock is not the machine's.
    """
    header = jwt.get_unverified_header(token)
    keys = [key for key in await published_keys(world, issuer) if key["kid"] == header["kid"]]
    assert len(keys) == 1, "the kid names one published key"
    claims: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWK(keys[0]),
        algorithms=[keys[0]["alg"]],
        audience=audience,
        issuer=issuer.url,
        options={
            "verify_exp": False,
            "verify_iat": False,
            "require": ["iss", "sub", "aud", "exp", "iat"],
        },
    )
    return header, claims


async def id_token_claims(rp: RelyingParty, tokens: Mapping[str, str]) -> dict[str, Any]:
    _, claims = await verified(rp.world, rp.issuer, tokens["id_token"], audience=rp.client_id)
    return claims


async def access_token_claims(rp: RelyingParty, tokens: Mapping[str, str]) -> dict[str, Any]:
    _, claims = await verified(rp.world, rp.issuer, tokens["access_token"], audience=rp.issuer.url)
    return claims
