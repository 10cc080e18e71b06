"""Catalogue section 8: discovery and keys."""

import itertools
import json
import os
import sqlite3
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.domain.issuer import DAY
from ostiary.domain.signing_keys import (
    JWKS_MAX_AGE,
    PUBLICATION_LEAD,
    RETIREMENT,
    SHORTEST_PUBLICATION_LEAD,
    KeyState,
    states,
)
from ostiary.management.keys import rotate_due
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.jose.jwk import public_jwk
from ostiary.signing.signer import make_signing_key
from ostiary.signing.software import generate_private_key, public_pem
from ostiary.storage.schema import ensure_schema
from ostiary.storage.sqlite import SqliteDatabase
from ostiary.storage.store import Store
from tests.attacks.aftermath import unharmed
from tests.attacks.assertions import (
    GRANT,
    add_keyed,
    base64url,
    good_claims,
    present,
    signed,
)
from tests.attacks.expected import check_answer, is_json
from tests.attacks.operating import add_issuer, change_client
from tests.attacks.wire import encode, path_of, post, send
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty, go_through, header
from tests.kit.world import CONSUMER, ENTERPRISE, MASTER_KEY, SECRET, START, World, a_client

WELL_KNOWN = "/.well-known/openid-configuration"
JWKS = path_of(ENTERPRISE, "jwks")
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
KEY = make_signing_key("x", Algorithm.ES256, MASTER_KEY, now=START, activates_at=START)


