"""Cookies: RFC 6265 §4.2, and the __Host- prefix of its successor, over https."""

import re
from dataclasses import replace

import pytest

from ostiary.management.issuers import save_issuer
from tests.kit.relying_party import RelyingParty, callback, go_through
from tests.kit.world import ENTERPRISE, GARDEN, MASTER_KEY, START, World, a_client, an_event
from tests.specs.wire import ask, returned


@pytest.mark.spec("RFC 6265 §4.2")
async def test_session_is_found_among_other_cookies(rp: RelyingParty) -> None:
    """The Cookie header is a list of pairs, in any order."""
    person = await rp.signed_in()
    name = f"ostiary-session-{rp.issuer.issuer_id}"
    value = person.http.cookies[name]
    async with rp.world.http(rp.issuer) as http:
        cookie = f'a=b; theme="dark"; {name}={value};last'
        response = await http.get(rp.begin(prompt="none").url, headers={"cookie": cookie})
    assert "code" in returned(rp, response)


@pytest.mark.spec("draft-ietf-httpbis-rfc6265bis §4.1.3.2")
async def test_cookies_over_https_cannot_be_set_by_another_host_or_path(world: World) -> None:
    """__Host-: Secure, Path=/, and no Domain."""
    secure = replace(ENTERPRISE, issuer_id="secure", url="https://id.example.test")
    await save_issuer(world.store, MASTER_KEY, secure, START - 86_400)
    institutions = await world.store.institutions.list(ENTERPRISE.issuer_id)
    for institution in institutions:
        await world.store.institutions.save(secure.issuer_id, institution, an_event())
    assert GARDEN in {institution.institution_id for institution in institutions}
    await world.add_client(a_client("web", secure), secure)
    rp = RelyingParty(world=world, issuer=secure)
    response = await ask(rp)
    (cookie,) = response.headers.get_list("set-cookie")
    page = response.headers["location"].rpartition("/")[2]
    assert cookie.startswith(f"__Host-ostiary-{page}=")
    assert {"Secure", "Path=/", "HttpOnly"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.spec("RFC 6265 §5.3")
async def test_cookies_of_two_issuers_on_one_host_have_different_names(rp: RelyingParty) -> None:
    """A cookie does not tell its port or path: the issuer's or interaction's id in its name does."""
    person = await rp.signed_in()
    await go_through(await person.open(rp.begin(prompt="consent").url))
    names = {cookie.name for cookie in person.http.cookies.jar}
    session = f"ostiary-session-{rp.issuer.issuer_id}"
    assert session in names
    interactions = names - {session}
    assert len(interactions) == 2
    assert all(re.fullmatch(r"ostiary-[A-Za-z0-9_-]{22}", name) for name in interactions)


@pytest.mark.spec("RFC 6265 §5.3")
async def test_two_tabs_of_a_browser_without_cookies_do_not_replace_each_others(
    rp: RelyingParty,
) -> None:
    """A new cookie replaces the one of its name: the tabs, opened at once, have different ones."""
    flows = [rp.begin(), rp.begin(prompt="login")]
    answers = []
    for flow in flows:
        async with rp.world.http(rp.issuer) as cold:
            answers.append(await cold.get(flow.url))
    person = rp.person()
    for answer in answers:
        person.http.cookies.update(answer.cookies)
    assert len(person.http.cookies) == 2
    for flow, answer in zip(flows, answers, strict=True):
        await go_through(await person.open(answer.headers["location"]))
        response = callback(person)
        assert response["state"] == flow.state
        assert (await rp.redeem(flow, response["code"])).status_code == 200


@pytest.mark.spec("RFC 9110 §11.1")
@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_authentication_scheme_has_no_case(rp: RelyingParty, scheme: str) -> None:
    """Schemes are compared without case."""
    token = (await rp.tokens())["access_token"]
    async with rp.world.http(rp.issuer) as http:
        sent = {"authorization": f"{scheme} {token}"}
        response = await http.get(rp.issuer.endpoint("me"), headers=sent)
    assert response.status_code == 200
