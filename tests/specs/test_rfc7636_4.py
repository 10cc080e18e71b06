"""RFC 7636 §4: proof key for code exchange."""

from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.specs.wire import ask, basic, code_of, post_token, refused, sent_back

# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def s256(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@pytest.mark.spec("RFC 7636 §4.2")
@pytest.mark.spec("RFC 7636 §4.6")
async def test_pair_of_the_standards_own_example_is_accepted(rp: RelyingParty) -> None:
    """S256: the challenge is base64url(SHA-256(verifier)); compared at the token endpoint."""
    code = await code_of(rp, code_challenge=CHALLENGE)
    response = await post_token(rp, code | {"code_verifier": VERIFIER}, authorization=basic())
    assert response.status_code == 200


@pytest.mark.spec("RFC 7636 §4.1")
@pytest.mark.parametrize("verifier", ["a" * 43, "a" * 128, "~._-" * 12])
async def test_verifier_of_the_grammar_is_accepted(rp: RelyingParty, verifier: str) -> None:
    """A verifier has 43 to 128 unreserved characters."""
    code = await code_of(rp, code_challenge=s256(verifier))
    response = await post_token(rp, code | {"code_verifier": verifier}, authorization=basic())
    assert response.status_code == 200


@pytest.mark.spec("RFC 7636 §4.1")
@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "+" * 43, "é" * 43, "a" * 42 + "\n"])
async def test_verifier_outside_the_grammar_is_refused_although_its_hash_fits(
    rp: RelyingParty, verifier: str
) -> None:
    """Shorter ones have too little entropy, and other characters are none of a verifier's."""
    code = await code_of(rp, code_challenge=s256(verifier))
    response = await post_token(rp, code | {"code_verifier": verifier}, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_VERIFIER_WRONG)


@pytest.mark.spec("RFC 7636 §4.2")
@pytest.mark.parametrize(
    "challenge",
    ["x", CHALLENGE[:-1], CHALLENGE + "=", CHALLENGE + "A", CHALLENGE.replace("-", "+")],
)
async def test_challenge_that_is_no_sha256_in_base64url_is_refused(
    rp: RelyingParty, challenge: str
) -> None:
    """An S256 challenge is 43 characters of base64url without padding."""
    response = await ask(rp, code_challenge=challenge)
    await sent_back(rp, response, ReasonCode.CODE_CHALLENGE_MALFORMED)


@pytest.mark.spec("RFC 7636 §4.3")
@pytest.mark.parametrize("method", ["plain", "s256", "S512", None])
async def test_method_other_than_s256_is_refused(rp: RelyingParty, method: str | None) -> None:
    """An absent method means plain; whoever can do S256 must use it, so plain is not offered."""
    response = await ask(rp, code_challenge_method=method)
    await sent_back(rp, response, ReasonCode.CODE_CHALLENGE_MALFORMED)


@pytest.mark.spec("RFC 7636 §4.4")
async def test_code_is_bound_to_the_challenge_of_its_own_request(rp: RelyingParty) -> None:
    """The server associates challenge and code: one flow's verifier opens no other's code."""
    one, two = await code_of(rp), await code_of(rp)
    mixed = one | {"code_verifier": two["code_verifier"]}
    response = await post_token(rp, mixed, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_VERIFIER_WRONG)


@pytest.mark.spec("RFC 7636 §4.4")
async def test_challenge_is_not_to_be_had_from_the_code(rp: RelyingParty) -> None:
    """The challenge must not be included in client requests in a form that others can extract."""
    flow, response = await rp.authorize(rp.person())
    assert flow.sent["code_challenge"] not in response["code"]


@pytest.mark.spec("RFC 7636 §4.4.1")
async def test_request_without_challenge_is_refused_where_pkce_is_required(
    rp: RelyingParty,
) -> None:
    """invalid_request, with a description that says what is missing."""
    response = await ask(rp, code_challenge=None, code_challenge_method=None)
    parameters = await sent_back(rp, response, ReasonCode.CODE_CHALLENGE_MISSING)
    assert parameters["error"] == "invalid_request"


@pytest.mark.spec("RFC 7636 §4.4.1")
async def test_public_client_needs_a_challenge_whatever_is_registered(spa: RelyingParty) -> None:
    """A client with no secret is proved by nothing else."""
    response = await ask(spa, code_challenge=None, code_challenge_method=None)
    await sent_back(spa, response, ReasonCode.CODE_CHALLENGE_MISSING)


@pytest.mark.spec("RFC 7636 §4.5")
async def test_code_of_a_challenge_without_verifier_is_refused(rp: RelyingParty) -> None:
    """code_verifier is required at the token endpoint; without it the code is not spent."""
    code = await code_of(rp)
    bare = {key: value for key, value in code.items() if key != "code_verifier"}
    response = await post_token(rp, bare, authorization=basic())
    await refused(rp, response, ReasonCode.CODE_VERIFIER_MISSING)
    assert (await post_token(rp, code, authorization=basic())).status_code == 200


@pytest.mark.spec("RFC 7636 §4.6")
async def test_wrong_verifier_is_invalid_grant_and_spends_the_code(rp: RelyingParty) -> None:
    """If the values differ the answer must be invalid_grant; there is no second guess."""
    code = await code_of(rp)
    wrong = await post_token(rp, code | {"code_verifier": "a" * 43}, authorization=basic())
    members = await refused(rp, wrong, ReasonCode.CODE_VERIFIER_WRONG)
    assert members["error"] == "invalid_grant"
    right = await post_token(rp, code, authorization=basic())
    await refused(rp, right, ReasonCode.AUTHORIZATION_ENDED)


@pytest.mark.spec("RFC 7636 §4.6")
async def test_public_client_that_knows_the_verifier_gets_its_tokens(spa: RelyingParty) -> None:
    """PKCE is all that such a client has, and it is enough."""
    code = await code_of(spa)
    assert (await post_token(spa, code | {"client_id": "spa"})).status_code == 200


@pytest.mark.spec("RFC 7636 §4.4")
async def test_confidential_client_that_may_do_without_pkce_gets_tokens_without(
    relaxed: RelyingParty,
) -> None:
    """Where PKCE is optional, a request without it is the plain request of RFC 6749."""
    code = await code_of(relaxed, code_challenge=None, code_challenge_method=None)
    del code["code_verifier"]
    response = await post_token(relaxed, code, authorization=basic("relaxed"))
    assert response.status_code == 200
