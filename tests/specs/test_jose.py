"""RFC 7515, 7517, 7518, 7519, 7638: keys as they are published and tokens as they are signed."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import jwt
import pytest

from ostiary.domain.signing_keys import JWKS_MAX_AGE
from tests.kit.relying_party import RelyingParty, header
from tests.specs.wire import get, published_keys

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
THUMBPRINT_MEMBERS = {
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
}


def size(member: str) -> int:
    return len(urlsafe_b64decode(member + "=" * (-len(member) % 4)))


@pytest.mark.spec("RFC 7517 §5")
async def test_key_set_is_an_object_with_keys_and_can_be_cached(rp: RelyingParty) -> None:
    """A JWK Set has the member keys: an array."""
    response = await get(rp.world, rp.issuer, rp.issuer.endpoint("jwks"))
    assert isinstance(response.json()["keys"], list)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == f"public, max-age={JWKS_MAX_AGE}"


@pytest.mark.spec("RFC 7517 §4")
async def test_every_key_has_kid_use_and_alg_and_nothing_private(rp: RelyingParty) -> None:
    """kty is required; kids are distinct; no member of a private key is published."""
    keys = await published_keys(rp.world, rp.issuer)
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert not PRIVATE & set(key)
        assert key["use"] == "sig"
        assert key["kty"] in {"RSA", "EC", "OKP"}


@pytest.mark.spec("RFC 7517 §9.2")
async def test_key_members_are_of_the_public_kind_only(rp: RelyingParty) -> None:
    """An allow-list: what is not known to be public is not there."""
    for key in await published_keys(rp.world, rp.issuer):
        assert set(key) <= {"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"}


@pytest.mark.spec("RFC 7638 §3")
async def test_kid_is_the_thumbprint_of_the_key(rp: RelyingParty) -> None:
    """SHA-256 of the required members, in order, without white space."""
    for key in await published_keys(rp.world, rp.issuer):
        members = {name: key[name] for name in THUMBPRINT_MEMBERS[key["kty"]]}
        text = json.dumps(members, sort_keys=True, separators=(",", ":"))
        digest = sha256(text.encode()).digest()
        assert key["kid"] == urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.spec("RFC 7518 §3.1")
async def test_algorithms_are_asymmetric_and_their_keys_long_enough(rp: RelyingParty) -> None:
    """RS256, PS256, ES256 and EdDSA; RSA keys have 2048 bits at least."""
    keys = await published_keys(rp.world, rp.issuer)
    assert {key["alg"] for key in keys} == {"RS256", "PS256", "ES256", "EdDSA"}
    for key in keys:
        if key["kty"] == "RSA":
            assert size(key["n"]) >= 256
        if key["kty"] == "EC":
            assert key["crv"] == "P-256"


@pytest.mark.spec("RFC 7515 §4.1.4")
async def test_header_of_every_token_names_its_key(rp: RelyingParty) -> None:
    """kid and alg together find one key of the set; there is no crit to understand."""
    tokens = await rp.tokens()
    keys = {key["kid"]: key for key in await published_keys(rp.world, rp.issuer)}
    for name in ("id_token", "access_token"):
        head = header(tokens[name])
        assert keys[str(head["kid"])]["alg"] == head["alg"]
        assert "crit" not in head


@pytest.mark.spec("RFC 7515 §7.1")
async def test_tokens_are_compact_without_padding(rp: RelyingParty) -> None:
    """Three segments of base64url, with no padding."""
    for name in ("id_token", "access_token"):
        token = (await rp.tokens())[name]
        assert token.count(".") == 2
        assert "=" not in token


@pytest.mark.spec("RFC 7519 §4.1")
async def test_instants_are_whole_numbers_of_seconds(rp: RelyingParty) -> None:
    """exp and iat are NumericDates."""
    claims = jwt.decode((await rp.tokens())["id_token"], options={"verify_signature": False})
    for name in ("exp", "iat", "auth_time"):
        assert isinstance(claims[name], int)
        assert 1_700_000_000 < claims[name] < 10_000_000_000


@pytest.mark.spec("RFC 8725 §3.11")
async def test_kinds_of_tokens_are_told_apart_by_their_type(rp: RelyingParty) -> None:
    """Explicit typing: an access token says that it is one, an ID token says nothing like it."""
    tokens = await rp.tokens()
    assert header(tokens["access_token"])["typ"] == "at+jwt"
    assert header(tokens["id_token"]).get("typ", "JWT") == "JWT"
