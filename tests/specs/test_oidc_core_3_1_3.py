"""OIDC Core §3.1.3: a code for tokens, and the ID token among them."""

from base64 import urlsafe_b64encode
from hashlib import sha256, sha512

import pytest

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.jose.algorithms import Algorithm
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET, a_client
from tests.specs.wire import basic, code_of, id_token_claims, post_token, refused


@pytest.mark.spec("OIDC Core §3.1.3.1")
async def test_token_request_authenticates_by_the_clients_own_method(rp: RelyingParty) -> None:
    """A confidential client must authenticate, by the methods of §9."""
    form = {"client_id": "web", "client_secret": SECRET}
    assert (await post_token(rp, await code_of(rp), authorization=basic())).status_code == 200
    assert (await post_token(rp, (await code_of(rp)) | form)).status_code == 200


@pytest.mark.spec("OIDC Core §3.1.3.2")
async def test_code_of_another_client_is_refused(rp: RelyingParty) -> None:
    """The server must ensure that the code was issued to the authenticated client."""
    response = await post_token(rp, await code_of(rp), authorization=basic("other"))
    await refused(rp, response, ReasonCode.CODE_UNKNOWN)


@pytest.mark.spec("OIDC Core §3.1.3.2")
async def test_code_that_was_used_before_is_refused(rp: RelyingParty) -> None:
    """If possible, the server verifies that the code has not been used."""
    code = await code_of(rp)
    assert (await post_token(rp, code, authorization=basic())).status_code == 200
    response = await post_token(rp, code, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_REUSED)


@pytest.mark.spec("OIDC Core §3.1.3.2")
async def test_redirect_uri_must_be_that_of_the_authentication_request(rp: RelyingParty) -> None:
    """The server must ensure that redirect_uri is identical."""
    code = await code_of(rp)
    changed = await post_token(rp, code | {"redirect_uri": "x:/y"}, authorization=basic())
    await refused(rp, changed, ReasonCode.REDIRECT_URI_CHANGED)
    missing = {key: value for key, value in code.items() if key != "redirect_uri"}
    response = await post_token(rp, missing, authorization=basic())
    await refused(rp, response, ReasonCode.REDIRECT_URI_CHANGED)


@pytest.mark.spec("OIDC Core §3.1.3.3")
async def test_token_response_has_an_id_token_and_a_bearer_token(rp: RelyingParty) -> None:
    """id_token is required; token_type must be Bearer; nothing of it is cached."""
    response = await post_token(rp, await code_of(rp), authorization=basic())
    members = response.json()
    assert members["token_type"] == "Bearer"
    assert members["id_token"].count(".") == 2
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"


@pytest.mark.spec("OIDC Core §3.1.3.4")
async def test_token_error_is_json_with_status_400(rp: RelyingParty) -> None:
    """An invalid request is answered as RFC 6749 §5.2 says, in application/json with 400."""
    response = await post_token(rp, (await code_of(rp)) | {"code": "x"}, authorization=basic())
    assert response.status_code == 400
    await refused(rp, response, ReasonCode.CODE_UNKNOWN)


@pytest.mark.spec("OIDC Core §3.1.3.5")
async def test_token_response_can_be_validated_by_its_client(rp: RelyingParty) -> None:
    """What a client checks in it holds: members, ID token, and at_hash of the access token."""
    flow, response = await rp.authorize(rp.person())
    tokens = (await rp.redeem(flow, response["code"])).json()
    claims = await id_token_claims(rp, tokens)
    assert claims["nonce"] == flow.nonce
    assert claims["iat"] <= rp.world.clock.time < claims["exp"]
    digest = sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.spec("OIDC Core §3.1.3.6")
@pytest.mark.parametrize("algorithm", Algorithm)
async def test_at_hash_is_the_left_half_of_the_hash_that_the_algorithm_uses(
    rp: RelyingParty, algorithm: Algorithm
) -> None:
    """at_hash: base64url of the left-most half of the access token's hash."""
    await rp.world.add_client(a_client("hash", rp.issuer, id_token_algorithm=algorithm), rp.issuer)
    rp.client_id = "hash"
    tokens = await rp.tokens()
    # Ed25519 hashes with SHA-512; all the others have 256 in their names.
    hashed = sha512 if algorithm == "EdDSA" else sha256
    digest = hashed(tokens["access_token"].encode()).digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    assert (await id_token_claims(rp, tokens))["at_hash"] == expected


@pytest.mark.spec("OIDC Core §3.1.3.6")
async def test_id_token_of_the_token_endpoint_has_the_nonce_of_the_request(
    rp: RelyingParty,
) -> None:
    """The rules of §2 hold for this ID token, nonce among them."""
    flow, response = await rp.authorize(rp.person())
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert (await id_token_claims(rp, tokens))["nonce"] == flow.nonce
