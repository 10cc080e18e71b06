"""RFC 6749 §10: security considerations, as far as a server's answers can show them."""

import pytest

from ostiary.domain.issuer import DAY
from ostiary.domain.refusals import ReasonCode
from ostiary.management.clients import new_secret
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import PASSWORD
from tests.specs.wire import (
    ask,
    asks_for,
    basic,
    code_of,
    discovery,
    post_token,
    reason_of,
    refused,
    shown_as_page,
)


async def at_consent(rp: RelyingParty) -> Person:
    person = rp.person()
    await person.open(rp.begin().url)
    return await person.sign_in("alice", PASSWORD)


@pytest.mark.spec("RFC 6749 §10.2")
async def test_public_native_client_never_gets_a_code_without_the_person_being_asked(
    native: RelyingParty,
) -> None:
    """Repeated requests of a client whose identity nothing proves are not answered by themselves."""
    person = await native.signed_in()
    await person.open(native.begin().url)
    assert asks_for(person, "allow")


@pytest.mark.spec("RFC 6749 §10.3")
async def test_access_token_opens_no_more_than_the_scope_that_was_granted(rp: RelyingParty) -> None:
    """Tokens are issued for the scope that was authorized, and only for that."""
    tokens = await rp.tokens(scope="openid")
    told = (await rp.userinfo(tokens["access_token"])).json()
    assert not {"email", "name", "phone_number", "address"} & set(told)


@pytest.mark.spec("RFC 6749 §10.4")
async def test_refresh_token_is_another_one_after_each_use(rp: RelyingParty) -> None:
    """With rotation, an abused refresh token comes to light."""
    tokens = await rp.tokens(scope="openid offline_access")
    refreshed = (await rp.refresh(tokens["refresh_token"])).json()
    assert refreshed["refresh_token"] != tokens["refresh_token"]


