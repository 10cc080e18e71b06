"""kill -9 at random under load: no write that a client was told of is lost. Reliability, M6; S3.

Clients redeem and refresh for all they are worth, each keeping a history of what it was answered;
the server is killed, started again, killed again; at the end the histories are held against the
database, and each client goes on with the last token it received.
"""

import asyncio
import http.client
import random
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kit.relying_party import Flow
from tests.kit.server import Site, make_site, start_server
from tests.races.at_once import Received, Sent, send
from tests.races.party import Racer, row_of

ROUNDS, CLIENTS = 5, 6
SHORTEST, LONGEST = 0.2, 1.2
REFRESHES = 4
NO_ANSWER = (OSError, http.client.HTTPException)


@dataclass(slots=True)
class Authorized:
    """One sign-in as its client knows it: each member was answered with success."""

    code: str
    verifier: str
    redirect_uri: str
    redeemed: bool = False
    generation: int = 0
    tokens: list[str] = field(default_factory=list)
    revoked: bool = False
    # An access token that was given back while the rest lives on.
    dead: str | None = None


@dataclass(slots=True)
class Client:
    """Works until nobody answers."""

    racer: Racer
    cookies: str
    history: list[Authorized] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.racer.port(0), timeout=20)
        try:
            while True:
                self._one(connection)
        except NO_ANSWER:
            return
        except BaseException as error:
            self.failures.append(repr(error))
        finally:
            connection.close()

    def _one(self, connection: http.client.HTTPConnection) -> None:
        flow = self.racer.party.begin("openid offline_access")
        path = flow.url.removeprefix(self.racer.site.enterprise.origin)
        answer = self._answered(
            connection, self.racer.request(path, headers={"Cookie": self.cookies})
        )
        assert answer.status in {302, 303}, answer.body
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        authorized = Authorized(code=code, verifier=flow.verifier, redirect_uri=flow.redirect_uri)
        self.history.append(authorized)
        answer = self._answered(connection, self.racer.redemption(flow, code))
        assert answer.status == 200, answer.body
        authorized.redeemed = True
        authorized.tokens.append(answer.json()["refresh_token"])
        for _ in range(REFRESHES):
            answer = self._answered(connection, self.racer.refresh(authorized.tokens[-1]))
            assert answer.status == 200, answer.body
            authorized.generation += 1
            authorized.tokens.append(answer.json()["refresh_token"])
        self._end(connection, authorized, flow, answer.json()["access_token"])

    def _end(
        self,
        connection: http.client.HTTPConnection,
        authorized: Authorized,
        flow: Flow,
        access_token: str,
    ) -> None:
        """By a replay, or by giving back the one token or the other; some go on."""
        match len(self.history) % 4:
            case 0:
                replay = self.racer.redemption(flow, authorized.code)
                answer = self._answered(connection, replay)
                assert answer.status == 400, answer.body
                authorized.revoked = True
            case 1:
                request = self.racer.revocation(authorized.tokens[-1])
                answer = self._answered(connection, request)
                assert answer.status == 200, answer.body
                authorized.revoked = True
            case 2:
                request = self.racer.revocation(access_token)
                answer = self._answered(connection, request)
                assert answer.status == 200, answer.body
                authorized.dead = access_token
            case _:
                pass

    def _answered(self, connection: http.client.HTTPConnection, request: Sent) -> Received:
        answer = send(request, connection)
        if answer.status >= 500:
            self.failures.append(f"{answer.status} {answer.body!r}")
        return answer


def load_until_killed(site: Site, clients: list[Client], seconds: float) -> None:
    server = start_server(site)
    threads = [threading.Thread(target=client.work) for client in clients]
    try:
        for thread in threads:
            thread.start()
        time.sleep(seconds)
    finally:
        server.kill()
        for thread in threads:
            thread.join()


def sign_in(racer: Racer) -> str:
    """The cookies of a browser in which somebody is signed in."""

    async def walk() -> str:
        person = racer.party.person()
        async with person.http:
            await racer.party.authorize(person)
            return "; ".join(f"{each.name}={each.value}" for each in person.http.cookies.jar)

    return asyncio.run(walk())


def check_against_database(site: Site, authorized: Authorized) -> None:
    """Answered means durable; what was under way when the server died has happened or has not."""
    row = row_of(site, authorized.code)
    if authorized.redeemed:
        assert row["redeemed_at"] is not None, "a spent code is unspent"
    generation = row["generation"]
    assert isinstance(generation, int)
    assert generation - authorized.generation in {0, 1}, "a rotation is lost"
    if authorized.revoked:
        assert row["revoked_at"] is not None, "a revocation is lost"


def check_with_server(racer: Racer, authorized: Authorized) -> None:
    """ST-02: the last received token works, or all of it is cleanly dead. RV-08: what was given back
    stays dead."""
    if authorized.dead:
        assert racer.userinfo(authorized.dead).status == 401, "a revocation is lost"
    if authorized.tokens:
        answer = send(racer.refresh(authorized.tokens[-1]))
        alive = row_of(racer.site, authorized.code)["revoked_at"] is None
        assert answer.status == (200 if alive else 400), answer.body
    spent = row_of(racer.site, authorized.code)["redeemed_at"] is not None
    answer = send(
        racer.token_request(
            grant_type="authorization_code",
            code=authorized.code,
            redirect_uri=authorized.redirect_uri,
            code_verifier=authorized.verifier,
        )
    )
    assert answer.status == (400 if spent else 200), answer.body


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Site:
    return make_site(template, tmp_path / "ostiary.db")


def test_s3_no_acknowledged_write_is_lost_when_the_server_is_killed_again_and_again(
    site: Site,
) -> None:
    racer = Racer(site=site, ports=[site.port], client_id="trusted")
    server = start_server(site)
    try:
        cookies = [sign_in(racer) for _ in range(CLIENTS)]
    finally:
        server.kill()
    clients = [Client(racer=racer, cookies=each) for each in cookies]
    for _ in range(ROUNDS):
        load_until_killed(site, clients, random.uniform(SHORTEST, LONGEST))
        with closing(sqlite3.connect(site.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [client.failures for client in clients] == [[]] * CLIENTS
    history = [authorized for client in clients for authorized in client.history]
    assert len([each for each in history if each.redeemed]) > ROUNDS * CLIENTS
    assert any(each.dead for each in history)
    for authorized in history:
        check_against_database(site, authorized)
    server = start_server(site)
    try:
        # The last of each round and client is where the kill struck.
        struck = [
            each
            for each in history
            if each.generation < REFRESHES or each.revoked or each.dead is not None
        ]
        for authorized in struck[:100]:
            check_with_server(racer, authorized)
        cookies_still_good = sign_in(racer)
        assert cookies_still_good
    finally:
        server.stop()
