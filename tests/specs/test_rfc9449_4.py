"""RFC 9449 §4.2, §4.3: what a DPoP proof is, and what is checked of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.specs.forging import unsigned
from tests.specs.wire import discovery, post_token, refused

ALGORITHMS = ["ES256", "ES256K", "ES384", "ES512", "EdDSA", "PS256", "PS384"]


async def ask(rp: RelyingParty, proof: Mapping[str, str] | None = None) -> httpx2.Response:
    """The shortest token request."""
    return await rp.token(grant_type="client_credentials", proof=proof)


async def is_invalid(rp: RelyingParty, proof: Mapping[str, str]) -> None:
    answer = await ask(rp, proof)
    members = await refused(rp, answer, ReasonCode.DPOP_PROOF_INVALID)
    assert members["error"] == "invalid_dpop_proof"


def signed(rp: RelyingParty, header: Mapping[str, Any]) -> dict[str, str]:
    """A proof with a good signature under this header."""
    assert rp.key is not None
    url = rp.issuer.endpoint("token")
    claims = {"jti": "j", "htm": "POST", "htu": url, "iat": rp.world.clock.time}
    return {"dpop": rp.key.sign(claims, **header)}


@pytest.mark.spec("RFC 9449 §4.2")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_proof_of_each_announced_algorithm_is_accepted(
    rp: RelyingParty, algorithm: str
) -> None:
    """alg is an asymmetric algorithm that the server supports; jwk is the public key."""
    document = await discovery(rp.world, rp.issuer)
    assert sorted(document["dpop_signing_alg_values_supported"]) == sorted(ALGORITHMS)
    answer = await ask(replace(rp, key=ClientKey.make(algorithm)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS512"])
async def test_proof_of_another_algorithm_is_refused(rp: RelyingParty, algorithm: str) -> None:
    """alg must be acceptable to the server: what discovery does not list is refused."""
    key = replace(ClientKey.make("PS256"), algorithm=algorithm)
    claims = {
        "jti": "j",
        "htm": "POST",
        "htu": rp.issuer.endpoint("token"),
        "iat": rp.world.clock.time,
    }
    jwk = ClientKey("PS256", key.private).public_jwk
    await is_invalid(rp, {"dpop": key.sign(claims, typ="dpop+jwt", jwk=jwk)})


@pytest.mark.spec("RFC 9449 §4.3")
async def test_request_has_one_proof_at_most(bound: RelyingParty) -> None:
    """There is not more than one DPoP header field."""
    two = [("DPoP", bound.proof()["dpop"]), ("DPoP", bound.proof()["dpop"])]
    async with bound.world.http(bound.issuer) as http:
        answer = await http.post(
            bound.issuer.endpoint("token"),
            data={
                "grant_type": "client_credentials",
                "client_id": bound.client_id,
                "client_secret": bound.secret,
            },
            headers=two,
        )
    await refused(bound, answer, ReasonCode.DPOP_PROOF_INVALID)
    joined = f"{bound.proof()['dpop']}, {bound.proof()['dpop']}"
    await is_invalid(bound, {"dpop": joined})


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.b", "....", "x" * 20_000])
async def test_what_is_no_jwt_is_no_proof(rp: RelyingParty, text: str) -> None:
    """The DPoP header is a single, well-formed JWT."""
    await is_invalid(rp, {"dpop": text})


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat"])
@pytest.mark.parametrize("value", [None, 7, "", ["x"], {}])
async def test_every_required_claim_has_to_be_there(
    bound: RelyingParty, name: str, value: object
) -> None:
    """All required claims are contained, each of its type."""
    if name == "iat" and value == 7:
        value = "7"
    changes: dict[str, Any] = {name: value}
    await is_invalid(bound, bound.proof(**changes))


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.parametrize("kind", ["JWT", "dpop", "at+jwt", "DPOP+JWT", None])
async def test_typ_says_that_it_is_a_proof(bound: RelyingParty, kind: str | None) -> None:
    """typ is dpop+jwt."""
    assert bound.key is not None
    await is_invalid(bound, signed(bound, {"typ": kind, "jwk": bound.key.public_jwk}))


@pytest.mark.spec("RFC 9449 §4.3")
async def test_key_of_the_header_verifies_the_signature(bound: RelyingParty) -> None:
    """The signature verifies with the public key in jwk; another key's does not."""
    other = ClientKey.make().public_jwk
    await is_invalid(bound, signed(bound, {"typ": "dpop+jwt", "jwk": other}))
    text = bound.proof()["dpop"]
    await is_invalid(bound, {"dpop": text[:-6] + "AAAAAA"})


@pytest.mark.spec("RFC 9449 §4.3")
async def test_proof_is_signed(bound: RelyingParty) -> None:
    """alg is not none."""
    assert bound.key is not None
    claims = {
        "jti": "j",
        "htm": "POST",
        "htu": bound.issuer.endpoint("token"),
        "iat": bound.world.clock.time,
    }
    header = {"typ": "dpop+jwt", "alg": "none", "jwk": bound.key.public_jwk}
    await is_invalid(bound, {"dpop": unsigned(header, claims)})
    await is_invalid(bound, {"dpop": unsigned(header, claims, b"x" * 64)})


