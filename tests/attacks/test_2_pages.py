"""Catalogue section 2: sign in, consent and the other pages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from ostiary.domain.institution import Institution
from ostiary.domain.issuer import HOUR, Environment
from ostiary.domain.refusals import ReasonCode
from ostiary.management.errors import ManagementError
from tests.attacks.aftermath import contents, rows_of, unharmed
from tests.attacks.expected import check_answer, check_page_headers, is_page, is_redirect
from tests.attacks.operating import add_issuer, change_client, change_password, disable
from tests.attacks.wire import (
    ask,
    cookies_of,
    cookies_set,
    encode,
    exchange,
    interaction_cookie,
    path_of,
    post,
    resubmit,
    returned,
    send,
)
from tests.kit.person import Form, Page, Person
from tests.kit.relying_party import RelyingParty, callback, go_through, payload
from tests.kit.world import (
    CONSUMER,
    ENTERPRISE,
    GARDEN,
    PASSWORD,
    World,
    a_client,
    an_event,
)
from tests.specs.wire import reason_of

LOGOUT = path_of(ENTERPRISE, "logout")


def other_party(world: World) -> RelyingParty:
    return RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")


async def at_password(world: World) -> tuple[Person, Form]:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    await person.press("sign-in", username="alice")
    return person, person.page.form_with("sign-in")


async def at_consent(world: World, **request: str) -> tuple[Person, Form]:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin(**request).url)
    await person.sign_in("alice", PASSWORD)
    return person, person.page.form_with("allow")


def credentials(form: Form) -> dict[str, str]:
    return {**form.values, "username": "alice", "password": PASSWORD}


# ---- UI-01 to UI-04: forgery --------------------------------------------------------------------


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _: None, id="UI-01 no token"),
        pytest.param(lambda _: "", id="UI-01 empty token"),
        pytest.param(lambda token: token[:-1], id="UI-01 shorter token"),
        pytest.param(lambda token: token + "A", id="UI-01 longer token"),
        pytest.param(lambda token: token.swapcase(), id="UI-01 other case"),
        pytest.param(lambda _: "é" * 44, id="UI-01 not ASCII"),
        pytest.param(lambda _: "A" * 60_000, id="UI-01 huge token"),
    ],
)
async def test_a_form_needs_its_token(world: World, forge: Callable[[str], str | None]) -> None:
    person, form = await at_password(world)
    async with unharmed(world):
        values = {**credentials(form), "csrf": forge(form.values["csrf"])}
        answer = await resubmit(world, person, form.action, values)
        is_page(answer, 403)
        assert "set-cookie" not in answer.headers


async def test_ui_01_the_token_of_another_interaction_of_the_same_browser(world: World) -> None:
    person, form = await at_password(world)
    await person.open(other_party(world).begin().url)
    second = person.page.form_with("sign-in")
    async with unharmed(world):
        values = {**credentials(form), "csrf": second.values["csrf"]}
        is_page(await resubmit(world, person, form.action, values), 403)


async def test_ui_01_the_token_of_another_browser(world: World) -> None:
    person, form = await at_password(world)
    _, foreign = await at_password(world)
    async with unharmed(world):
        values = {**credentials(form), "csrf": foreign.values["csrf"]}
        is_page(await resubmit(world, person, form.action, values), 403)


async def test_ui_01_sign_out_needs_its_own_token(world: World) -> None:
    person, form = await at_consent(world)
    other = await RelyingParty(world).signed_in("bob")
    theirs = (await other.open(ENTERPRISE.endpoint("logout"))).page.form_with("sign-out")
    async with unharmed(world):
        for token in (form.values["csrf"], theirs.values["csrf"], "x"):
            is_page(await resubmit(world, person, LOGOUT, {"csrf": token}), 403)
        question = await resubmit(world, person, LOGOUT, {"x": "y"})
        Page(question).form_with("sign-out")


async def test_ui_01_after_sign_out_the_old_forms_do_nothing(world: World) -> None:
    person, form = await at_consent(world)
    jar = cookies_of(person)
    await person.open(ENTERPRISE.endpoint("logout"))
    out = person.page.form_with("sign-out")
    await person.press("sign-out")
    assert person.page.heading == "You have signed out"
    codes = rows_of(world, "authorizations")
    for action, values in (
        (form.action, {**form.values, "decision": "allow"}),
        (LOGOUT, out.values),
    ):
        answer = await post(world, action, encode(values), headers=[("cookie", jar)])
        check_answer(answer)
        assert "code=" not in answer.headers.get("location", "")
    assert rows_of(world, "authorizations") == codes


@pytest.mark.parametrize(
    "site", ["cross-site", "same-site", "x", "Same-Origin", "none, same-origin"]
)
async def test_ui_02_credentials_sent_from_another_site(world: World, site: str) -> None:
    person, form = await at_password(world)
    async with unharmed(world):
        answer = await resubmit(
            world, person, form.action, credentials(form), headers=[("sec-fetch-site", site)]
        )
        is_page(answer, 403)
        assert "set-cookie" not in answer.headers


async def test_ui_02_the_attackers_form_in_the_victims_browser(world: World) -> None:
    """The victim's browser has no cookie of the attacker's interaction."""
    _, form = await at_password(world)
    victim = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    async with unharmed(world):
        is_page(await resubmit(world, victim, form.action, credentials(form)))
        is_page(await post(world, form.action, encode(credentials(form))))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_ui_03_consent_given_from_another_site(world: World, site: str) -> None:
    person, form = await at_consent(world)
    async with unharmed(world):
        for values in ({**form.values, "decision": "allow"}, {"decision": "allow"}):
            answer = await resubmit(
                world, person, form.action, values, headers=[("sec-fetch-site", site)]
            )
            is_page(answer, 403)


async def pages_of(world: World) -> list[Page]:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin().url)
    pages = [person.page]
    pages.append((await person.press("sign-in", username="")).page)
    pages.append((await person.press("sign-in", username="alice")).page)
    pages.append((await person.press("sign-in", username="alice", password="x")).page)
    pages.append((await person.press("sign-in", username="alice", password=PASSWORD)).page)
    consent = person.page
    await person.press("allow")
    pages.append((await person.open(consent.url)).page)
    pages.append((await person.open(rp.begin(prompt="select_account").url)).page)
    expiring = person.page
    pages.append((await person.open(ENTERPRISE.endpoint("logout"))).page)
    pages.append((await person.press("sign-out")).page)
    world.clock.time += 2 * HOUR
    pages.append((await person.open(expiring.url)).page)
    pages.append((await person.open("/nothing")).page)
    pages.append((await person.open(ENTERPRISE.endpoint("auth"))).page)
    pages.append((await person.open(rp.begin(response_mode="form_post", prompt="none").url)).page)
    return pages


async def test_ui_04_no_page_can_be_framed(world: World) -> None:
    pages = await pages_of(world)
    assert len({page.heading for page in pages}) >= 9
    for page in pages:
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_ui_17_no_page_is_stored(world: World) -> None:
    for page in await pages_of(world):
        assert "no-store" in page.headers["cache-control"]
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "unsafe-inline" not in page.headers["content-security-policy"]
        assert "<style" not in page.html
        assert "style=" not in page.html
        assert "<script>" not in page.html


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
async def test_ui_04_pages_with_a_wrong_method(world: World, method: str) -> None:
    name = "interaction/x/consent" if method == "OPTIONS" else "interaction/x"
    path = path_of(ENTERPRISE, name)
    async with unharmed(world):
        answer = await send(world, method, path)
        page = is_page(answer, 405)
        expected = {"POST"} if method == "OPTIONS" else {"GET", "HEAD"}
        assert set(answer.headers["allow"].split(", ")) == expected
        assert answer.headers["ostiary-reference"] in page.text
        assert await reason_of(world, ENTERPRISE, answer.headers) is ReasonCode.METHOD_NOT_ALLOWED


async def test_ui_04_the_page_that_has_a_form_allows_it(world: World) -> None:
    """RFC 9110 §15.5.6: Allow lists what the target supports."""
    answer = await send(world, "PUT", LOGOUT)
    is_page(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


# ---- UI-05 to UI-08: sessions and cookies -------------------------------------------------------


async def test_ui_05_a_planted_session_dies_at_sign_in(world: World) -> None:
    attacker = await RelyingParty(world).signed_in("bob")
    planted = attacker.http.cookies["ostiary-session-enterprise"]
    victim = RelyingParty(world).person()
    victim.http.cookies.set("ostiary-session-enterprise", planted)
    await victim.open(RelyingParty(world).begin(prompt="login").url)
    jar = f"{cookies_of(victim)}"
    form = victim.page.form_with("sign-in")
    answer = await resubmit(world, victim, form.action, credentials(form))
    given = cookies_set(answer)["ostiary-session-enterprise"].value
    assert given not in (planted, "")
    assert planted in jar
    flow = RelyingParty(world).begin(prompt="none")
    for cookie in (planted, given.swapcase()):
        dead = await ask(world, flow.sent, cookies=f"ostiary-session-enterprise={cookie}")
        is_redirect(dead, flow, "login_required")


async def test_ui_05_signing_in_again_kills_the_old_cookie(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in()
    old = person.http.cookies["ostiary-session-enterprise"]
    await person.open(rp.begin(prompt="login").url)
    await go_through(person)
    new = person.http.cookies["ostiary-session-enterprise"]
    assert new != old
    flow = rp.begin(prompt="none")
    dead = await ask(world, flow.sent, cookies=f"ostiary-session-enterprise={old}")
    is_redirect(dead, flow, "login_required")
    alive = await ask(world, flow.sent, cookies=f"ostiary-session-enterprise={new}")
    assert "code" in returned(alive)


async def test_ui_06_a_session_in_the_url_is_ignored(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    cookie = person.http.cookies["ostiary-session-enterprise"]
    flow = RelyingParty(world).begin(prompt="none", **{"ostiary-session-enterprise": cookie})
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "login_required")


async def test_ui_07_attributes_of_the_cookies(world: World) -> None:
    """Path=/ for all: the __Host- prefix asks for it, and the id in the name binds the tab."""
    secure = await add_issuer(
        world,
        issuer_id="secure",
        url="https://id.example",
        base_path="/oidc",
        environment=Environment.PRODUCTION,
    )
    rp = RelyingParty(world, issuer=secure)
    started = await ask(world, rp.begin().sent, issuer=secure)
    person = rp.person()
    await person.open(rp.begin().url)
    form = person.page.form_with("sign-in")
    signed_in = await resubmit(world, person, form.action, credentials(form), issuer=secure)
    await person.press("sign-in", username="alice")
    await person.press("sign-in", username="alice", password=PASSWORD)
    form = person.page.form_with("allow")
    allowed = {**form.values, "decision": "allow"}
    finished = await resubmit(world, person, form.action, allowed, issuer=secure)
    assert "code=" in finished.headers["location"]
    first, second = (interaction_cookie(url) for url in (started.headers["location"], form.action))
    assert first != second
    for answer, name, value, age in (
        (started, first, "ob_", {f"Max-Age={secure.lifetimes.interaction + 86_400}"}),
        (signed_in, "ostiary-session-secure", "os_", set()),
        (finished, second, "ob_", {"Max-Age=600"}),
    ):
        (header,) = answer.headers.get_list("set-cookie")
        assert header.startswith(f"__Host-{name}={value}")
        attributes = [part.strip() for part in header.split(";")[1:]]
        assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} | age
        assert len(attributes) == 4 + len(age)
    assert "strict-transport-security" in person.page.headers


async def test_ui_07_over_plain_http_all_but_secure(world: World) -> None:
    started = await ask(world, RelyingParty(world).begin().sent)
    (header,) = started.headers.get_list("set-cookie")
    assert header.startswith(f"{interaction_cookie(started.headers['location'])}=ob_")
    attributes = {part.strip() for part in header.split(";")[1:]}
    assert attributes == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=90000"}


async def test_ui_07_each_interaction_has_a_cookie_of_its_own(world: World) -> None:
    """Beginning another, or starting again, replaces no other's."""
    person, first = await at_password(world)
    await person.open(other_party(world).begin().url)
    second = person.page.form_with("sign-in")
    names = [interaction_cookie(form.action) for form in (first, second)]
    values = [person.http.cookies[name] for name in names]
    assert len(set(names)) == len(set(values)) == 2
    await person.open(urlsplit(first.action).path.rpartition("/")[0] + "/restart")
    third = interaction_cookie(person.page.url)
    assert third not in names
    assert [person.http.cookies[name] for name in names] == values
    assert person.http.cookies[third] not in values


