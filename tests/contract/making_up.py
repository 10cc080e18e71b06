"""Requests that Schemathesis makes up from a document, sent to a real server.

They are the same each time. What only a real client can know, its secret or its token, is put into
a second copy of each, so that the answer is not always that nobody knows who asks.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import schemathesis
from hypothesis import HealthCheck, settings

from ostiary.domain.issuer import Issuer
from ostiary.domain.quirks import Quirk
from ostiary.storage.store import Store
from tests.kit.relying_party import RelyingParty
from tests.kit.server import Site, make_site, serving
from tests.kit.world import REDIRECT_URI, SECRET, World, an_event

Case: TypeAlias = schemathesis.Case[Any]

MADE_UP: Final = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
_BY_BROWSER = {"client_id": "web", "redirect_uri": REDIRECT_URI, "scope": "openid"}
_BY_CLIENT = {**_BY_BROWSER, "client_secret": SECRET}
# How a path ends -> what a client sends there that nobody could make up.
_KNOWN: Mapping[str, Mapping[str, str]] = {
    "/auth": _BY_BROWSER,
    "/logout": _BY_BROWSER,
    "/request": _BY_CLIENT,
    "/token": _BY_CLIENT,
    "/revocation": _BY_CLIENT,
    "/introspection": _BY_CLIENT,
}
# What is only refused when it is made up: signed by nobody, or the name of nothing.
_SIGNED = ("client_assertion", "client_assertion_type", "id_token_hint", "claims", "institution")


@dataclass(frozen=True, slots=True)
class Holder:
    """A client that is known, at an issuer of a server that runs."""

    issuer: Issuer
    access_token: str

    def send(self, case: Case) -> Iterator[schemathesis.Response]:
        """The request as it was made up, and once more with what this client knows.

        It takes pages, for which the quirk par-html-errors waits, and everything else.
        """
        case.headers["Accept"] = "text/html, */*"
        yield case.call(base_url=self.issuer.origin)
        if case.path.endswith("/me"):
            case.headers["Authorization"] = f"Bearer {self.access_token}"
        else:
            self._put_into(case)
        yield case.call(base_url=self.issuer.origin)

    def _put_into(self, case: Case) -> None:
        known = _KNOWN.get(f"/{case.path.rpartition('/')[2]}", {})
        sent = case.body if case.method == "POST" else case.query
        for name in ("Authorization", "DPoP"):
            case.headers.pop(name, None)
        if isinstance(sent, dict):
            for name in _SIGNED:
                sent.pop(name, None)
            sent.update(known)


@contextmanager
def holding(template: Path, folder: Path, *quirks: Quirk) -> Iterator[Mapping[str, Holder]]:
    """A server with these quirks on, and a client that is known to it, by face."""
    site = make_site(template, folder / "ostiary.db")
    issuers = [replace(each, quirks=frozenset(quirks)) for each in (site.enterprise, site.consumer)]
    asyncio.run(_save(site, issuers))
    with serving(site):
        yield {issuer.face_name: asyncio.run(_hold(site, issuer)) for issuer in issuers}


async def _save(site: Site, issuers: list[Issuer]) -> None:
    store = Store.open(site.database)
    for issuer in issuers:
        await store.issuers.save(issuer, an_event())
    store.close()


async def _hold(site: Site, issuer: Issuer) -> Holder:
    # A site speaks HTTP, which is all that a relying party wants of a world.
    party = RelyingParty(cast("World", site), issuer)
    person = party.person()
    async with person.http:
        flow, response = await party.authorize(person)
    tokens = (await party.redeem(flow, response["code"])).json()
    return Holder(issuer, tokens["access_token"])
