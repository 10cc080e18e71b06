"""A relying party of the races: it asks several processes, and keeps what came."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from tests.kit.outside import records
from tests.kit.person import Person
from tests.kit.relying_party import Flow, RelyingParty
from tests.kit.server import Site
from tests.kit.world import PASSWORD, SECRET, World
from tests.races.at_once import Received, Sent, send

OFFLINE = "openid profile offline_access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Racer:
    site: Site
    ports: Sequence[int]
    client_id: str = "web"

    @property
    def party(self) -> RelyingParty:
        # A site speaks HTTP, which is all that a relying party wants of a world.
        world = cast("World", self.site)
        return RelyingParty(world, self.site.enterprise, client_id=self.client_id)

    def port(self, number: int) -> int:
        """The processes take turns."""
        return self.ports[number % len(self.ports)]

    def request(self, path: str, number: int = 0, **parts: object) -> Sent:
        return Sent(
            port=self.port(number),
            host=self.site.enterprise.host,
            path=path,
            **parts,  # type: ignore[arg-type]
        )

    def token_request(self, number: int = 0, **form: str) -> Sent:
        credentials = {"client_id": self.client_id, "client_secret": SECRET}
        return self.request(
            f"{self.site.enterprise.base_path}/token", number, form={**credentials, **form}
        )

    def redemption(self, flow: Flow, code: str, number: int = 0) -> Sent:
        return self.token_request(
            number,
            grant_type="authorization_code",
            code=code,
            redirect_uri=flow.redirect_uri,
            code_verifier=flow.verifier,
        )

    def refresh(self, token: str, number: int = 0) -> Sent:
        return self.token_request(number, grant_type="refresh_token", refresh_token=token)

    def revocation(self, token: str, number: int = 0) -> Sent:
        form = {"client_id": self.client_id, "client_secret": SECRET, "token": token}
        path = f"{self.site.enterprise.base_path}/token/revocation"
        return self.request(path, number, form=form)

    def userinfo(self, access_token: str, number: int = 0) -> Received:
        headers = {"Authorization": f"Bearer {access_token}"}
        return send(self.request(f"{self.site.enterprise.base_path}/me", number, headers=headers))

    def code(self, scope: str = OFFLINE) -> tuple[Flow, str]:
        """A person signs in and allows."""

        async def walk() -> tuple[Flow, str]:
            person = self.party.person()
            async with person.http:
                flow, response = await self.party.authorize(person, scope=scope)
                return flow, response["code"]

        return asyncio.run(walk())

    def tokens(self) -> dict[str, str]:
        flow, code = self.code()
        answer = send(self.redemption(flow, code))
        assert answer.status == 200, answer.body
        return answer.json()

    def person_at(self, button: str, **request: str) -> Person:
        """A person who has come as far as this button."""

        async def walk() -> Person:
            person = self.party.person()
            async with person.http:
                await person.open(self.party.begin(**request).url)
                if button == "allow":
                    await person.sign_in("alice", PASSWORD)
                elif button == "sign-in":
                    await person.press("sign-in", username="alice")
                person.page.form_with(button)  # or else it says where the person is
                return person

        return asyncio.run(walk())

    def form_of(self, person: Person, button: str, **fields: str) -> list[Sent]:
        """The form that this button sends, once for each process."""
        form = person.page.form_with(button)
        values = {**form.values, **fields}
        sent = form.buttons[button]
        if sent is not None:
            values[sent[0]] = sent[1]
        cookies = "; ".join(f"{each.name}={each.value}" for each in person.http.cookies.jar)
        return [
            self.request(form.action, number, form=values, headers={"Cookie": cookies})
            for number in range(len(self.ports))
        ]


def refused(answers: Sequence[Received]) -> list[Received]:
    """Those that are not a success; each of them is an ordinary refusal."""
    others = [answer for answer in answers if answer.status != 200]
    assert [(each.status, each.json()["error"]) for each in others] == [
        (400, "invalid_grant")
    ] * len(others)
    return others


def id_in(handle: str) -> bytes:
    """The id of the authorization that a code or a refresh token leads to."""
    return urlsafe_b64decode(handle[3:])[2:18]


def row_of(site: Site, handle: str) -> dict[str, object]:
    """The authorization, as it stands in the database."""
    wanted = id_in(handle)
    rows = records(site.source, "SELECT * FROM authorizations WHERE issuer_id = 'enterprise'")
    return next(row for row in rows if row["authorization_id"] == wanted)


def count(site: Site, what: str) -> int:
    """`what` is a table, with or without conditions."""
    return len(records(site.source, f"SELECT 1 AS one FROM {what}"))  # noqa: S608  our own