async def test_ui_07_a_refusal_lets_the_cookie_go_too(world: World) -> None:
    person, form = await at_consent(world)
    answer = await resubmit(world, person, form.action, {**form.values, "decision": "deny"})
    assert "error=access_denied" in answer.headers["location"]
    given = cookies_set(answer)
    assert set(given) == {interaction_cookie(form.action)}
    assert given[interaction_cookie(form.action)]["max-age"] == "600"


async def test_ui_08_an_interaction_of_another_browser(world: World) -> None:
    person, form = await at_password(world)
    path = urlsplit(person.page.url).path
    stranger = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    headers = [("cookie", cookies_of(stranger))]
    async with unharmed(world):
        for target, query in (
            (path, b""),
            (path, b"password=1"),
            (path, b"another=1"),
            (path + "/restart", b""),
        ):
            answer = await send(world, "GET", target, query, headers=headers)
            is_page(answer)
            assert "set-cookie" not in answer.headers
            assert "alice" not in answer.text
        is_page(await resubmit(world, stranger, form.action, credentials(form)))


@pytest.mark.parametrize(
    "change",
    [
        "session as proof",
        "no cookie",
        "altered",
        "two cookies",
        "under another name",
        "of a stranger",
        "of the same browser's other interaction",
    ],
)
async def test_ui_08_the_browser_is_proved(world: World, change: str) -> None:
    person, form = await at_consent(world)
    name = interaction_cookie(form.action)
    proof = person.http.cookies[name]
    session = person.http.cookies["ostiary-session-enterprise"]
    stranger = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    foreign = stranger.http.cookies[interaction_cookie(stranger.page.url)]
    await person.open(other_party(world).begin().url)
    other_name = interaction_cookie(person.page.url)
    other = person.http.cookies[other_name]
    jar = {
        "session as proof": f"{name}={session}",
        "no cookie": "",
        "altered": f"{name}={proof[:-1]}{'A' if proof[-1] != 'A' else 'B'}",
        "two cookies": f"{name}={foreign}; {name}={proof}",
        "under another name": f"{other_name}={proof}; ostiary-browser-enterprise={proof}",
        "of a stranger": f"{name}={foreign}",
        "of the same browser's other interaction": f"{name}={other}; {other_name}={proof}",
    }[change] + f"; ostiary-session-enterprise={session}"
    async with unharmed(world):
        values = encode({**form.values, "decision": "allow"})
        is_page(await post(world, form.action, values, headers=[("cookie", jar)]))


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "A" * 22,
        "A" * 21,
        "A" * 10_000,
        "é" * 22,
        "!" * 22,
        "A" * 21 + "=",
        "..",
        "%2e%2e",
        "A" * 20 + "\r\n",
    ],
)
async def test_ui_08_guessed_interactions(world: World, name: str) -> None:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    proof = person.http.cookies[interaction_cookie(person.page.url)]
    guessed = f"; ostiary-{name}={proof}" if name.isascii() and name.isprintable() else ""
    headers = [("cookie", cookies_of(person) + guessed)]
    async with unharmed(world):
        for tail in ("", "/restart"):
            path = f"{path_of(ENTERPRISE, 'interaction')}/{name}{tail}"
            is_page(await send(world, "GET", path, headers=headers), 400, 404)


