"""RFC 6749 appendix B: application/x-www-form-urlencoded, in UTF-8."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET
from tests.specs.wire import FORM, ask, post, post_token, refused, returned, shown_as_page

GRANT = f"grant_type=client_credentials&client_id=web&client_secret={SECRET}"


@pytest.mark.spec("RFC 6749 appendix B")
async def test_plus_and_percent_escapes_are_decoded_once(rp: RelyingParty) -> None:
    """A space travels as + or %20, and %25 is a percent sign."""
    person = await rp.signed_in()
    response = await ask(rp, person, state=None, more="&state=a+b%20c%2Bd%2520e%E2%82%AC")
    assert returned(rp, response)["state"] == "a b c+d%20e€"


@pytest.mark.spec("RFC 6749 appendix B")
async def test_semicolon_separates_nothing(rp: RelyingParty) -> None:
    """Only the ampersand separates parameters."""
    person = await rp.signed_in()
    response = await ask(rp, person, state=None, more="&state=a;response_type=b")
    assert returned(rp, response)["state"] == "a;response_type=b"


@pytest.mark.spec("RFC 6749 appendix B")
@pytest.mark.parametrize("encoded", ["%", "%2", "%zz", "%FF", "%C3%28", "%00", "%ED%A0%80"])
async def test_value_that_is_not_utf8_or_has_a_broken_escape_is_refused(
    rp: RelyingParty, encoded: str
) -> None:
    """What does not decode is not guessed at: on a page, as its return address is unproved."""
    response = await ask(rp, more=f"&foo={encoded}")
    await shown_as_page(rp, response, ReasonCode.REQUEST_MALFORMED)
    await refused(rp, await post_token(rp, f"{GRANT}&foo={encoded}"), ReasonCode.REQUEST_MALFORMED)


@pytest.mark.spec("RFC 6749 appendix B")
async def test_more_parameters_than_any_request_has_are_refused(rp: RelyingParty) -> None:
    """A bound on what is read."""
    many = "&".join(f"p{number}=x" for number in range(101))
    await refused(rp, await post_token(rp, many), ReasonCode.REQUEST_MALFORMED)


@pytest.mark.spec("RFC 6749 appendix B")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        f"{FORM}; charset=utf-16",
    ],
)
async def test_body_of_another_media_type_is_refused(rp: RelyingParty, content_type: str) -> None:
    """Requests are forms: JSON, which some libraries send, is none."""
    response = await post_token(rp, GRANT, content_type=content_type)
    await refused(rp, response, ReasonCode.CONTENT_TYPE_WRONG)


@pytest.mark.spec("RFC 6749 appendix B")
@pytest.mark.parametrize(
    "content_type", [FORM, FORM.upper(), f"{FORM}; charset=UTF-8", f'{FORM};charset="utf-8"']
)
async def test_form_with_its_charset_named_is_accepted(rp: RelyingParty, content_type: str) -> None:
    """UTF-8 may be said; media types have no case."""
    assert (await post_token(rp, GRANT, content_type=content_type)).status_code == 200


@pytest.mark.spec("RFC 6749 appendix B")
async def test_authorization_request_in_json_is_refused_on_a_page(rp: RelyingParty) -> None:
    """The authorization endpoint reads forms too, and nothing else."""
    url = rp.issuer.endpoint("auth")
    response = await post(rp.world, rp.issuer, url, "{}", content_type="application/json")
    await shown_as_page(rp, response, ReasonCode.CONTENT_TYPE_WRONG)
