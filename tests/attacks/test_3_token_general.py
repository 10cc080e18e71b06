"""Catalogue section 3: the token endpoint in general."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary.domain.client import AuthMethod
from ostiary.domain.refusals import ReasonCode
from ostiary.management.clients import create_client
from ostiary.management.errors import ManagementError
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import DESCRIPTION, check_answer, is_json, is_redirect
from tests.attacks.operating import change_client
from tests.attacks.wire import FORM, ask, encode, exchange, path_of, post, send
from tests.kit.relying_party import RelyingParty, payload
from tests.kit.world import ENTERPRISE, SECRET, START, World, a_client, find_master_key

TOKEN = path_of(ENTERPRISE, "token")
GRANT: dict[str, str | None] = {
    "grant_type": "client_credentials",
    "client_id": "web",
    "client_secret": SECRET,
}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "post"])
async def test_tk_01_only_post(world: World, method: str) -> None:
    async with unharmed(world) as logs:
        answer = await send(world, method, TOKEN, encode(GRANT))
        check_answer(answer)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert "access_token" not in answer.text
    assert not any(SECRET in repr(line) for line in logs)


@pytest.mark.parametrize("query", [encode(GRANT), b"x=y", b"?", b"client_id=web"])
async def test_tk_02_nothing_in_the_query(world: World, query: bytes) -> None:
    async with unharmed(world):
        is_json(await post(world, TOKEN, encode(GRANT), query=query), 400, "invalid_request")
        is_json(await post(world, TOKEN, b"", query=query), 400, "invalid_request")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        None,
        "",
        FORM + "; charset=utf-7",
        FORM + "; charset=utf-16",
        "application/x-www-form-urlencoded2",
        "é",
    ],
)
async def test_tk_03_only_forms(world: World, content_type: str | None) -> None:
    async with unharmed(world):
        answer = await post(world, TOKEN, encode(GRANT), content_type=content_type)
        is_json(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "content_type", [FORM + ";charset=UTF-8", FORM.upper(), f" {FORM} ; charset=utf-8"]
)
async def test_tk_03_spellings_of_the_right_one(world: World, content_type: str) -> None:
    answer = await post(world, TOKEN, encode(GRANT), content_type=content_type)
    assert answer.status_code == 200, answer.text


async def test_tk_03_a_json_body_is_not_read(world: World) -> None:
    body = b'{"grant_type":"client_credentials","client_id":"web"}'
    async with unharmed(world):
        is_json(
            await post(world, TOKEN, body, content_type="application/json"), 400, "invalid_request"
        )


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        (None, "invalid_request"),
        ("", "invalid_request"),
        ("unknown", "unsupported_grant_type"),
        ("password", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("AUTHORIZATION_CODE", "unsupported_grant_type"),
        ("client_credentials ", "unsupported_grant_type"),
        ("urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"),
        ("__class__", "unsupported_grant_type"),
        ("x" * 50_000, "unsupported_grant_type"),
    ],
)
async def test_tk_04_grant_types(world: World, grant_type: str | None, error: str) -> None:
    async with unharmed(world):
        answer = await post(world, TOKEN, encode({**GRANT, "grant_type": grant_type}))
        is_json(answer, 400, error)


async def test_tk_05_grants_that_the_client_has_not(world: World) -> None:
    service = RelyingParty(world, client_id="service")
    public = RelyingParty(world, client_id="spa", secret=None)
    async with unharmed(world):
        for grant in ("authorization_code", "refresh_token"):
            answer = await service.token(grant_type=grant, code="x", refresh_token="x")
            is_json(answer, 400, "unauthorized_client")
        is_json(await public.token(grant_type="client_credentials"), 400, "unauthorized_client")


async def test_tk_05_a_client_without_the_code_grant_gets_no_code(world: World) -> None:
    await change_client(world, "trusted", grant_types=frozenset({"client_credentials"}))
    rp = RelyingParty(world, client_id="trusted")
    flow = rp.begin()
    async with unharmed(world):
        is_redirect(await ask(world, flow.sent), flow, "unauthorized_client")


@pytest.mark.parametrize(
    "name",
    ["grant_type", "client_id", "client_secret", "scope", "code", "unknown", "code_verifier"],
)
async def test_tk_06_repeated_parameters(world: World, name: str) -> None:
    values = {**GRANT, "scope": "openid", "code": "x", "unknown": "y", "code_verifier": "z"}
    async with unharmed(world):
        again = encode({name: values[name]})
        is_json(await post(world, TOKEN, encode(values, again)), 400, "invalid_request")
        empty = name.encode() + b"="
        is_json(await post(world, TOKEN, encode(values, empty)), 400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        encode(GRANT, b"x=" + b"y" * 1_000_000),
        encode(GRANT, b"y" * 65_536 + b"=x"),
        encode(GRANT, b"&".join(b"p%d=1" % number for number in range(10_000))),
        encode(GRANT, b"a=1&" * 10_000),
    ],
)
@pytest.mark.parametrize("pieces", [1, 100])
async def test_tk_07_huge_bodies(world: World, body: bytes, pieces: int) -> None:
    size = len(body) // pieces + 1
    cut = [body[start : start + size] for start in range(0, len(body), size)]
    async with unharmed(world):
        answer = await post(world, TOKEN, cut)
        check_answer(answer)
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize("length", ["1000000", "99999999999999999999999", "65537"])
async def test_tk_07_a_huge_body_is_refused_before_it_is_read(world: World, length: str) -> None:
    headers = [("content-type", FORM), ("content-length", length)]
    async with unharmed(world):
        answer = await exchange(world, "POST", TOKEN, b"", headers, [], "localhost:9400")
        is_json(answer, 413, "invalid_request")


@pytest.mark.parametrize("length", ["\xb2", "1\xb9"])
async def test_tk_07_a_length_that_is_no_number(world: World, length: str) -> None:
    headers = [("content-type", FORM), ("content-length", length)]
    async with unharmed(world):
        check_answer(await send(world, "POST", TOKEN, headers=headers, body=encode(GRANT)))


async def test_tk_07_a_body_that_was_cut_off_burns_no_code(world: World) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person())
    whole = encode(
        {
            **GRANT,
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.verifier,
        }
    )
    headers = [("content-type", FORM), ("content-length", str(len(whole)))]
    cut: list[dict[str, Any]] = [
        {"type": "http.request", "body": whole[:-5], "more_body": True},
        {"type": "http.disconnect"},
    ]
    await exchange(world, "POST", TOKEN, b"", headers, cut, "localhost:9400")
    assert (await rp.redeem(flow, answer["code"])).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "x"])
async def test_tk_08_compressed_bodies(world: World, encoding: str) -> None:
    async with unharmed(world):
        headers = [("content-encoding", encoding)]
        is_json(await post(world, TOKEN, encode(GRANT), headers=headers), 415, "invalid_request")


async def test_tk_09_parameters_of_other_grants(world: World) -> None:
    rp = RelyingParty(world)
    offline = await rp.tokens(scope="openid offline_access")
    flow, answer = await rp.authorize(rp.person())
    granted = await rp.redeem(
        flow,
        answer["code"],
        device_code="x",
        refresh_token=offline["refresh_token"],
        scope="openid email phone offline_access",
        username="bob",
        password="x",
    )
    assert granted.status_code == 200
    assert payload(granted.json()["access_token"])["sub"] == "enterprise-alice-id"
    assert granted.json()["scope"] == "openid email profile"
    assert "refresh_token" not in granted.json()
    # The other grant was not processed: its token is still the newest.
    await rp.refresh(offline["refresh_token"])
    world.clock.time += 31
    assert (await rp.refresh(offline["refresh_token"])).status_code == 400


async def test_tk_10_the_answer_of_a_success(world: World) -> None:
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), scope="openid email unknown")
    granted = await rp.redeem(flow, answer["code"])
    assert granted.headers["cache-control"] == "no-store"
    assert granted.headers["pragma"] == "no-cache"
    assert granted.headers["content-type"] == "application/json"
    assert granted.headers["x-content-type-options"] == "nosniff"
    members = granted.json()
    assert members["token_type"] == "Bearer"
    assert type(members["expires_in"]) is int
    assert members["scope"] == "openid email"


@pytest.mark.parametrize("code", list(ReasonCode), ids=lambda code: code.name.lower())
def test_tk_11_descriptions_keep_to_their_alphabet(code: ReasonCode) -> None:
    assert DESCRIPTION.fullmatch(code.value.text)


@pytest.mark.parametrize("canary", ["<canary>", 'ca"nary\\', "canary\r\nx: y", "canaryé"])
async def test_tk_11_no_answer_echoes_its_request(world: World, canary: str) -> None:
    names = ["grant_type", "client_id", "client_secret", "scope", "code", "refresh_token"]
    for name in names:
        async with unharmed(world):
            answer = await post(world, TOKEN, encode({**GRANT, name: canary}))
            if answer.status_code == 200:
                assert name in ("scope", "code", "refresh_token")  # unknown here, and ignored
                continue
            is_json(answer, answer.status_code, answer.json()["error"])
            assert answer.status_code in (400, 401)
            assert "canary" not in answer.text
            assert "canary" not in str(answer.headers)


# Those at the end are a server's and a telephone's redirect URIs: no page is there.
STRANGERS = ["https://evil.test", "null", "http://localhost:9400", "*", "é"]
STRANGERS += ["https://rp.example", "http://127.0.0.1", "https://spa.example.evil.test"]
READ_BY_SCRIPTS = ("token", "token/revocation", "token/introspection", "me", "request")


@pytest.mark.parametrize("origin", STRANGERS)
async def test_tk_12_no_script_of_another_site_reads_tokens(world: World, origin: str) -> None:
    preflight = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ]
    for name in (*READ_BY_SCRIPTS, "auth", "logout"):
        path = path_of(ENTERPRISE, name)
        answers = [
            await post(world, path, encode(GRANT), headers=[("origin", origin)]),
            await send(world, "OPTIONS", path, headers=preflight),
        ]
        for answer in answers:
            check_answer(answer)
            assert "access-control-allow-origin" not in answer.headers
            assert "access-control-allow-credentials" not in answer.headers


async def test_tk_13_client_credentials_give_no_person(world: World) -> None:
    """openid is let through: the contract's own tools send it. Nothing comes of it."""
    rp = RelyingParty(world)
    granted = await rp.token(grant_type="client_credentials", scope="openid offline_access profile")
    members = granted.json()
    assert not {"id_token", "refresh_token"} & set(members)
    assert members["scope"] == "openid profile"
    claims = payload(members["access_token"])
    assert not {"auth_time", "acr", "amr", "sid", "email", "name"} & set(claims)
    assert claims["sub"] == "web"