# ---- UI-09 to UI-13: consent --------------------------------------------------------------------


async def test_ui_09_two_tabs_do_not_mix(world: World) -> None:
    web, other = RelyingParty(world), other_party(world)
    person = web.person()
    first, second = web.begin(scope="openid email"), other.begin(scope="openid phone")
    await person.open(first.url)
    one = person.page.url
    await person.open(second.url)
    two = person.page.url
    assert one != two
    await person.open(one)
    await person.sign_in("alice", PASSWORD)
    await person.open(two)
    assert "The other app" in person.page.text
    assert "email" not in person.page.text
    await person.press("allow")
    answer = callback(person)
    assert answer["state"] == second.state
    granted = (await other.redeem(second, answer["code"])).json()
    assert granted["scope"] == "openid phone"
    assert payload(granted["id_token"])["nonce"] == second.nonce
    await person.open(one)
    assert "The web app" in person.page.text
    await person.press("allow")
    answer = callback(person)
    assert answer["state"] == first.state
    granted = (await web.redeem(first, answer["code"])).json()
    assert granted["scope"] == "openid email"
    assert payload(granted["id_token"])["nonce"] == first.nonce


async def test_ui_09_consent_shown_to_one_person_does_not_count_for_another(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open((flow := rp.begin()).url)
    await person.sign_in("alice", PASSWORD)
    form = person.page.form_with("allow")
    assert "alice" in person.page.text
    await person.open(other_party(world).begin(prompt="login").url)
    await person.sign_in("bob", PASSWORD)
    async with unharmed(world):
        for decision in ("allow", "deny"):
            answer = await resubmit(
                world, person, form.action, {**form.values, "decision": decision}
            )
            check_answer(answer)
            assert answer.status_code == 303
            assert answer.headers["location"] == form.action.removesuffix("/consent")
    await person.open(form.action.removesuffix("/consent"))
    assert "bob" in person.page.text
    assert "alice" not in person.page.text
    await person.press("allow")
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    assert payload(tokens["access_token"])["sub"] == "enterprise-bob-id"


async def test_ui_09_an_account_chosen_is_the_one_that_was_shown(world: World) -> None:
    rp = RelyingParty(world, client_id="trusted")
    person = await rp.signed_in()
    await person.open((flow := rp.begin(prompt="select_account")).url)
    form = person.page.form_with("continue")
    await person.open(other_party(world).begin(prompt="login").url)
    await person.sign_in("bob", PASSWORD)
    async with unharmed(world):
        for choice in ("continue", "another"):
            answer = await resubmit(world, person, form.action, {**form.values, "choice": choice})
            check_answer(answer)
            assert answer.status_code == 303
            assert answer.headers["location"] == form.action.removesuffix("/select_account")
    await person.open(form.action.removesuffix("/select_account"))
    assert "bob" in person.page.text
    await person.press("continue")
    tokens = (await rp.redeem(flow, callback(person)["code"])).json()
    assert payload(tokens["access_token"])["sub"] == "enterprise-bob-id"


@pytest.mark.parametrize("forged", [None, "", "x", "é" * 43, "A" * 60_000, "cut", "other page"])
async def test_ui_09_consent_names_its_person(world: World, forged: str | None) -> None:
    """With the form's own token, but without the value that says for whom the page was made."""
    person, form = await at_consent(world)
    await person.open(other_party(world).begin().url)
    elsewhere = person.page.form_with("allow").values["account"]
    assert elsewhere != form.values["account"]
    value = {"cut": form.values["account"][:-1], "other page": elsewhere}.get(forged or "", forged)
    async with unharmed(world):
        for decision in ("allow", "deny"):
            values = {**form.values, "account": value, "decision": decision}
            answer = await resubmit(world, person, form.action, values)
            assert answer.status_code == 303
            assert answer.headers["location"] == form.action.removesuffix("/consent")


async def test_ui_09_consent_of_somebody_who_has_left_is_asked_anew(world: World) -> None:
    """Signed out in another tab: the form's page leads to the sign-in."""
    person, form = await at_consent(world)
    await person.open(ENTERPRISE.endpoint("logout"))
    await person.press("sign-out")
    async with unharmed(world):
        answer = await resubmit(world, person, form.action, {**form.values, "decision": "allow"})
        assert answer.status_code == 303
    await person.open(answer.headers["location"])
    person.page.form_with("sign-in")


async def test_ui_10_the_form_says_yes_and_nothing_else(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open((flow := rp.begin(scope="openid")).url)
    await person.sign_in("alice", PASSWORD)
    form = person.page.form_with("allow")
    await person.post(
        form.action,
        {
            **form.values,
            "decision": "allow",
            "scope": "openid email offline_access",
            "client_id": "other",
            "redirect_uri": "https://evil.test/cb",
            "state": "evil",
            "user_id": "enterprise-bob-id",
        },
    )
    assert person.left_to is not None
    assert person.left_to.startswith(rp.redirect_uri)
    answer = callback(person)
    assert answer["state"] == flow.state
    tokens = (await rp.redeem(flow, answer["code"])).json()
    assert tokens["scope"] == "openid"
    assert payload(tokens["access_token"])["sub"] == "enterprise-alice-id"


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW", "allow ", "true", "é"])
async def test_ui_11_only_a_plain_yes_is_a_yes(world: World, decision: str) -> None:
    person, form = await at_consent(world)
    async with unharmed(world, "interactions"):
        await person.post(form.action, {**form.values, "decision": decision})
        assert callback(person)["error"] == "access_denied"
    await person.open(RelyingParty(world).begin().url)
    person.page.form_with("allow")


async def test_ui_12_more_scope_asks_again(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in(scope="openid email")
    flow = rp.begin(scope="openid email phone", prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "consent_required")
    for scope in ("openid email", "openid", "email"):
        flow = rp.begin(scope=scope, prompt="none")
        assert "code" in returned(await ask(world, flow.sent, cookies=cookies_of(person)))
    flow = rp.begin(scope="openid email offline_access", prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "consent_required")


async def test_ui_12_consent_is_of_this_person_for_this_client(world: World) -> None:
    await RelyingParty(world).signed_in("alice")
    bob = await RelyingParty(world, client_id="trusted").signed_in("bob")
    flow = RelyingParty(world).begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(bob))
    is_redirect(answer, flow, "consent_required")


async def test_ui_12_more_claims_ask_again(world: World) -> None:
    rp = RelyingParty(world)
    person = rp.person()
    await rp.authorize(person, scope="openid", claims='{"userinfo":{"email":null}}')
    cookies = cookies_of(person)
    for claims in (
        '{"userinfo":{"phone_number":null}}',
        '{"id_token":{"phone_number":null},"userinfo":{"email":null}}',
        '{"userinfo":{"email":null,"address":null}}',
    ):
        flow = rp.begin(scope="openid", claims=claims, prompt="none")
        answer = await ask(world, flow.sent, cookies=cookies)
        is_redirect(answer, flow, "consent_required")
    for claims in ('{"id_token":{"email":null}}', '{"userinfo":{"institution_id":null}}', "{}"):
        flow = rp.begin(scope="openid", claims=claims, prompt="none")
        assert "code" in returned(await ask(world, flow.sent, cookies=cookies))


async def test_ui_12_a_claim_of_an_agreed_scope_asks_nothing_new(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in(scope="openid email")
    flow = rp.begin(scope="openid", claims='{"id_token":{"email":null}}', prompt="none")
    assert "code" in returned(await ask(world, flow.sent, cookies=cookies_of(person)))


async def test_ui_12_a_restricted_claim_that_is_switched_on_asks_again(world: World) -> None:
    rp = RelyingParty(world, CONSUMER)
    claims = '{"userinfo":{"https://api.banno.com/consumer/claim/tax_id":null}}'
    person = rp.person()
    await rp.authorize(person, scope="openid", claims=claims)
    await change_client(world, "web", CONSUMER, restricted_claims=frozenset({"tax_id"}))
    for request in ({"claims": claims}, {"claims": claims.replace("userinfo", "id_token")}):
        flow = rp.begin(scope="openid", prompt="none", **request)
        answer = await ask(world, flow.sent, cookies=cookies_of(person), issuer=CONSUMER)
        is_redirect(answer, flow, "consent_required", issuer=CONSUMER)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Budget Buddy by somebody else"},
        {"redirect_uris": ("https://rp.example/cb", "https://elsewhere.example/cb")},
    ],
)
async def test_ui_13_a_client_that_has_changed_asks_again(
    world: World, changes: dict[str, Any]
) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in(scope="openid email")
    seen = await change_client(world, "web", **changes)
    flow = rp.begin(scope="openid email", prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "consent_required")
    await person.open(rp.begin(scope="openid email").url)
    person.page.form_with("allow")
    assert "has changed since you last allowed it" in person.page.text
    assert "New" not in person.page.text, "everything is asked, as if it had never been"
    await person.press("allow")
    flow = rp.begin(scope="openid email", prompt="none")
    assert "code" in returned(await ask(world, flow.sent, cookies=cookies_of(person)))
    assert seen.client_id == "web"


async def test_ui_13_what_another_client_was_allowed_does_not_come_back(world: World) -> None:
    """The consent to what a client was is replaced, not added to."""
    rp = RelyingParty(world)
    person = await rp.signed_in(scope="openid email phone")
    await change_client(world, "web", name="Another")
    await rp.authorize(person, scope="openid email")
    flow = rp.begin(scope="openid phone", prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "consent_required")


async def test_ui_13_a_change_that_nobody_sees_asks_nothing(world: World) -> None:
    rp = RelyingParty(world)
    person = await rp.signed_in(scope="openid email")
    await change_client(world, "web", refresh_grace=0, redirect_uris=("https://rp.example/cb",))
    flow = rp.begin(scope="openid email", prompt="none")
    assert "code" in returned(await ask(world, flow.sent, cookies=cookies_of(person)))


async def test_consent_of_a_native_client_is_never_remembered(world: World) -> None:
    rp = RelyingParty(world, client_id="native", redirect_uri="http://127.0.0.1:1/cb", secret=None)
    person = await rp.signed_in()
    flow = rp.begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "consent_required")


