"""Catalogue section 4, CA-01 to CA-11: secrets, and clients that have none."""

import asyncio
import hmac
from base64 import b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import pytest

from ostiary.domain.client import AuthMethod, ClientSecret
from ostiary.management.clients import add_secret, create_client, hash_secret, set_client_enabled
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, is_json
from tests.attacks.operating import change_client
from tests.attacks.wire import FORM, encode, path_of, post, send
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, SECRET, START, World, a_client, find_master_key

TOKEN = path_of(ENTERPRISE, "token")
GRANT: dict[str, Any] = {"grant_type": "client_credentials"}


def basic(client_id: str, secret: str) -> tuple[str, str]:
    joined = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "authorization", f"Basic {b64encode(joined.encode()).decode()}"


def raw_basic(text: bytes) -> tuple[str, str]:
    return "authorization", f"Basic {b64encode(text).decode()}"


async def test_ca_01_two_methods_at_once(world: World) -> None:
    both = {**GRANT, "client_id": "web", "client_secret": SECRET}
    async with unharmed(world):
        answer = await post(world, TOKEN, encode(both), headers=[basic("web", SECRET)])
        is_json(answer, 400, "invalid_request")
        answer = await post(world, TOKEN, encode(both), headers=[("authorization", "Bearer x")])
        is_json(answer, 400, "invalid_request")


async def test_ca_01_two_headers(world: World) -> None:
    async with unharmed(world):
        headers = [basic("web", SECRET), basic("web", SECRET)]
        is_json(await post(world, TOKEN, encode(GRANT), headers=headers), 401, "invalid_client")


async def test_ca_01_no_method(world: World) -> None:
    async with unharmed(world):
        is_json(await post(world, TOKEN, encode(GRANT)), 400, "invalid_request")


async def test_ca_02_a_client_with_a_key_cannot_use_its_old_secret(world: World) -> None:
    await world.add_client(a_client("keyed", ENTERPRISE, auth_method=AuthMethod.PRIVATE_KEY_JWT))
    async with unharmed(world):
        for form, headers in (
            ({"client_id": "keyed", "client_secret": SECRET}, []),
            ({}, [basic("keyed", SECRET)]),
            ({"client_id": "keyed"}, []),
        ):
            answer = await post(world, TOKEN, encode({**GRANT, **form}), headers=headers)
            is_json(answer, 401, "invalid_client")


async def test_ca_02_only_the_client_id_of_a_client_with_a_secret(world: World) -> None:
    async with unharmed(world):
        for extra in ({}, {"client_secret": ""}):
            answer = await post(world, TOKEN, encode({**GRANT, "client_id": "web", **extra}))
            is_json(answer, 401, "invalid_client")


@pytest.mark.parametrize("secret", ["x", SECRET, " ", "0" * 64])
async def test_ca_04_a_public_client_with_a_secret(world: World, secret: str) -> None:
    async with unharmed(world):
        values = {**GRANT, "client_id": "spa", "client_secret": secret}
        is_json(await post(world, TOKEN, encode(values)), 401, "invalid_client")
        for password in (secret, ""):
            answer = await post(world, TOKEN, encode(GRANT), headers=[basic("spa", password)])
            is_json(answer, 401, "invalid_client")


async def test_ca_05_two_different_names(world: World) -> None:
    async with unharmed(world):
        for named in ("other", "WEB", "web "):
            values = encode({**GRANT, "client_id": named})
            answer = await post(world, TOKEN, values, headers=[basic("web", SECRET)])
            is_json(answer, 401, "invalid_client")
    same = encode({**GRANT, "client_id": "web"})
    assert (await post(world, TOKEN, same, headers=[basic("web", SECRET)])).status_code == 200