async def test_dj_01_hosts_that_are_forged(world: World) -> None:
    headers = [
        ("x-forwarded-host", "evil.test"),
        ("forwarded", "host=evil.test"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
    ]
    honest = await send(world, "GET", WELL_KNOWN)
    forged = await send(world, "GET", WELL_KNOWN, headers=headers)
    assert forged.content == honest.content
    assert (await send(world, "GET", WELL_KNOWN, host="evil.test")).status_code == 421
    assert (await send(world, "GET", WELL_KNOWN, host="LOCALHOST:9400")).content == honest.content


async def metadata(world: World) -> dict[str, list[str]]:
    members: dict[str, list[str]] = (await send(world, "GET", WELL_KNOWN)).json()
    return members


async def test_dj_02_every_signature_algorithm_works(world: World) -> None:
    advertised = (await metadata(world))["id_token_signing_alg_values_supported"]
    assert set(advertised) == {str(each) for each in Algorithm}
    for algorithm in advertised:
        await change_client(world, "web", id_token_algorithm=Algorithm(algorithm))
        tokens = await RelyingParty(world).tokens()
        assert header(tokens["id_token"])["alg"] == algorithm
    jwks = (await send(world, "GET", JWKS)).json()["keys"]
    assert {key["alg"] for key in jwks} == set(advertised)


async def test_dj_02_every_grant_works(world: World) -> None:
    told = await metadata(world)
    assert set(told["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
    }
    for grant in told["grant_types_supported"]:
        answer = await RelyingParty(world).token(grant_type=grant)
        assert answer.json().get("error") != "unsupported_grant_type"


async def test_dj_02_every_authentication_method_works(world: World) -> None:
    told = await metadata(world)
    listed = told["token_endpoint_auth_methods_supported"]
    assert listed == [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "client_secret_jwt",
        "none",
    ]
    assert told["revocation_endpoint_auth_methods_supported"] == listed
    assert told["introspection_endpoint_auth_methods_supported"] == listed[:-1]
    joined = b64encode(f"web:{SECRET}".encode()).decode()
    headers = [("authorization", f"Basic {joined}")]
    token = path_of(ENTERPRISE, "token")
    assert (await post(world, token, encode(GRANT), headers=headers)).status_code == 200
    assert (await RelyingParty(world).token(**GRANT)).status_code == 200
    spa = RelyingParty(world, client_id="spa", redirect_uri="https://spa.example/cb", secret=None)
    assert (await spa.tokens())["access_token"]


async def test_dj_02_every_algorithm_of_an_assertion_works_and_no_other(world: World) -> None:
    listed = (await metadata(world))["token_endpoint_auth_signing_alg_values_supported"]
    assert listed == ["RS256", "PS256", "ES256", "EdDSA", "HS256"]
    keys = {name: ClientKey.make(name) for name in ("RS256", "ES256", "EdDSA")}
    keys["PS256"] = ClientKey("PS256", keys["RS256"].private)
    public = {str(key.public_jwk): key.public_jwk for key in keys.values()}
    await add_keyed(world, keys["ES256"], public_keys=tuple(public.values()))
    for name, key in keys.items():
        token = signed(key, {"alg": name}, good_claims(world))
        assert (await present(world, token)).status_code == 200, name
    async with unharmed(world):
        for name in ("PS384", "ES384", "RS512", "HS256"):
            token = signed(keys["RS256"], {"alg": name}, good_claims(world))
            is_json(await present(world, token), 401, "invalid_client")


async def test_dj_02_every_response_mode_and_prompt_works(world: World) -> None:
    told = await metadata(world)
    rp = RelyingParty(world)
    for mode in told["response_modes_supported"]:
        person = await rp.person().open(rp.begin(response_mode=mode, prompt="none").url)
        assert person.left_to or person.page.forms[0].action == rp.redirect_uri
    for prompt in told["prompt_values_supported"]:
        person = await rp.person().open(rp.begin(prompt=prompt).url)
        await go_through(person)
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_dj_03_a_public_key_is_public(algorithm: Algorithm) -> None:
    jwk = public_jwk(public_pem(generate_private_key(algorithm)), algorithm)
    assert not PRIVATE & set(jwk)
    assert set(jwk) <= {"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"}


async def test_dj_03_the_document_has_no_private_member(world: World) -> None:
    for issuer in (ENTERPRISE, CONSUMER):
        answer = await send(world, "GET", path_of(issuer, "jwks"), issuer=issuer)
        keys = answer.json()["keys"]
        assert len(keys) >= len(Algorithm)
        for key in keys:
            assert not PRIVATE & set(key)
            assert key["kty"] != "oct"


async def test_dj_04_only_our_keys_that_still_count(world: World) -> None:
    stored = await world.store.keys.signing_keys("enterprise")
    state = states(stored, world.clock.now())
    shown = {key["kid"] for key in (await send(world, "GET", JWKS)).json()["keys"]}
    assert shown == {kid for kid, each in state.items() if each is not KeyState.GONE}


async def test_dj_04_neither_keys_that_have_gone_nor_those_of_clients(world: World) -> None:
    """Two years of rotations later; what is left is what has not expired."""
    client_key = ClientKey.make()
    await add_keyed(world, client_key, public_keys=({**client_key.public_jwk, "kid": "theirs"},))
    first = {key.kid for key in await world.store.keys.signing_keys("enterprise")}
    gone: set[str] = set()
    for _ in range(30):
        world.clock.time += 26 * DAY
        await rotate_due(world.store, MASTER_KEY, ENTERPRISE, world.clock.time)
        stored = await world.store.keys.signing_keys("enterprise")
        state = states(stored, world.clock.time)
        shown = {key["kid"] for key in (await send(world, "GET", JWKS)).json()["keys"]}
        assert shown == {kid for kid, each in state.items() if each is not KeyState.GONE}
        assert not shown & gone
        assert "theirs" not in shown
        gone |= {kid for kid, each in state.items() if each is KeyState.GONE}
    assert first < gone


async def test_dj_05_names_of_keys(world: World) -> None:
    keys = [
        key
        for issuer in (ENTERPRISE, CONSUMER)
        for key in (await send(world, "GET", path_of(issuer, "jwks"), issuer=issuer)).json()["keys"]
    ]
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        public = {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}
        text = json.dumps(public, sort_keys=True, separators=(",", ":"))
        assert key["kid"] == base64url(sha256(text.encode()).digest())  # RFC 7638 §3


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
async def test_dj_06_only_get(world: World, method: str) -> None:
    async with unharmed(world):
        for path in (JWKS, WELL_KNOWN):
            answer = await send(world, method, path)
            check_answer(answer)
            assert answer.status_code == 405
            assert answer.headers["allow"] == "GET"


async def test_dj_06_callbacks_and_ranges_are_ignored(world: World) -> None:
    honest = await send(world, "GET", JWKS)
    ranges = ",".join(f"{n}-{n}" for n in range(5_000))
    for query, headers in ((b"callback=evil", []), (b"", [("range", f"bytes={ranges}")])):
        answer = await send(world, "GET", JWKS, query, headers=headers)
        assert answer.status_code == 200
        assert answer.content == honest.content
        assert answer.headers["content-type"].startswith("application/")
    assert (await send(world, "HEAD", JWKS)).content == b""


@given(
    gaps=st.lists(st.integers(PUBLICATION_LEAD, 200 * 86_400), min_size=1, max_size=5),
    offset=st.integers(-86_400, 400 * 86_400),
)
def test_dj_07_at_every_instant_of_a_rotation(gaps: list[int], offset: int) -> None:
    """One key signs; the one before is published until its last token has expired."""
    activation, keys = START, [KEY]
    for number, gap in enumerate(gaps):
        activation += gap
        keys.append(
            replace(
                KEY,
                kid=f"key-{number}",
                activates_at=activation,
                created_at=activation - PUBLICATION_LEAD,
            )
        )
    now = START + max(offset, 0)
    state = states(keys, now)
    assert list(state.values()).count(KeyState.ACTIVE) == 1
    for key, successor in itertools.pairwise(keys):
        if successor.activates_at <= now < successor.activates_at + RETIREMENT:
            assert state[key.kid] is KeyState.RETIRING
        if now < key.activates_at:
            assert state[key.kid] is KeyState.PENDING


def test_dj_08_caches_forget_before_a_key_is_used() -> None:
    assert JWKS_MAX_AGE < SHORTEST_PUBLICATION_LEAD <= PUBLICATION_LEAD
    lifetimes = ENTERPRISE.lifetimes
    assert max(lifetimes.access_token, lifetimes.id_token) < RETIREMENT


@pytest.mark.parametrize(
    "path",
    [
        WELL_KNOWN + "/",
        "/" + WELL_KNOWN,
        "/.well-known//openid-configuration",
        "/.well-known/%6fpenid-configuration",
        "/.WELL-KNOWN/openid-configuration",
        "/.well-known/openid-configuration/second",
        "/.well-known/../second/.well-known/openid-configuration",
        "/second/..;/.well-known/openid-configuration",
        WELL_KNOWN + "\x00",
    ],
)
async def test_dj_09_paths_that_are_nearly_right(world: World, path: str) -> None:
    second = await add_issuer(
        world, issuer_id="second", url="http://localhost:9400/second", base_path="/second"
    )
    own = {f"{WELL_KNOWN}/second", f"/second{WELL_KNOWN}"}
    answer = await send(world, "GET", path)
    check_answer(answer)
    if path in own:
        assert answer.json()["issuer"] == second.url
    else:
        assert answer.status_code == 404


async def test_dj_10_keys_at_rest(world: World) -> None:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    path = world.path
    with closing(sqlite3.connect(path)) as connection:
        sealed = [row[0] for row in connection.execute("SELECT sealed FROM signing_keys")]
        sealed += [row[0] for row in connection.execute("SELECT sealed FROM handle_keys")]
    assert len(sealed) >= 2 * (len(Algorithm) + 1)
    for secret in sealed:
        for start in (0, 12):
            with pytest.raises((ValueError, TypeError)):
                load_der_private_key(secret[start:], password=None)
    content = path.read_bytes()
    assert b"PRIVATE KEY" not in content
    assert SECRET.encode() not in content
    assert path.with_name(path.name + ".lock").stat().st_mode & 0o077 == 0


def test_dj_10_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "ostiary.db"
        ensure_schema(path)
        store = Store.open(path)
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert set(modes) >= {"ostiary.db", "ostiary.db-wal", "ostiary.db.lock"}
    assert set(modes.values()) == {0o600}


async def test_dj_11_documents_ask_no_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 60.0)
    await world.add_client(a_client("late", ENTERPRISE))
    first = await send(world, "GET", JWKS)
    await send(world, "GET", WELL_KNOWN)

    async def read(*_: object) -> None:
        raise AssertionError("a read")

    monkeypatch.setattr(SqliteDatabase, "read_one", read)
    monkeypatch.setattr(SqliteDatabase, "read_all", read)
    for _ in range(100):
        assert (await send(world, "GET", JWKS)).content == first.content
        assert json.loads((await send(world, "GET", WELL_KNOWN)).content)["jwks_uri"]