# ---- UI-14 to UI-21: what pages say -------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</bdi></title><h1>x</h1>",
    "\u202eelgooG",
    "{{7*7}}${7*7}{%raw%}#{7*7}",
    "x" * 10_000,
    "<!--",
    "&lt;script&gt;",
]


@pytest.mark.parametrize(
    "name", [pytest.param(name, id=f"UI-14 UI-18 {number}") for number, name in enumerate(HOSTILE)]
)
async def test_ui_14_names_from_outside_are_text(world: World, name: str) -> None:
    await world.add_client(a_client("hostile", ENTERPRISE, name=name))
    await world.store.institutions.save(
        "enterprise",
        Institution(institution_id=GARDEN, name=name, identifier_label=name, support=name),
        an_event(),
    )
    rp = RelyingParty(world, client_id="hostile")
    person = await rp.person().open(rp.begin().url)
    pages = [person.page]
    await person.sign_in("alice", PASSWORD)
    pages.append(person.page)
    for page in pages:
        assert page.status == 200
        assert name in page.text or " ".join(name.split()) in page.text
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert len(page.headings) == 1
        assert "49" not in page.text or "49" in name
    assert "<strong><bdi>" in pages[0].html


async def test_ui_18_claims_of_a_person_are_text(world: World) -> None:
    from ostiary.domain.user import Membership

    for number, name in enumerate(HOSTILE):
        member = Membership(institution_id=GARDEN, claims={"name": name})
        await world.store.users.save_membership(
            "enterprise", "enterprise-alice-id", member, an_event()
        )
        person, _ = await at_consent(world, prompt="consent")
        assert "<script>alert" not in person.page.html, number
        assert "<img src=x" not in person.page.html, number