async def test_tk_13_and_no_scope_that_the_client_has_not(world: World) -> None:
    await world.add_client(a_client("small", ENTERPRISE, scopes=frozenset({"openid"})))
    rp = RelyingParty(world, client_id="small")
    async with unharmed(world):
        for scope in ("email", "openid email", 'openid "', "a" * 300):
            answer = await rp.token(grant_type="client_credentials", scope=scope)
            if scope == "a" * 300 or '"' in scope or "email" in scope:
                is_json(answer, 400, "invalid_scope")


async def test_tk_14_a_client_that_is_switched_off(world: World) -> None:
    await change_client(world, "service", disabled_at=START)
    rp = RelyingParty(world, client_id="service")
    async with unharmed(world):
        is_json(await rp.token(grant_type="client_credentials"), 401, "invalid_client")


async def test_tk_15_no_client_can_be_named_like_a_person(world: World) -> None:
    person = await world.user_id("alice")
    client = a_client(person, ENTERPRISE)
    with pytest.raises(ManagementError):
        await create_client(world.store, ENTERPRISE, client, START, master_key=find_master_key)
    free = replace(client, client_id="free", auth_method=AuthMethod.NONE, secrets=())
    free = replace(free, grant_types=frozenset({"authorization_code"}))
    issued = await create_client(world.store, ENTERPRISE, free, START, master_key=find_master_key)
    assert issued.secret is None