@pytest.mark.spec("RFC 9449 §4.3")
async def test_jwk_has_no_private_part(bound: RelyingParty) -> None:
    """jwk does not contain a private key."""
    assert bound.key is not None
    numbers = bound.key.private.private_numbers().private_value
    secret = {**bound.key.public_jwk, "d": numbers.to_bytes(32).hex()}
    await is_invalid(bound, signed(bound, {"typ": "dpop+jwt", "jwk": secret}))
    await is_invalid(bound, signed(bound, {"typ": "dpop+jwt"}))
    octets = {"kty": "oct", "k": "c2VjcmV0"}
    await is_invalid(bound, signed(bound, {"typ": "dpop+jwt", "jwk": octets}))


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.parametrize("method", ["GET", "post", "PUT"])
async def test_htm_is_the_method_of_the_request(bound: RelyingParty, method: str) -> None:
    """htm matches the HTTP method, which has case."""
    await is_invalid(bound, bound.proof(htm=method))


@pytest.mark.spec("RFC 9449 §4.3")
async def test_htu_is_the_endpoint_that_is_asked(bound: RelyingParty) -> None:
    """htu matches the HTTP URI without query and fragment; another endpoint's does not."""
    for name in ("me", "request", "token/revocation"):
        await is_invalid(bound, bound.proof(htu=bound.issuer.endpoint(name)))
    url = bound.issuer.endpoint("token")
    for wrong in (url.replace("http", "https"), f"{url}/", url.upper(), "http://evil.test/token"):
        await is_invalid(bound, bound.proof(htu=wrong))


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.spec("RFC 3986 §6.2.2")
@pytest.mark.spec("RFC 3986 §6.2.3")
async def test_htu_is_compared_after_normalisation(bound: RelyingParty) -> None:
    """Query and fragment are ignored, and spelling is normalised as RFC 3986 has it."""
    url = bound.issuer.endpoint("token")
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    for same in (
        f"{url}?x=1#y",
        f"{scheme.upper()}://{host.upper()}{slash}{path}",
        url.replace("oidc", "%6Fidc"),
    ):
        answer = await ask(bound, bound.proof(htu=same))
        assert answer.status_code == 200, (same, answer.text)


@pytest.mark.spec("RFC 9449 §4.3")
@pytest.mark.spec("RFC 9449 §11.1")
@pytest.mark.parametrize(("offset", "good"), [(-59, True), (-60, False), (60, True), (61, False)])
async def test_iat_is_within_an_acceptable_window(
    bound: RelyingParty, offset: int, *, good: bool
) -> None:
    """The creation time is within an acceptable window: a minute to both sides."""
    proof = bound.proof(iat=bound.world.clock.time + offset)
    if good:
        assert (await ask(bound, proof)).status_code == 200
    else:
        await is_invalid(bound, proof)


@pytest.mark.spec("RFC 9449 §4.3")
async def test_exp_and_nbf_count_when_they_are_there(bound: RelyingParty) -> None:
    """A proof is a JWT: one that has expired is no longer good, one of the future not yet."""
    now = bound.world.clock.time
    await is_invalid(bound, bound.proof(exp=now))
    await is_invalid(bound, bound.proof(nbf=now + 120))
    assert (await ask(bound, bound.proof(exp=now + 1, nbf=now))).status_code == 200


@pytest.mark.spec("RFC 9449 §11.1")
async def test_proof_counts_once(bound: RelyingParty) -> None:
    """A jti is remembered for the URI and the time in which its proof would be accepted."""
    proof = bound.proof()
    assert (await ask(bound, proof)).status_code == 200
    members = await refused(bound, await ask(bound, proof), ReasonCode.DPOP_PROOF_REPLAYED)
    assert members["error"] == "invalid_dpop_proof"
    bound.world.clock.time += 59
    await refused(bound, await ask(bound, proof), ReasonCode.DPOP_PROOF_REPLAYED)
    bound.world.clock.time += 1
    await refused(bound, await ask(bound, proof), ReasonCode.DPOP_PROOF_INVALID)


@pytest.mark.spec("RFC 9449 §11.1")
async def test_proof_dated_ahead_is_remembered_as_long(bound: RelyingParty) -> None:
    """The memory ends with the window of the proof, not with its first use."""
    proof = bound.proof(iat=bound.world.clock.time + 60)
    assert (await ask(bound, proof)).status_code == 200
    bound.world.clock.time += 119
    await refused(bound, await ask(bound, proof), ReasonCode.DPOP_PROOF_REPLAYED)


@pytest.mark.spec("RFC 9449 §11.1")
async def test_jti_is_one_of_its_key(bound: RelyingParty) -> None:
    """Two keys may hit upon the same jti; neither is in the other's way."""
    other = replace(bound, key=ClientKey.make())
    assert (await ask(bound, bound.proof(jti="same"))).status_code == 200
    assert (await ask(other, other.proof(jti="same"))).status_code == 200
    await refused(other, await ask(other, other.proof(jti="same")), ReasonCode.DPOP_PROOF_REPLAYED)


@pytest.mark.spec("RFC 9449 §4.3")
async def test_proof_of_a_client_that_fails_to_authenticate_is_not_spent(
    bound: RelyingParty,
) -> None:
    """Who cannot prove itself changes nothing, not even the memory of its proofs."""
    proof = bound.proof()
    form = {"grant_type": "client_credentials", "client_id": "web", "client_secret": "wrong"}
    answer = await post_token(bound, form, dpop=proof["dpop"])
    await refused(bound, answer, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    assert (await ask(bound, proof)).status_code == 200
