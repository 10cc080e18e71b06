"""Clients that share sign-ins and use them without regard for each other, while things break."""

import http.client
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.faults.history import History, Kind, Outcome
from tests.kit.relying_party import Flow
from tests.races.at_once import Received, Sent, send
from tests.races.party import Racer

NO_ANSWER = (OSError, http.client.HTTPException)
# Out of a hundred operations on a sign-in; the rest are uses of an access token.
REFRESHES, REPLAYS, REVOCATIONS, REDEMPTIONS = 45, 3, 3, 4
LONGEST_LIFE = 40


@dataclass(slots=True)
class Subject:
    """One sign-in, as all of its clients know it."""

    name: str
    flow: Flow
    code: str
    access_tokens: list[str] = field(default_factory=list)
    # By generation; the first is the one that came with the code.
    refresh_tokens: dict[int, str] = field(default_factory=dict)
    uses: int = 0
    # Whether anybody did what ends a sign-in, or may have.
    ended: bool = False


@dataclass(slots=True)
class Crowd:
    racer: Racer
    cookies: list[str]
    history: History = field(default_factory=History)
    subjects: list[Subject] = field(default_factory=list)
    finished: list[Subject] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def work(self, number: int) -> None:
        """Until told to stop; each thread has a seed of its own, and a port to begin with."""
        chance = random.Random(number)
        while not self.stopping.is_set():
            try:
                self._one(chance, number)
            except BaseException as error:
                self.failures.append(repr(error))
                return
            number += 1

    def _one(self, chance: random.Random, number: int) -> None:
        subject = chance.choice(self.subjects) if self.subjects else None
        if subject is None or len(self.subjects) < len(self.cookies):
            self._sign_in(chance, number)
            return
        subject.uses += 1
        if subject.ended or subject.uses > LONGEST_LIFE:
            if subject in self.subjects:
                self.subjects.remove(subject)
                self.finished.append(subject)
            return
        self._use(subject, chance.randrange(100), number)

    def _use(self, subject: Subject, dice: int, number: int) -> None:
        newest = max(subject.refresh_tokens, default=None)
        if newest is None or dice < REDEMPTIONS:
            self._redeem(subject, number)
        elif dice < REDEMPTIONS + REFRESHES:
            self._refresh(subject, newest, number)
        elif dice < REDEMPTIONS + REFRESHES + REPLAYS and newest >= 2:
            subject.ended = True
            self._refresh(subject, newest - 2, number)
        elif dice < REDEMPTIONS + REFRESHES + REPLAYS + REVOCATIONS:
            subject.ended = True
            self._ask(
                subject, Kind.REVOKE, self.racer.revocation(subject.refresh_tokens[newest], number)
            )
        else:
            headers = {"Authorization": f"Bearer {subject.access_tokens[-1]}"}
            path = f"{self.racer.site.enterprise.base_path}/me"
            self._ask(subject, Kind.USE, self.racer.request(path, number, headers=headers))

    def _redeem(self, subject: Subject, number: int) -> None:
        if subject.refresh_tokens:
            subject.ended = True  # a replay
        request = self.racer.redemption(subject.flow, subject.code, number)
        self._keep(subject, 0, self._ask(subject, Kind.REDEEM, request))

    def _refresh(self, subject: Subject, generation: int, number: int) -> None:
        request = self.racer.refresh(subject.refresh_tokens[generation], number)
        answer = self._ask(subject, Kind.REFRESH, request, generation)
        self._keep(subject, generation + 1, answer)

    def _keep(self, subject: Subject, generation: int, tokens: Mapping[str, str]) -> None:
        if tokens:
            subject.access_tokens.append(tokens["access_token"])
            subject.refresh_tokens[generation] = tokens["refresh_token"]

    def _ask(
        self, subject: Subject, kind: Kind, request: Sent, generation: int = 0
    ) -> Mapping[str, str]:
        """The members of an answer that succeeded."""
        began = time.monotonic()
        answer = self._send(request)
        outcome = self._outcome(answer)
        self.history.note(subject.name, kind, outcome, began, generation)
        if outcome is Outcome.SUCCESS and kind in {Kind.REDEEM, Kind.REFRESH} and answer:
            return answer.json()
        return {}

    def _sign_in(self, chance: random.Random, number: int) -> None:
        """With a live session: a code at once."""
        flow = self.racer.party.begin("openid offline_access")
        path = flow.url.removeprefix(self.racer.site.enterprise.origin)
        headers = {"Cookie": chance.choice(self.cookies)}
        answer = self._send(self.racer.request(path, number, headers=headers))
        if answer is None or answer.status >= 500:
            return
        code = parse_qs(urlsplit(answer.headers["location"]).query).get("code")
        if code:  # or the server was too busy, and said so to the client
            self.subjects.append(Subject(name=code[0], flow=flow, code=code[0]))

    def _send(self, request: Sent) -> Received | None:
        try:
            return send(request)
        except NO_ANSWER:
            time.sleep(0.01)  # nobody listens there at present
            return None

    def _outcome(self, answer: Received | None) -> Outcome:
        if answer is None:
            return Outcome.UNKNOWN
        if answer.status >= 500:
            if answer.status != 503:
                self.failures.append(f"{answer.status} {answer.body!r}")
            return Outcome.UNKNOWN
        if answer.status == 429:  # nobody limits a crowd: it would show as requests refused
            self.failures.append(f"429 {answer.body!r}")
        return Outcome.SUCCESS if answer.status == 200 else Outcome.REFUSED