@pytest.mark.parametrize("username", [*HOSTILE, "a\r\nb", "\x1b[31m", "é" * 5_000])
async def test_ui_15_what_was_typed_is_shown_as_text(world: World, username: str) -> None:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    async with unharmed(world, "interactions") as logs:
        await person.press("sign-in", username=username)
        form = person.page.form_with("sign-in")
        assert "<script>alert" not in person.page.html
        assert "<img src=x" not in person.page.html
        values = {**form.values, "username": username, "password": "wrong"}
        answer = await resubmit(world, person, form.action, values)
        assert answer.status_code == 400
        check_answer(answer)
        check_page_headers(answer)
        assert "<script>alert" not in answer.text
        assert not any(username in repr(line) for line in logs)


@pytest.mark.parametrize(
    "target", ["//evil.test", "/\\evil.test", "https:evil.test", "javascript:x", "/%09/evil"]
)
@pytest.mark.parametrize("name", ["return_to", "next", "redirect", "post_logout_redirect_uri"])
async def test_ui_16_no_page_goes_where_the_request_says(
    world: World, name: str, target: str
) -> None:
    rp = RelyingParty(world)
    person = await rp.person().open(rp.begin(**{name: target}).url)
    form = person.page.form_with("sign-in")
    await person.post(form.action, {**credentials(form), name: target})
    form = person.page.form_with("allow")
    await person.post(form.action, {**form.values, "decision": "allow", name: target})
    assert person.left_to is not None
    assert person.left_to.startswith(rp.redirect_uri)
    out = await send(
        world, "GET", LOGOUT, encode({name: target}), headers=[("cookie", cookies_of(person))]
    )
    assert out.status_code == 200
    assert target not in out.text


