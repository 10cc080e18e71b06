"""Leaving: what clients send to the logout endpoint, and what they are told when a session ends."""

from collections.abc import Sequence
from urllib.parse import urlencode

from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import World

GOODBYE = "https://rp.example/goodbye?lang=en"
BACKCHANNEL = "https://rp.example/backchannel"


async def signed_in_with_tokens(
    rp: RelyingParty, username: str = "alice", scope: str = "openid profile email"
) -> tuple[Person, dict[str, str]]:
    """Somebody who is signed in, and what the client got for it."""
    person = rp.person()
    flow, response = await rp.authorize(person, username, scope=scope)
    answer = await rp.redeem(flow, response["code"])
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return person, tokens


def logout_url(rp: RelyingParty, **parameters: str) -> str:
    query = urlencode(parameters)
    return f"{rp.issuer.endpoint('logout')}{'?' if query else ''}{query}"


def cookies_of(person: Person) -> str:
    """The Cookie header of somebody's browser."""
    return "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())


async def is_signed_in(rp: RelyingParty, person: Person) -> bool:
    await person.open(rp.begin(prompt="none").url)
    return "code" in callback(person)


async def tell(world: World) -> Sequence[tuple[str, str]]:
    """Let the provider deliver what is due; to which address which token went."""
    before = len(world.elsewhere.forms)
    await world.ostiary.logout_delivery.deliver_due()
    told = world.elsewhere.forms[before:]
    assert all(set(fields) == {"logout_token"} for _, fields in told)
    return [(url, fields["logout_token"]) for url, fields in told]