@pytest.mark.spec("RFC 6749 §10.4")
async def test_refresh_token_with_one_character_changed_is_unknown(rp: RelyingParty) -> None:
    """Refresh tokens cannot be made, changed or guessed."""
    token = (await rp.tokens(scope="openid offline_access"))["refresh_token"]
    for place in (3, len(token) // 2, len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        response = await rp.refresh(changed)
        assert await reason_of(rp.world, rp.issuer, response.headers) is (
            ReasonCode.REFRESH_TOKEN_UNKNOWN
        )


@pytest.mark.spec("RFC 6749 §10.4")
async def test_refresh_token_that_expired_is_refused_although_it_is_the_newest(
    rp: RelyingParty,
) -> None:
    """Refresh tokens do not live for ever."""
    tokens = await rp.tokens(scope="openid offline_access")
    rp.world.clock.time += 30 * DAY
    response = await rp.refresh(tokens["refresh_token"])
    await refused(rp, response, ReasonCode.REFRESH_TOKEN_EXPIRED)


@pytest.mark.spec("RFC 6749 §10.5")
async def test_code_is_for_one_use_and_its_second_use_ends_what_the_first_gave(
    rp: RelyingParty,
) -> None:
    """Codes are short-lived and single-use; on a replay the tokens are revoked."""
    code = await code_of(rp)
    tokens = (await post_token(rp, code, authorization=basic())).json()
    again = await post_token(rp, code, authorization=basic())
    await refused(rp, again, ReasonCode.CODE_REUSED)
    await refused(rp, await rp.userinfo(tokens["access_token"]), ReasonCode.TOKEN_REVOKED)


@pytest.mark.spec("RFC 6749 §10.6")
async def test_code_cannot_be_redeemed_for_another_redirect_uri(rp: RelyingParty) -> None:
    """The URI at the token endpoint is the URI of the request, so a code led astray is useless."""
    sent = (await code_of(rp)) | {"redirect_uri": "https://evil.example/cb"}
    response = await post_token(rp, sent, authorization=basic())
    await refused(rp, response, ReasonCode.REDIRECT_URI_CHANGED)


@pytest.mark.spec("RFC 6749 §10.9")
async def test_endpoints_are_announced_at_the_origin_of_the_issuer(rp: RelyingParty) -> None:
    """What is asked of the issuer is asked over the same scheme and host that proves it."""
    for name, url in (await discovery(rp.world, rp.issuer)).items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert url.startswith(f"{rp.issuer.origin}/"), name


@pytest.mark.spec("RFC 6749 §10.10")
async def test_code_with_one_character_changed_is_unknown(rp: RelyingParty) -> None:
    """Nobody can guess a code: 160 bits of it are a MAC."""
    sent = await code_of(rp)
    code = sent["code"]
    for place in (3, len(code) // 2, len(code) - 1):
        changed = code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :]
        response = await post_token(rp, sent | {"code": changed}, authorization=basic())
        await refused(rp, response, ReasonCode.CODE_UNKNOWN)


@pytest.mark.spec("RFC 6749 §10.10")
def test_generated_client_secret_has_256_bits() -> None:
    """The chance of guessing a credential is at most 2^-128; there is nothing to try out."""
    secrets = {new_secret().partition("_")[2] for _ in range(50)}
    assert len(secrets) == 50
    assert {len(secret) for secret in secrets} == {43}


@pytest.mark.spec("RFC 6749 §10.12")
@pytest.mark.parametrize("csrf", ["", "x"])
async def test_consent_without_the_token_of_its_page_is_refused(
    rp: RelyingParty, csrf: str
) -> None:
    """The server protects its authorization endpoint against forged requests."""
    person = await at_consent(rp)
    form = person.page.form_with("allow")
    await person.post(form.action, {"csrf": csrf, "decision": "allow"})
    assert person.page.status == 403
    code = await reason_of(rp.world, rp.issuer, person.page.headers)
    assert code is ReasonCode.FORM_FORGED


@pytest.mark.spec("RFC 6749 §10.12")
async def test_consent_with_the_token_of_another_interaction_is_refused(rp: RelyingParty) -> None:
    """The token is bound to this request in this browser."""
    person = await at_consent(rp)
    own = person.page.form_with("allow")
    await person.open(rp.begin().url)
    foreign = person.page.form_with("allow").values["csrf"]
    await person.post(own.action, {"csrf": foreign, "decision": "allow"})
    code = await reason_of(rp.world, rp.issuer, person.page.headers)
    assert code is ReasonCode.FORM_FORGED


@pytest.mark.spec("RFC 6749 §10.12")
async def test_form_sent_by_another_site_is_refused_with_the_right_token(rp: RelyingParty) -> None:
    """A browser that says where a form comes from is believed."""
    person = await at_consent(rp)
    form = person.page.form_with("allow")
    values = {**form.values, "decision": "allow"}
    response = await person.http.post(
        form.action, data=values, headers={"sec-fetch-site": "cross-site"}
    )
    assert await reason_of(rp.world, rp.issuer, response.headers) is ReasonCode.FORM_FORGED


@pytest.mark.spec("RFC 6749 §10.13")
async def test_pages_cannot_be_framed(rp: RelyingParty) -> None:
    """The server keeps its pages out of other sites' frames."""
    person = await at_consent(rp)
    for headers in (person.page.headers, (await ask(rp, client_id="nobody")).headers):
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.spec("RFC 6749 §10.14")
async def test_what_was_sent_is_escaped_on_pages(rp: RelyingParty) -> None:
    """Values that came in, state and redirect URI above all, are sanitized."""
    evil = '"><script>alert(1)</script>'
    form = await ask(rp, await rp.signed_in(), response_mode="form_post", state=evil)
    page = await ask(rp, redirect_uri=f"https://rp.example/{evil}")
    for response in (form, page):
        assert "<script>alert" not in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.spec("RFC 6749 §10.15")
async def test_nobody_is_sent_to_an_address_that_is_not_registered(rp: RelyingParty) -> None:
    """The authorization endpoint is no open redirector."""
    response = await ask(rp, redirect_uri="https://evil.example/cb", prompt="none")
    await shown_as_page(rp, response, ReasonCode.REDIRECT_URI_UNREGISTERED)


@pytest.mark.spec("RFC 6749 §10.16")
async def test_code_goes_only_to_the_client_that_the_person_allowed(rp: RelyingParty) -> None:
    """One client's consent is no other's."""
    person = await rp.signed_in()
    other = RelyingParty(rp.world, rp.issuer, "other", "https://other.example/cb")
    await person.open(other.begin().url)
    assert asks_for(person, "allow")
    await person.press("allow")
    assert "code" in callback(person)