async def test_ui_19_consent_is_answered_with_303(world: World) -> None:
    person, form = await at_consent(world)
    answer = await resubmit(world, person, form.action, {**form.values, "decision": "allow"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://rp.example/cb?code=")
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_ui_20_password_managers_may_help(world: World) -> None:
    person, _ = await at_password(world)
    assert 'autocomplete="current-password"' in person.page.html
    assert 'autocomplete="off"' not in person.page.html
    assert "onpaste" not in person.page.html
    harbor = RelyingParty(world, client_id="harbor")
    await person.open(harbor.begin().url)
    assert 'autocomplete="username' in person.page.html


FORWARDED = ["x-forwarded-host", "x-host", "x-original-url", "x-rewrite-url", "x_forwarded_host"]


@pytest.mark.parametrize("header", FORWARDED)
async def test_ui_21_forwarded_hosts_change_nothing(world: World, header: str) -> None:
    rp = RelyingParty(world)
    headers = [
        (header, "evil.test"),
        ("forwarded", "host=evil.test;proto=https"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "1"),
    ]
    answer = await send(
        world, "GET", path_of(ENTERPRISE, "auth"), encode(rp.begin().sent), headers=headers
    )
    assert answer.headers["location"].startswith(ENTERPRISE.base_path + "/interaction/")
    assert "Secure" not in answer.headers["set-cookie"]
    assert "evil" not in str(answer.headers)
    document = await send(world, "GET", "/.well-known/openid-configuration", headers=headers)
    assert "evil" not in document.text
    assert document.json()["issuer"] == ENTERPRISE.url


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "",
        "localhost",
        "localhost:9400.evil.test",
        "localhost:94000",
        "localhost:9400@evil",
        "é",
        "a" * 9_000,
    ],
)
async def test_ui_21_unknown_hosts(world: World, host: str) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        for path in (path_of(ENTERPRISE, "auth"), path_of(ENTERPRISE, "token"), "/"):
            answer = await send(world, "GET", path, encode(rp.begin().sent), host=host)
            check_answer(answer)
            page = is_page(answer, 421)
            assert page.heading == "No sign-in lives at this address"
            assert answer.headers["ostiary-reference"] in page.text
            assert "evil" not in page.text


