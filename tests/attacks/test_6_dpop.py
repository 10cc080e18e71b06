"""Catalogue section 6: sender constraint by DPoP. RT-11 of section 5 stands here too."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.warnings import InsecureKeyLengthWarning

from ostiary.domain.client import AuthMethod
from tests.attacks.aftermath import rows_of, unharmed
from tests.attacks.expected import is_challenge, is_json
from tests.attacks.operating import add_issuer, change_client
from tests.attacks.signing import segment, sign_as_issuer, sign_with_secret
from tests.attacks.wire import encode, path_of, post, send
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import CONSUMER, ENTERPRISE, SECRET, World, a_client, an_event, world_over

OFFLINE = "openid offline_access"
TOKEN, ME = path_of(ENTERPRISE, "token"), path_of(ENTERPRISE, "me")
FORM = encode({"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET})

Proof = Mapping[str, str]


@pytest.fixture
def rp(world: World) -> RelyingParty:
    return RelyingParty(world, key=ClientKey.make())


async def ask(rp: RelyingParty, proof: Proof | None = None) -> httpx2.Response:
    return await rp.token(grant_type="client_credentials", proof=proof)


async def is_invalid(rp: RelyingParty, proof: Proof) -> None:
    is_json(await ask(rp, proof), 400, "invalid_dpop_proof")


def with_another_key(rp: RelyingParty) -> RelyingParty:
    return replace(rp, key=ClientKey.make())


def claims_of(rp: RelyingParty, **changes: Any) -> dict[str, Any]:
    return payload(rp.proof(**changes)["dpop"])


async def require_nonce(world: World) -> None:
    await world.store.issuers.save(replace(ENTERPRISE, require_dpop_nonce=True), an_event())


# ---- the proof itself -----------------------------------------------------------------------------


async def test_dp_01_two_proofs(world: World, rp: RelyingParty) -> None:
    async with unharmed(world):
        two = [("dpop", rp.proof()["dpop"]), ("dpop", rp.proof()["dpop"])]
        is_json(await post(world, TOKEN, FORM, headers=two), 400, "invalid_dpop_proof")
        same = [("dpop", rp.proof()["dpop"])] * 2
        is_json(await post(world, TOKEN, FORM, headers=same), 400, "invalid_dpop_proof")
        for comma in (",", ", "):
            joined = comma.join(rp.proof()["dpop"] for _ in "12")
            is_json(
                await post(world, TOKEN, FORM, headers=[("dpop", joined)]),
                400,
                "invalid_dpop_proof",
            )


async def test_dp_02_no_proof_at_all(world: World, rp: RelyingParty) -> None:
    assert rp.key is not None
    claims, jwk = claims_of(rp), rp.key.public_jwk
    head: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    body = segment(claims)
    public = json.dumps(jwk).encode()
    twice = _raw(b'{"alg":"ES256","alg":"ES256"}')
    forged = {
        "text": "x",
        "empty": "",
        "no jwt": "a.b",
        "four parts": f"{rp.proof()['dpop']}.x",
        "no typ": rp.key.sign(claims, typ=None, jwk=jwk),
        "JWT": rp.key.sign(claims, typ="JWT", jwk=jwk),
        "application/": rp.key.sign(claims, typ="application/dpop+jwt", jwk=jwk),
        "none": f"{segment({**head, 'alg': 'none'})}.{body}.",
        "none with a signature": f"{segment({**head, 'alg': 'none'})}.{body}.AAAA",
        "no alg": f"{segment({'typ': 'dpop+jwt', 'jwk': jwk})}.{body}.AAAA",
        "alg null": f"{segment({**head, 'alg': None})}.{body}.AAAA",
        "alg a list": f"{segment({**head, 'alg': ['ES256']})}.{body}.AAAA",
        "HS256 with the public key": sign_with_secret({**head, "alg": "HS256"}, claims, public),
        "HS256 with our secret": sign_with_secret({**head, "alg": "HS256"}, claims, b"s" * 32),
        "crit": rp.key.sign(claims, typ="dpop+jwt", jwk=jwk, crit=["x"], x=1),
        "claims a list": f"{segment(head)}.{segment([claims])}.AAAA",
        "alg twice": f"{twice}.{body}.AAAA",
        "an access token": (await rp.tokens())["access_token"],
    }
    async with unharmed(world):
        for name, text in forged.items():
            answer = await ask(rp, {"dpop": text})
            assert answer.status_code == 400, name
            is_json(answer, 400, "invalid_dpop_proof")


async def test_dp_02_rs256(world: World, rp: RelyingParty) -> None:
    key = ClientKey.make("RS256")
    proof = {"dpop": key.sign(claims_of(rp), typ="dpop+jwt", jwk=key.public_jwk)}
    async with unharmed(world):
        await is_invalid(rp, proof)


async def test_dp_03_keys_that_are_none(world: World, rp: RelyingParty) -> None:
    assert rp.key is not None
    good = rp.key.public_jwk
    private = rp.key.private.private_numbers().private_value.to_bytes(32)
    short = ClientKey("PS256", rsa.generate_private_key(65537, 1024))  # noqa: S505
    odd = ClientKey.make("EdDSA").public_jwk
    keys: dict[str, object] = {
        "none": None,
        "text": "x",
        "list": [good],
        "empty": {},
        "private": {**good, "d": urlsafe_b64encode(private).rstrip(b"=").decode()},
        "private null": {**good, "d": None},
        "symmetric": {"kty": "oct", "k": "AAAA"},
        "off the curve": {**good, "y": good["x"]},
        "zero": {**good, "x": "A" * 43, "y": "A" * 43},
        "short coordinate": {**good, "x": good["x"][:-2]},
        "another curve": {**good, "crv": "P-384"},
        "no such curve": {**good, "crv": "brainpoolP256r1"},
        "X25519": {**odd, "crv": "X25519"},
        "kty OKP": {**good, "kty": "OKP"},
        "numbers": {**good, "x": 7},
        "for encryption": {**good, "use": "enc"},
        "50 kB": {**good, "x": "A" * 50_000},
        "50 kB beside": {**good, "x5c": ["A" * 50_000]},
    }
    async with unharmed(world):
        for name, jwk in keys.items():
            header = {"typ": "dpop+jwt", **({} if jwk is None else {"jwk": jwk})}
            answer = await ask(rp, {"dpop": rp.key.sign(claims_of(rp), **header)})
            assert answer.status_code == 400, name
            is_json(answer, 400, "invalid_dpop_proof")
        with pytest.warns(InsecureKeyLengthWarning):
            weak = short.sign(claims_of(rp), typ="dpop+jwt", jwk=short.public_jwk)
        await is_invalid(rp, {"dpop": weak})


async def test_dp_04_signatures_that_are_none(world: World, rp: RelyingParty) -> None:
    assert rp.key is not None
    text = rp.proof()["dpop"]
    first, middle, last = text.split(".")
    stranger = ClientKey.make()
    async with unharmed(world):
        for forged in (
            f"{first}.{middle}.{last[:-6]}AAAAAA",
            f"{first}.{middle}.{'A' * 86}",
            f"{first}.{middle}.",
            f"{first}.{segment(claims_of(rp))}.{last}",
            stranger.sign(claims_of(rp), typ="dpop+jwt", jwk=rp.key.public_jwk),
        ):
            await is_invalid(rp, {"dpop": forged})


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat", "ath"])
@pytest.mark.parametrize(
    "value", [None, 5, True, "", [], ["x"], {}, {"x": "y"}, 1e300, -1], ids=str
)
async def test_dp_05_claims_missing_or_of_another_type(
    world: World, rp: RelyingParty, name: str, value: Any
) -> None:
    token = (await rp.tokens())["access_token"]
    async with unharmed(world):
        if name != "ath":
            await is_invalid(rp, rp.proof(**{name: value}))
        proof = rp.proof("me", "GET", **{"access_token": token, name: value})
        answer = await rp.userinfo(token, proof=proof)
        is_challenge(answer, 401, "invalid_dpop_proof", scheme="DPoP")


@pytest.mark.parametrize("method", ["GET", "post", "Post", "POST ", "PUT"])
async def test_dp_06_another_method(world: World, rp: RelyingParty, method: str) -> None:
    async with unharmed(world):
        await is_invalid(rp, rp.proof(htm=method))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9400/a/oidc-provider/api/v0/me",
        "http://localhost:9400/a/oidc-provider/api/v0/token/",
        "http://localhost:9400/a/oidc-provider/api/v0/token/revocation",
        "http://localhost:9400/a/oidc-provider/api/v0/TOKEN",
        "http://localhost:9400/a/oidc-provider/api/v0/x/../token",
        "http://localhost:9400/a/oidc-provider/api/v0//token",
        "http://localhost:9400/",
        "https://localhost:9400/a/oidc-provider/api/v0/token",
        "http://localhost/a/oidc-provider/api/v0/token",
        "http://localhost:94000/a/oidc-provider/api/v0/token",
        "http://evil.test:9400/a/oidc-provider/api/v0/token",
        "http://user@localhost:9400/a/oidc-provider/api/v0/token",
        "http://localhost:9400@evil.test/a/oidc-provider/api/v0/token",
        "http://127.0.0.1:9400/a/oidc-provider/api/v0/token",
        "//localhost:9400/a/oidc-provider/api/v0/token",
        "/a/oidc-provider/api/v0/token",
        "http://localhost:9400\\a\\oidc-provider\\api\\v0\\token",
        "http://localhost:9400/a/oidc-provider/api/v0/token\n",
        "http://localhost:9400/a/oidc-provider/api/v0/token\0",
        "http://localhost:9400/a/oidc-provider/api/v0/tok%65n%00",
        "http://localhost:9400/a/oidc-provider/api/v0/%zz",
        "http://[::1/token",
        "http://" + "a" * 8_000,
    ],
)
async def test_dp_07_another_address(world: World, rp: RelyingParty, url: str) -> None:
    async with unharmed(world):
        await is_invalid(rp, rp.proof(htu=url))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9400/a/oidc-provider/api/v0/me?x=1#y",
        "HTTP://LOCALHOST:9400/a/oidc-provider/api/v0/me",
        "http://localhost:9400/%61/oidc-provider/api/v0/me?",
    ],
)
async def test_dp_08_the_same_address_in_another_spelling(rp: RelyingParty, url: str) -> None:
    token = (await rp.tokens())["access_token"]
    proof = rp.proof("me", "GET", access_token=token, htu=url)
    assert (await rp.userinfo(token, proof=proof)).status_code == 200


async def test_dp_08_the_port_that_https_has_anyway(world: World) -> None:
    issuer = await add_issuer(world, issuer_id="public", url="https://id.example")
    rp = RelyingParty(world, issuer=issuer, key=ClientKey.make())
    url = issuer.endpoint("token").replace("id.example", "ID.example:443")
    assert (await ask(rp, rp.proof(htu=url))).status_code == 200
    await is_invalid(rp, rp.proof(htu=url.replace(":443", ":444")))


@pytest.mark.parametrize(
    "name", ["x-forwarded-host", "forwarded", "x-original-url", "x-forwarded-proto"]
)
async def test_dp_09_a_forged_forwarding_makes_no_foreign_address_ours(
    world: World, rp: RelyingParty, name: str
) -> None:
    values = {"forwarded": "host=evil.test", "x-forwarded-proto": "https"}
    scheme = "https" if name == "x-forwarded-proto" else "http"
    host = "localhost:9400" if name == "x-forwarded-proto" else "evil.test"
    proof = rp.proof(htu=f"{scheme}://{host}{TOKEN}")
    headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("dpop", proof["dpop"]),
        (name, values.get(name, "evil.test")),
    ]
    async with unharmed(world):
        answer = await send(world, "POST", TOKEN, headers=headers, body=FORM)
        is_json(answer, 400, "invalid_dpop_proof")


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1:9400"])
async def test_dp_09_a_forged_host_asks_another_issuer_or_none(
    world: World, rp: RelyingParty, host: str
) -> None:
    """What Host names is where the request goes: the proof for it is never one for us."""
    proof = rp.proof(htu=f"http://{host}{TOKEN}")
    headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", proof["dpop"])]
    async with unharmed(world, "spent_ids"):
        answer = await send(world, "POST", TOKEN, headers=headers, body=FORM, host=host)
        assert answer.status_code in {200, 421}
    if answer.status_code == 200:
        token = answer.json()["access_token"]
        assert payload(token)["iss"] == CONSUMER.url
        is_challenge(await rp.userinfo(token), 401, "invalid_token", scheme="DPoP")


@pytest.mark.parametrize("offset", [-3600, 3600, -(10**9), 10**9, -61, 61])
async def test_dp_10_made_too_long_ago_or_ahead(
    world: World, rp: RelyingParty, offset: int
) -> None:
    async with unharmed(world):
        await is_invalid(rp, rp.proof(iat=world.clock.time + offset))


@pytest.mark.parametrize("offset", [-10, 10])
async def test_dp_10_a_clock_that_is_a_little_wrong(rp: RelyingParty, offset: int) -> None:
    assert (await ask(rp, rp.proof(iat=rp.world.clock.time + offset))).status_code == 200


async def test_dp_11_expired_or_not_yet_valid(world: World, rp: RelyingParty) -> None:
    now = world.clock.time
    async with unharmed(world):
        await is_invalid(rp, rp.proof(exp=now - 1))
        await is_invalid(rp, rp.proof(nbf=now + 600))
        await is_invalid(rp, rp.proof(exp="never"))


async def test_dp_12_the_same_proof_twice(world: World, rp: RelyingParty) -> None:
    proof = rp.proof()
    assert (await ask(rp, proof)).status_code == 200
    token = (await rp.tokens())["access_token"]
    shown = rp.proof("me", "GET", access_token=token)
    assert (await rp.userinfo(token, proof=shown)).status_code == 200
    async with unharmed(world):
        await is_invalid(rp, proof)
        answer = await rp.userinfo(token, proof=shown)
        is_challenge(answer, 401, "invalid_dpop_proof", scheme="DPoP")


async def test_dp_12_on_two_processes_and_after_a_restart(world: World, rp: RelyingParty) -> None:
    proof = rp.proof()
    assert (await ask(rp, proof)).status_code == 200
    second = world_over(world.path, world.clock)
    try:
        is_json(await ask(replace(rp, world=second), proof), 400, "invalid_dpop_proof")
        other = rp.proof()
        assert (await ask(replace(rp, world=second), other)).status_code == 200
        is_json(await ask(rp, other), 400, "invalid_dpop_proof")
    finally:
        await second.ostiary.close()


async def test_dp_12_at_the_same_moment(rp: RelyingParty) -> None:
    proof = rp.proof()
    answers = await asyncio.gather(*(ask(rp, proof) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


async def test_dp_13_the_same_jti_of_another_key(rp: RelyingParty) -> None:
    other = with_another_key(rp)
    assert (await ask(rp, rp.proof(jti="x"))).status_code == 200
    assert (await ask(other, other.proof(jti="x"))).status_code == 200
    another_client = replace(rp, client_id="service")
    await is_invalid(another_client, rp.proof(jti="x"))


async def test_dp_14_long_and_many_names(world: World, rp: RelyingParty) -> None:
    async with unharmed(world):
        for length in (257, 10_000, 1_000_000):
            await is_invalid(rp, rp.proof(jti="x" * length))
    before = rows_of(world, "spent_ids")
    for number in range(50):
        assert (await ask(rp, rp.proof(jti=f"{number}" + "é" * 200))).status_code == 200
    assert rows_of(world, "spent_ids") == before + 50
    # Each is 16 bytes and an instant, whatever its name was: what was refused has left nothing.
    rows = await world.store.database.read_all("SELECT spent_id FROM spent_ids", {})
    assert {len(bytes(row["spent_id"])) for row in rows} == {16}  # type: ignore[arg-type]


# ---- the nonce ------------------------------------------------------------------------------------


async def test_dp_15_the_nonce_is_missing(world: World, rp: RelyingParty) -> None:
    await require_nonce(world)
    async with unharmed(world):
        answer = await ask(rp)
        is_json(answer, 400, "use_dpop_nonce")
        assert len(answer.headers.get_list("dpop-nonce")) == 1
    assert (await ask(rp, rp.proof(nonce=answer.headers["dpop-nonce"]))).status_code == 200


async def test_dp_16_the_nonce_is_missing_at_userinfo(world: World, rp: RelyingParty) -> None:
    token = (await rp.tokens())["access_token"]
    await require_nonce(world)
    async with unharmed(world):
        answer = await rp.userinfo(token)
        is_challenge(answer, 401, "use_dpop_nonce", scheme="DPoP")
    nonce = answer.headers["dpop-nonce"]
    proof = rp.proof("me", "GET", access_token=token, nonce=nonce)
    assert (await rp.userinfo(token, proof=proof)).status_code == 200


async def test_dp_17_nonces_that_are_not_good(world: World, rp: RelyingParty) -> None:
    await require_nonce(world)
    stale = (await ask(rp)).headers["dpop-nonce"]
    world.clock.time += 600
    fresh = (await ask(rp)).headers["dpop-nonce"]
    flipped = fresh[:-2] + ("A" if fresh[-2] != "A" else "B") + fresh[-1]
    async with unharmed(world):
        for nonce in (stale, flipped, fresh[:-1], f" {fresh}", "A" * 44, "é" * 44, "x" * 5_000):
            answer = await ask(rp, rp.proof(nonce=nonce))
            is_json(answer, 400, "use_dpop_nonce")
            assert answer.headers["dpop-nonce"] == fresh
        for name in ("number", "list", "object"):
            odd: Any = {"number": 5, "list": ["x"], "object": {}}[name]
            await is_invalid(rp, rp.proof(nonce=odd))


async def test_dp_17_a_nonce_is_good_on_every_process_and_after_a_restart(
    world: World, rp: RelyingParty
) -> None:
    await require_nonce(world)
    nonce = (await ask(rp)).headers["dpop-nonce"]
    second = world_over(world.path, world.clock)
    try:
        other = replace(rp, world=second)
        assert (await ask(other, rp.proof(nonce=nonce))).status_code == 200
    finally:
        await second.ostiary.close()


# ---- bound tokens ---------------------------------------------------------------------------------


async def test_dp_18_a_proof_for_another_token(world: World, rp: RelyingParty) -> None:
    token, other = [(await rp.tokens())["access_token"] for _ in "12"]
    async with unharmed(world):
        for proof in (
            rp.proof("me", "GET"),
            rp.proof("me", "GET", access_token=other),
            rp.proof("me", "GET", access_token=token.rpartition(".")[0]),
            rp.proof("me", "GET", ath="é"),
        ):
            answer = await rp.userinfo(token, proof=proof)
            is_challenge(answer, 401, "invalid_dpop_proof", scheme="DPoP")


async def test_dp_19_a_bound_token_used_without_its_key(world: World, rp: RelyingParty) -> None:
    token = (await rp.tokens())["access_token"]
    proof = rp.proof("me", "GET", access_token=token)["dpop"]
    async with unharmed(world):
        for headers in (
            [("authorization", f"Bearer {token}")],
            [("authorization", f"Bearer {token}"), ("dpop", proof)],
        ):
            answer = await send(world, "GET", ME, headers=headers)
            is_challenge(answer, 401, "invalid_token")
        in_form = await post(world, ME, encode({"access_token": token}), headers=[("dpop", proof)])
        is_challenge(in_form, 401, "invalid_token")
        bare = await send(world, "GET", ME, headers=[("authorization", f"DPoP {token}")])
        is_challenge(bare, 401, "invalid_token", scheme="DPoP")
    async with unharmed(world, "spent_ids"):
        answer = await with_another_key(rp).userinfo(token)
        is_challenge(answer, 401, "invalid_token", scheme="DPoP")


@pytest.mark.parametrize(
    "cnf",
    [{}, {"x5t#S256": "x"}, {"jkt": "x", "x5t#S256": "y"}, "x", [], ["jkt"], 5, True],
    ids=str,
)
async def test_dp_19_a_binding_that_we_do_not_know_lets_nobody_in(
    world: World, cnf: object
) -> None:
    plain = RelyingParty(world)
    claims: dict[str, Any] = {**payload((await plain.tokens())["access_token"]), "cnf": cnf}
    token = await sign_as_issuer(world, claims)
    async with unharmed(world):
        is_challenge(await plain.userinfo(token), 401, "invalid_token")


async def test_dp_19_a_second_binding_is_not_passed_over(world: World, rp: RelyingParty) -> None:
    """The key is proved, and something else would have to be."""
    assert rp.key is not None
    claims = payload((await rp.tokens())["access_token"])
    cnf = {"jkt": rp.key.thumbprint, "x5t#S256": "y"}
    token = await sign_as_issuer(world, {**claims, "cnf": cnf})  # type: ignore[dict-item]
    async with unharmed(world):
        is_challenge(await rp.userinfo(token), 401, "invalid_token", scheme="DPoP")


async def test_dp_20_a_token_that_is_bound_to_nothing(world: World, rp: RelyingParty) -> None:
    token = (await RelyingParty(world).tokens())["access_token"]
    async with unharmed(world):
        is_challenge(await rp.userinfo(token), 401, "invalid_token", scheme="DPoP")


async def test_dp_21_a_code_and_another_key(world: World, rp: RelyingParty) -> None:
    assert rp.key is not None
    flow, response = await rp.authorize(rp.person(), dpop_jkt=rp.key.thumbprint)
    async with unharmed(world, "spent_ids"):
        answer = await with_another_key(rp).redeem(flow, response["code"])
        is_json(answer, 400, "invalid_grant")
        bare = await replace(rp, key=None).redeem(flow, response["code"])
        is_json(bare, 400, "invalid_dpop_proof")
    assert (await rp.redeem(flow, response["code"])).status_code == 200


async def test_dp_22_a_client_that_always_binds(world: World) -> None:
    client = await world.add_client(a_client("bound", ENTERPRISE))
    rp = replace(RelyingParty.of(world, client), key=ClientKey.make())
    bare = replace(rp, key=None)
    tokens = await bare.tokens(scope=OFFLINE)
    flow, response = await bare.authorize(bare.person())
    await change_client(world, "bound", require_dpop=True)
    async with unharmed(world):
        is_json(await ask(bare), 400, "invalid_dpop_proof")
        is_json(await bare.redeem(flow, response["code"]), 400, "invalid_dpop_proof")
        is_json(await bare.refresh(tokens["refresh_token"]), 400, "invalid_dpop_proof")
    assert (await rp.redeem(flow, response["code"])).json()["token_type"] == "DPoP"


async def test_dp_23_what_is_bound_says_so(world: World, rp: RelyingParty) -> None:
    assert rp.key is not None
    await change_client(world, "other", may_introspect=True)
    token = await rp.tokens()
    assert token["token_type"] == "DPoP"
    assert payload(token["access_token"])["cnf"] == {"jkt": rp.key.thumbprint}
    told = await replace(rp, client_id="other").introspect(token["access_token"])
    assert told.json()["cnf"] == {"jkt": rp.key.thumbprint}
    assert told.json()["token_type"] == "DPoP"


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://spa.example.evil.test"])
async def test_dp_24_the_nonce_is_not_shown_to_other_sites(
    world: World, rp: RelyingParty, origin: str
) -> None:
    await require_nonce(world)
    headers = [("dpop", rp.proof()["dpop"]), ("origin", origin)]
    async with unharmed(world):
        answer = await post(world, TOKEN, FORM, headers=headers)
        is_json(answer, 400, "use_dpop_nonce")
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-expose-headers" not in answer.headers


async def test_dp_24_the_nonce_is_shown_to_the_clients_own_site(
    world: World, rp: RelyingParty
) -> None:
    await require_nonce(world)
    headers = [("dpop", rp.proof()["dpop"]), ("origin", "https://spa.example")]
    answer = await post(world, TOKEN, FORM, headers=headers)
    is_json(answer, 400, "use_dpop_nonce")
    assert answer.headers["access-control-allow-origin"] == "https://spa.example"
    assert "dpop-nonce" in answer.headers["access-control-expose-headers"].lower()


# ---- refresh tokens of public clients ---------------------------------------------------------------


async def test_rt_11_another_key_or_none(world: World) -> None:
    client = await world.add_client(
        a_client("app", ENTERPRISE, auth_method=AuthMethod.NONE, secrets=())
    )
    bound = replace(RelyingParty.of(world, client), key=ClientKey.make())
    tokens = await bound.tokens(scope=OFFLINE)
    other, bare = with_another_key(bound), replace(bound, key=None)
    async with unharmed(world, "spent_ids"):
        is_json(await other.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        is_json(await bare.refresh(tokens["refresh_token"]), 400, "invalid_dpop_proof")
    second = (await bound.refresh(tokens["refresh_token"])).json()
    async with unharmed(world, "spent_ids"):
        # The retry inside the grace, and the successor.
        for token in (tokens["refresh_token"], second["refresh_token"]):
            is_json(await other.refresh(token), 400, "invalid_grant")
            is_json(await bare.refresh(token), 400, "invalid_dpop_proof")
    assert (await bound.refresh(second["refresh_token"])).status_code == 200


def _raw(text: bytes) -> str:
    return urlsafe_b64encode(text).rstrip(b"=").decode()
