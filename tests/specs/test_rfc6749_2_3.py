"""RFC 6749 §2.3: client authentication, and §2.1 and §2.2 behind it."""

from dataclasses import replace
from hashlib import sha256

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET, a_client
from tests.specs.wire import basic, code_of, post_token, refused

CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}
IN_FORM = {"client_id": "web", "client_secret": SECRET}


@pytest.mark.spec("RFC 6749 §2.3.1")
async def test_client_with_a_secret_is_authenticated_by_http_basic(rp: RelyingParty) -> None:
    """The server supports HTTP Basic for clients that were issued a password."""
    response = await post_token(rp, CLIENT_CREDENTIALS, authorization=basic())
    assert response.status_code == 200


@pytest.mark.spec("RFC 6749 §2.3.1")
async def test_client_with_a_secret_is_authenticated_by_the_form(rp: RelyingParty) -> None:
    """The server may take the credentials in the body, and this one does."""
    response = await post_token(rp, CLIENT_CREDENTIALS | IN_FORM)
    assert response.status_code == 200


@pytest.mark.spec("RFC 6749 §2.3.1")
@pytest.mark.parametrize("scheme", ["basic", "BASIC", "bAsIc"])
async def test_basic_scheme_is_read_in_any_case(rp: RelyingParty, scheme: str) -> None:
    """HTTP authentication schemes have no case."""
    header = basic().replace("Basic", scheme)
    response = await post_token(rp, CLIENT_CREDENTIALS, authorization=header)
    assert response.status_code == 200


@pytest.mark.spec("RFC 6749 §2.3.1")
async def test_id_and_secret_in_basic_are_form_encoded_before_they_are_joined(
    rp: RelyingParty,
) -> None:
    """Both parts of the Basic credentials are form-encoded, so any character can be in them."""
    secret = "a:b%2B+ /ü&="
    client_id = "https://client.example/?x=1+2"
    kept = a_client(client_id, rp.issuer).secrets[0]
    client = a_client(client_id, rp.issuer, secrets=(replace(kept, sha256=_sha256(secret)),))
    await rp.world.add_client(client, rp.issuer)
    header = basic(client_id, secret)
    assert (await post_token(rp, CLIENT_CREDENTIALS, authorization=header)).status_code == 200


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.mark.spec("RFC 6749 §2.3.1")
async def test_secret_in_the_query_is_refused(rp: RelyingParty) -> None:
    """Credentials must not be in the request URI."""
    async with rp.world.http(rp.issuer) as http:
        url = f"{rp.issuer.endpoint('token')}?client_id=web&client_secret={SECRET}"
        response = await http.post(url, data=CLIENT_CREDENTIALS)
    await refused(rp, response, ReasonCode.PARAMETERS_IN_QUERY)


@pytest.mark.spec("RFC 6749 §2.3")
async def test_two_ways_of_authentication_in_one_request_are_refused(rp: RelyingParty) -> None:
    """A client must not use more than one authentication method in a request."""
    response = await post_token(rp, CLIENT_CREDENTIALS | IN_FORM, authorization=basic())
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_DOUBLE)


@pytest.mark.spec("RFC 6749 §2.3")
async def test_request_that_names_no_client_is_refused(rp: RelyingParty) -> None:
    """Without any credentials the request cannot be said to be any client's."""
    response = await post_token(rp, CLIENT_CREDENTIALS)
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_MISSING)


@pytest.mark.spec("RFC 6749 §2.3")
async def test_client_id_beside_basic_may_repeat_it_but_not_contradict_it(
    rp: RelyingParty,
) -> None:
    """The client that authenticates is the client that the request is from."""
    same = await post_token(rp, CLIENT_CREDENTIALS | {"client_id": "web"}, authorization=basic())
    other = await post_token(rp, CLIENT_CREDENTIALS | {"client_id": "other"}, authorization=basic())
    assert same.status_code == 200
    await refused(rp, other, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 6749 §2.1")
async def test_confidential_client_that_only_names_itself_is_refused(rp: RelyingParty) -> None:
    """A client that was issued credentials has to prove them."""
    response = await post_token(rp, await code_of(rp) | {"client_id": "web"})
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    reference = response.headers["ostiary-reference"]
    record = await rp.world.store.refusals.find([rp.issuer.issuer_id], reference)
    assert record is not None
    assert record.expected == "authentication by client_secret"
    assert record.received == "web, by none"


@pytest.mark.spec("RFC 6749 §2.2")
async def test_client_id_alone_authenticates_nobody_for_the_client_credentials_grant(
    spa: RelyingParty,
) -> None:
    """A client identifier is no secret and must not be used alone for authentication."""
    response = await post_token(spa, CLIENT_CREDENTIALS | {"client_id": "spa"})
    await refused(spa, response, ReasonCode.GRANT_NOT_REGISTERED)


@pytest.mark.spec("RFC 6749 §2.3.1")
@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!!",
        "Basic d2Vi",  # web, without colon
        "Basic d2Vi,d2Vi",
        "Digest username=web",
        "Bearer abc",
    ],
)
async def test_authorization_header_that_is_no_basic_pair_is_refused(
    rp: RelyingParty, header: str
) -> None:
    """What does not parse as id and password authenticates nobody."""
    response = await post_token(rp, CLIENT_CREDENTIALS, authorization=header)
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