# ---- UI-22, UI-23: the end of a session ---------------------------------------------------------


@pytest.mark.parametrize("seconds", [HOUR, 25 * HOUR])
async def test_ui_22_a_session_unused_for_too_long(world: World, seconds: int) -> None:
    person = await RelyingParty(world).signed_in()
    world.clock.time += seconds
    flow = RelyingParty(world).begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "login_required")


async def test_ui_22_a_session_used_all_the_time_ends_too(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    flow = RelyingParty(world).begin(prompt="none")
    for _ in range(47):
        world.clock.time += HOUR // 2
        answer = await ask(world, flow.sent, cookies=cookies_of(person))
        assert "code" in returned(answer)
    world.clock.time += HOUR // 2
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "login_required")


async def test_ui_23_switched_off_ends_sessions(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    await disable(world)
    flow = RelyingParty(world).begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "login_required")
    await person.open(RelyingParty(world).begin().url)
    await person.sign_in("alice", PASSWORD)
    assert person.page.status == 400


async def test_ui_23_switched_on_again_begins_anew(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    await disable(world)
    world.clock.time += 5
    await disable(world, at=None)
    flow = RelyingParty(world).begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "login_required")


async def test_ui_23_a_new_password_ends_sessions(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    world.clock.time += 1
    await change_password(world)
    flow = RelyingParty(world).begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "login_required")