GOOD = b64encode(f"web:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        f"Basic {GOOD[:-1]}",
        f"Basic {GOOD[:8]} {GOOD[8:]}",
        f"Basic {GOOD[:8]}!{GOOD[8:]}",
        f"Basic {GOOD}!",
        f"Basic {GOOD}, Basic {GOOD}",
        f"Basic\t{GOOD}",
        "Basic " + b64encode(b"web").decode(),
        "Basic " + b64encode(b"").decode(),
        "Basic " + b64encode(b":").decode(),
        "Basic " + b64encode(b"web:\xff").decode(),
        "Basic " + b64encode(b"web:%ff").decode(),
        "Basic " + b64encode(b"web:" + SECRET.encode() + b"\0").decode(),
        "Basic " + b64encode(b"we\0b:" + SECRET.encode()).decode(),
        "Basic " + b64encode(b"web%00:" + SECRET.encode()).decode(),
        "Basic " + b64encode(b"web:" + SECRET.encode() + b"%00").decode(),
        "Basic " + "A" * 60_000,
        f"Bearer {GOOD}",
        f"Digest {GOOD}",
        GOOD,
        "",
    ],
)
async def test_ca_06_broken_basic_headers(world: World, value: str) -> None:
    async with unharmed(world):
        answer = await post(world, TOKEN, encode(GRANT), headers=[("authorization", value)])
        is_json(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("path", ["token", "auth", "me", "nothing"])
@pytest.mark.parametrize("value", ["Basic \xe9", "basic d2Vi\xff", "Basic \x80"])
async def test_ca_06_basic_beyond_ascii(world: World, path: str, value: str) -> None:
    async with unharmed(world):
        headers = [("content-type", FORM), ("authorization", value)]
        for method in ("GET", "POST"):
            answer = await send(
                world, method, path_of(ENTERPRISE, path), headers=headers, body=encode(GRANT)
            )
            check_answer(answer)


@pytest.mark.parametrize("padding", ["=", "====", "========"])
async def test_ca_06_one_spelling_of_each_header(world: World, padding: str) -> None:
    async with unharmed(world):
        headers = [("authorization", f"Basic {GOOD}{padding}")]
        is_json(await post(world, TOKEN, encode(GRANT), headers=headers), 401, "invalid_client")


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
async def test_ca_06_the_scheme_in_any_case(world: World, scheme: str) -> None:
    headers = [("authorization", f"{scheme} {GOOD}")]
    assert (await post(world, TOKEN, encode(GRANT), headers=headers)).status_code == 200


@pytest.mark.parametrize("secret", ["a:b:c", "100%", "a+b c", "ü🏦", "a%2Bb", "a&b=c;d", "%"])
async def test_ca_07_secrets_of_any_characters(world: World, secret: str) -> None:
    kept = ClientSecret(secret_id="1", sha256=hash_secret(secret), created_at=START)
    await change_client(world, "web", secrets=(kept,))
    granted = await post(world, TOKEN, encode(GRANT), headers=[basic("web", secret)])
    assert granted.status_code == 200
    values = {**GRANT, "client_id": "web", "client_secret": secret}
    assert (await post(world, TOKEN, encode(values))).status_code == 200
    raw = await post(world, TOKEN, encode(GRANT), headers=[raw_basic(f"web:{secret}".encode())])
    check_answer(raw)
    assert raw.status_code == 200


async def test_ca_08_long_secrets(world: World) -> None:
    first, second = "s" * 72 + "1", "s" * 72 + "2"
    kept = ClientSecret(secret_id="1", sha256=hash_secret(first), created_at=START)
    await change_client(world, "other", secrets=(kept,))
    rp = RelyingParty(world, client_id="other", secret=first)
    assert (await rp.token(**GRANT)).status_code == 200
    async with unharmed(world):
        for secret in (second, "s" * 72, first + " ", hash_secret(first)):
            is_json(await rp.token(**GRANT, client_secret=secret), 401, "invalid_client")
        huge = {**GRANT, "client_id": "other", "client_secret": "s" * 1_000_000}
        is_json(await post(world, TOKEN, encode(huge)), 413, "invalid_request")


@pytest.mark.parametrize("client_id", ["web", "nobody", "spa", "keyed", "é", "x" * 1_000])
async def test_ca_09_the_same_work_for_clients_that_do_not_exist(
    world: World, client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look-up, one hash, one comparison in constant time, one answer."""
    await world.add_client(
        a_client("keyed", ENTERPRISE, auth_method=AuthMethod.PRIVATE_KEY_JWT, secrets=())
    )
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(
        "ostiary.provider.client_auth.secrets.hmac", type("Hmac", (), {"compare_digest": compare})
    )
    values = {**GRANT, "client_id": client_id, "client_secret": "wrong"}
    answer = await post(world, TOKEN, encode(values))
    is_json(answer, 401, "invalid_client")
    assert answer.json()["error_description"] == "client authentication failed"
    assert len(compared) == 1
    assert {len(digest) for digest in compared[0]} == {64}


async def test_ca_11_secrets_in_rotation(world: World) -> None:
    old = ClientSecret(secret_id="1", sha256=hash_secret("old"), created_at=0, expires_at=START)
    new = ClientSecret(secret_id="2", sha256=hash_secret("new"), created_at=0)
    await change_client(world, "other", secrets=(old, new))
    rp = RelyingParty(world, client_id="other")
    world.clock.time = START - 1
    for secret in ("old", "new"):
        assert (await rp.token(**GRANT, client_secret=secret)).status_code == 200
    world.clock.time = START
    async with unharmed(world):
        is_json(await rp.token(**GRANT, client_secret="old"), 401, "invalid_client")
    assert (await rp.token(**GRANT, client_secret="new")).status_code == 200


async def test_ca_11_when_all_have_expired(world: World) -> None:
    old = ClientSecret(secret_id="1", sha256=hash_secret("old"), created_at=0, expires_at=START)
    await change_client(world, "other", secrets=(old,))
    rp = RelyingParty(world, client_id="other", secret="old")
    async with unharmed(world):
        is_json(await rp.token(**GRANT), 401, "invalid_client")
        is_json(await rp.token(**GRANT, client_secret="0" * 64), 401, "invalid_client")


# ---- beyond the list ----------------------------------------------------------------------------


async def test_many_wrong_secrets_at_once(world: World) -> None:
    rp = RelyingParty(world)
    answers = await asyncio.gather(*(rp.token(**GRANT, client_secret="x") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {401}
    assert (await rp.token(**GRANT)).status_code == 200


async def test_the_operator_can_switch_a_client_off(world: World) -> None:
    """With the verbs that the operator has; a stolen secret is then worth nothing."""
    client = a_client("stolen", ENTERPRISE, auth_method=AuthMethod.CLIENT_SECRET, secrets=())
    issued = await create_client(world.store, ENTERPRISE, client, START, master_key=find_master_key)
    assert issued.secret is not None
    rp = RelyingParty(world, client_id="stolen", secret=issued.secret)
    assert (await rp.token(**GRANT)).status_code == 200
    await set_client_enabled(world.store, ENTERPRISE, "stolen", START, enabled=False)
    is_json(await rp.token(**GRANT), 401, "invalid_client")


async def test_the_operator_can_replace_a_stolen_secret(world: World) -> None:
    """Of a client written by another process, whose sets have another order."""
    issued = await add_secret(
        world.store,
        ENTERPRISE,
        "service",
        START,
        master_key=find_master_key,
        others_expire_at=START,
    )
    assert issued.secret is not None
    rp = RelyingParty(world, client_id="service")
    is_json(await rp.token(**GRANT), 401, "invalid_client")
    assert (await rp.token(**GRANT, client_secret=issued.secret)).status_code == 200


@pytest.mark.parametrize("client_id", [b"a%0d%0ab", b"%1b%5b2Ja", b"a%e2%80%a8b", b"a%7fb"])
async def test_records_hold_no_control_characters(world: World, client_id: bytes) -> None:
    async with unharmed(world) as logs:
        body = encode(GRANT, b"client_secret=x&client_id=" + client_id)
        answer = await post(world, TOKEN, body)
        is_json(answer, 401, "invalid_client")
    record = await world.store.refusals.find(["enterprise"], answer.headers["ostiary-reference"])
    assert record is not None
    assert record.client_id is None or record.client_id.isprintable()
    assert all(str(value).isprintable() for line in logs for value in line.values())
    assert replace(record, client_id=None).received is not None