async def test_tk_15_a_clients_token_is_nobodys(world: World) -> None:
    """Even if the names met: userinfo of a token without an authorization is refused."""
    await world.add_client(a_client("enterprise-alice-id", ENTERPRISE))
    rp = RelyingParty(world, client_id="enterprise-alice-id")
    token = (await rp.token(grant_type="client_credentials", scope="openid")).json()
    assert (await rp.userinfo(token["access_token"])).status_code == 403


@pytest.mark.parametrize(
    "resource", ["https://api.evil.test", "https://api.example.com#x", "not a URI", ENTERPRISE.url]
)
async def test_tk_16_a_resource_changes_no_token(world: World, resource: str) -> None:
    """RFC 8707 is not spoken here, and clients that do are not turned away: nothing comes of it."""
    rp = RelyingParty(world)
    flow, answer = await rp.authorize(rp.person(), scope="openid offline_access", resource=resource)
    first = (await rp.redeem(flow, answer["code"], resource=resource)).json()
    second = (await rp.refresh(first["refresh_token"], resource=resource)).json()
    own = (await rp.token(grant_type="client_credentials", resource=resource)).json()
    for tokens in (first, second, own):
        assert payload(tokens["access_token"])["aud"] == ENTERPRISE.url
        assert "evil" not in str(payload(tokens["access_token"]))


async def test_tk_16_five_hundred_resources(world: World) -> None:
    """Two are fine, since it is the one parameter that may come again."""
    for count, status in ((2, 200), (500, 400)):
        many = b"&".join([b"resource=https%3A%2F%2Fapi.example.com"] * count)
        assert (await post(world, TOKEN, encode(GRANT, many))).status_code == status