async def test_ui_23_also_in_the_same_second(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    await change_password(world)
    flow = RelyingParty(world).begin(prompt="none")
    answer = await ask(world, flow.sent, cookies=cookies_of(person))
    is_redirect(answer, flow, "login_required")


async def test_ui_23_signing_out_ends_the_cookie(world: World) -> None:
    person = await RelyingParty(world).signed_in()
    jar = cookies_of(person)
    await person.open(ENTERPRISE.endpoint("logout"))
    await person.press("sign-out")
    assert "ostiary-session-enterprise" not in person.http.cookies
    flow = RelyingParty(world).begin(prompt="none")
    is_redirect(await ask(world, flow.sent, cookies=jar), flow, "login_required")


# ---- beyond the list ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "username", ["alice", "nobody", "harry", "x" * 5_000, "disabled", "' OR 1=1 --", "ALICE\u3000"]
)
async def test_a_wrong_password_costs_the_same_for_everybody(
    world: World, username: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash is verified, one event is written, and the page says the same."""
    if username == "disabled":
        await disable(world, "bob")
        username = "bob"
    counted = []
    hasher = world.ostiary.passwords._hasher
    real = type(hasher).verify

    def verify(self: object, *arguments: object) -> bool:
        counted.append(arguments)
        return bool(real(hasher, *arguments))  # type: ignore[arg-type]

    monkeypatch.setattr(type(hasher), "verify", verify)
    person, form = await at_password(world)
    events = rows_of(world, "audit_events")
    values = {**form.values, "username": username, "password": "wrong password"}
    answer = await resubmit(world, person, form.action, values)
    assert answer.status_code == 400
    assert "That username or password is not right" in Page(answer).text
    assert len(counted) == 1
    assert rows_of(world, "audit_events") == events + 1


async def test_the_right_password_of_another_institution_is_wrong(world: World) -> None:
    person, form = await at_password(world)
    values = {**form.values, "username": "harry", "password": PASSWORD}
    answer = await resubmit(world, person, form.action, values)
    assert "That username or password is not right" in Page(answer).text


@pytest.mark.parametrize("length", [1025, 60_000])
async def test_a_password_that_is_too_long_is_wrong(world: World, length: int) -> None:
    person, form = await at_password(world)
    values = {**form.values, "username": "alice", "password": PASSWORD + "x" * length}
    answer = await resubmit(world, person, form.action, values)
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"x=" + b"y" * 70_000, b"&" * 70_000, b"a=1&" * 10_000])
async def test_huge_forms(world: World, body: bytes) -> None:
    person, form = await at_password(world)
    async with unharmed(world):
        headers = [("cookie", cookies_of(person))]
        is_page(await post(world, form.action, body, headers=headers), 400, 413)


@pytest.mark.parametrize("extra", [b"x=%ff", b"x=%00", b"x=%"])
async def test_broken_forms(world: World, extra: bytes) -> None:
    person, form = await at_password(world)
    body = encode(credentials(form), extra)
    async with unharmed(world):
        answer = await post(world, form.action, body, headers=[("cookie", cookies_of(person))])
        is_page(answer)
        is_page(
            await send(
                world,
                "GET",
                urlsplit(person.page.url).path,
                b"password=1&" + extra,
                headers=[("cookie", cookies_of(person))],
            )
        )


async def test_a_consent_that_was_cut_off_is_no_answer(world: World) -> None:
    person, form = await at_consent(world)
    whole = encode({**form.values, "decision": "allow"})
    headers = [
        ("cookie", cookies_of(person)),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", str(len(whole))),
    ]
    cut: list[dict[str, Any]] = [
        {"type": "http.request", "body": whole[: -len("decision=allow")], "more_body": True},
        {"type": "http.disconnect"},
    ]
    before = contents(world)["interactions"]
    await exchange(world, "POST", form.action, b"", headers, cut, "localhost:9400")
    assert contents(world)["interactions"] == before


async def test_a_form_of_an_expired_interaction(world: World) -> None:
    person, form = await at_consent(world)
    world.clock.time += HOUR
    codes = rows_of(world, "authorizations")
    answer = await resubmit(world, person, form.action, {**form.values, "decision": "allow"})
    assert Page(answer).heading == "This page has expired"
    assert rows_of(world, "authorizations") == codes


async def test_scope_taken_from_a_client_while_the_person_is_asked(world: World) -> None:
    person, form = await at_consent(world, scope="openid email")
    await change_client(world, "web", scopes=frozenset({"openid"}))
    before = {
        name: contents(world)[name] for name in ("authorizations", "interactions", "consents")
    }
    answer = await resubmit(world, person, form.action, {**form.values, "decision": "allow"})
    is_page(answer)
    assert await reason_of(world, ENTERPRISE, answer.headers) is ReasonCode.SCOPE_NOT_ALLOWED
    assert {name: contents(world)[name] for name in before} == before
    await change_client(world, "web", scopes=ENTERPRISE.scopes)
    await person.open(form.action.removesuffix("/consent"))
    await person.press("allow")
    assert "code" in callback(person)


async def test_static_files_and_themes_lead_nowhere(world: World) -> None:
    names = ["..", "../page.js", "%2e%2e/x", "page.js/", "PAGE.JS", "é", "x" * 5_000, "page.js\x00"]
    async with unharmed(world):
        for name in names:
            for folder in ("/static/", "/theme/"):
                answer = await send(world, "GET", folder + name)
                is_page(answer, 404)


async def test_issuers_with_overlapping_paths_are_refused(world: World) -> None:
    """Two issuers at the same host and base path: one of them would answer for the other."""
    changes = {"issuer_id": "second", "url": "http://localhost:9400/second"}
    above, _, _ = ENTERPRISE.base_path.rpartition("/")
    for base_path in (ENTERPRISE.base_path, ENTERPRISE.base_path + "/sub", above, ""):
        async with unharmed(world):
            with pytest.raises(ManagementError, match="enterprise answers at localhost:9400"):
                await add_issuer(world, **changes, base_path=base_path)
    beside = await add_issuer(world, **changes, base_path=ENTERPRISE.base_path + "1")
    rp = RelyingParty(world, issuer=beside)
    flow = rp.begin(prompt="none")
    answer = await ask(world, flow.sent, issuer=beside)
    is_redirect(answer, flow, "login_required", issuer=beside)
    assert (await rp.person().open(rp.begin().url)).page.status == 200
