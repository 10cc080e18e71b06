"""A client and a person who do as they are told: ask again after a 503, and begin anew after a no."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2

from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import PASSWORD

OFFLINE = "openid profile offline_access"
MOST_ATTEMPTS = 3


class BeginAnew(Exception):
    """Something was used up without an answer; all that is left is to start from the beginning."""


@dataclass(slots=True)
class Persistent:
    party: RelyingParty
    unavailable: int = 0
    # Codes that brought tokens, with how often each did.
    redeemed: dict[str, int] = field(default_factory=dict)

    async def sign_in(self) -> dict[str, str]:
        """From an empty browser to the tokens of a sign-in that has been refreshed."""
        for _ in range(MOST_ATTEMPTS):
            try:
                return await self._sign_in()
            except BeginAnew:
                continue
        raise AssertionError("one failure must not cost a second attempt")

    async def ask(
        self, request: Callable[[], Awaitable[httpx2.Response]], expected: int = 200
    ) -> httpx2.Response:
        answer = await request()
        if answer.status_code == 503:
            self._note_unavailable(answer.headers)
            answer = await request()
        assert answer.status_code < 500, answer.text
        if answer.status_code != expected:
            assert answer.status_code in {400, 401}, answer.text
            raise BeginAnew
        return answer

    async def _sign_in(self) -> dict[str, str]:
        party, person = self.party, self.party.person()
        flow = party.begin(OFFLINE)
        pushed = await self.ask(lambda: party.push(flow), 201)
        await self._open(person, party.visit_of(pushed.json()["request_uri"]))
        await self._press(person, "sign-in", username="alice")
        await self._press(person, "sign-in", password=PASSWORD)
        if person.left_to is None:
            await self._press(person, "allow")
        if person.left_to is None:
            raise BeginAnew  # the code was given, and the answer that carried it got lost
        code = callback(person)["code"]
        answer = await self.ask(lambda: party.redeem(flow, code))
        self.redeemed[code] = self.redeemed.get(code, 0) + 1
        tokens = answer.json()
        return (await self.ask(lambda: party.refresh(tokens["refresh_token"]))).json()  # type: ignore[no-any-return]

    async def _open(self, person: Person, url: str) -> None:
        await person.open(url)
        if await self._unavailable(person):
            await person.open(url)
        self._check(person)

    async def _press(self, person: Person, button: str, **fields: str) -> None:
        if button not in {name for form in person.page.forms for name in form.buttons}:
            raise BeginAnew  # what was asked for is over already
        form = person.page.form_with(button)
        values = {**form.values, **fields}
        if sent := form.buttons[button]:
            values[sent[0]] = sent[1]
        await person.post(form.action, values)
        if await self._unavailable(person):
            await person.post(form.action, values)
        self._check(person)

    async def _unavailable(self, person: Person) -> bool:
        if person.left_to is not None or person.page.status != 503:
            return False
        self._note_unavailable(person.page.headers)
        assert person.page.heading
        return True

    def _note_unavailable(self, headers: httpx2.Headers) -> None:
        assert int(headers["retry-after"]) >= 1
        self.unavailable += 1

    def _check(self, person: Person) -> None:
        if person.left_to is not None:
            error = callback(person).get("error")
            if error is not None:
                assert error == "temporarily_unavailable"
                self.unavailable += 1
                raise BeginAnew
        elif person.page.status >= 400:
            assert person.page.status < 500, person.page.text
            raise BeginAnew


async def settle(party: RelyingParty) -> None:
    """Let what is written beside the answers come to its end."""
    await party.world.ostiary.beside.drain()
    await asyncio.sleep(0)
