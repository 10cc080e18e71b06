"""Catalogue section 12 as far as it is about what a header says: who asks, by which host and scheme."""

import ast
import re
from base64 import b64encode

import httpx2
import pytest

from ostiary.domain.issuer import Environment, Issuer
from ostiary.web.routes import WELL_KNOWN, endpoint_paths
from tests.architecture.source import MODULES
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer, is_json, is_page
from tests.attacks.operating import add_issuer
from tests.attacks.wire import FORM, Headers, encode, path_of, post, resubmit, send
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, PASSWORD, SECRET, World

# What a proxy would say, from somebody who is none.
FORWARDED = {
    "Forwarded": "for=198.51.100.7;host=evil.test;proto=https;by=evil.test",
    "X-Forwarded-For": "198.51.100.7",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Server": "evil.test",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Scheme": "https",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "198.51.100.7",
    "True-Client-IP": "198.51.100.7",
    "X-Host": "evil.test",
    "X-HTTP-Host-Override": "evil.test",
    "X-Original-Host": "evil.test",
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
    "X-HTTP-Method-Override": "DELETE",
    "Front-End-Https": "on",
    "X-Ssl-Cert": "evil-certificate",
    "X-Forwarded-Client-Cert": "Subject=evil",
    "X-Forwarded-User": "evil-user",
    "Remote-User": "evil-user",
}
# In what differs from one answer to the next: references, identifiers, tokens.
CHANCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{4}|[A-Za-z0-9_-]{20,}")
PAGES = ("/logout", "/openapi", "/openapi.json", "/interaction/AAAAAAAAAAAAAAAAAAAAAA")


def paths_of(issuer: Issuer) -> list[str]:
    """Every address of an issuer: those of the registry of endpoints, and its pages."""
    return [path for path, _ in endpoint_paths(issuer)] + [
        f"{issuer.base_path}{page}" for page in PAGES
    ]


def fixed(answer: httpx2.Response) -> tuple[object, ...]:
    headers = [
        (name, CHANCE.sub("*", value))
        for name, value in answer.headers.items()
        if name not in {"date", "x-request-id"}
    ]
    # A sandbox's page of an error names the request, as the header does.
    text = answer.text.replace(answer.headers["x-request-id"], "*")
    return answer.status_code, CHANCE.sub("*", text), headers


async def ask_everything(
    world: World, issuer: Issuer, headers: Headers
) -> dict[str, httpx2.Response]:
    """Each address, as a browser and as a client asks it."""
    party = RelyingParty(world, issuer)
    visit = encode(party.begin(state="state", nonce="nonce").sent)
    form = encode(
        {"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET}
        | {"token": "none"}  # for revocation and introspection
    )
    answers = {}
    for path in paths_of(issuer):
        query = visit if path.endswith("/auth") else b""
        answers[f"GET {path}"] = await send(
            world, "GET", path, query, headers=headers, issuer=issuer
        )
        answers[f"POST {path}"] = await post(world, path, form, headers=headers, issuer=issuer)
    return answers


async def check_nothing_changes(world: World, issuer: Issuer, forged: Headers) -> None:
    honest = await ask_everything(world, issuer, ())
    told = await ask_everything(world, issuer, forged)
    assert {name: fixed(answer) for name, answer in told.items()} == {
        name: fixed(answer) for name, answer in honest.items()
    }
    await world.ostiary.beside.drain()
    assert {answer.status_code for answer in told.values()} >= {200, 303, 400, 401, 405}
    content = b"".join(each.read_bytes() for each in world.path.parent.glob("ostiary.db*"))
    assert b"evil" not in content
    assert b"198.51.100.7" not in content


@pytest.mark.parametrize("issuer", [ENTERPRISE, CONSUMER], ids=lambda each: str(each.issuer_id))
async def test_fw_01_what_a_proxy_would_say_changes_no_answer(world: World, issuer: Issuer) -> None:
    await check_nothing_changes(world, issuer, list(FORWARDED.items()))


@pytest.mark.parametrize("issuer", [ENTERPRISE, CONSUMER], ids=lambda each: str(each.issuer_id))
async def test_fw_02_nor_does_it_with_underscores(world: World, issuer: Issuer) -> None:
    forged = {name.replace("-", "_"): value for name, value in FORWARDED.items()}
    forged |= {"Authorization_": "Bearer x", "Sec_Fetch_Site": "cross-site", "D_PoP": "x"}
    forged |= {"Content_Type": "text/plain", "Content_Encoding": "gzip", "Content_Length": "1"}
    await check_nothing_changes(world, issuer, list(forged.items()))


async def test_fw_01_the_issuer_alone_says_whether_it_is_https(world: World) -> None:
    secure = await add_issuer(world, issuer_id="secure", url="https://id.example")
    visit = encode(RelyingParty(world, secure).begin().sent)
    for scheme in ("http", "https"):
        answer = await send(
            world,
            "GET",
            path_of(secure, "auth"),
            visit,
            headers=[("x-forwarded-proto", scheme), ("forwarded", f"proto={scheme}")],
            issuer=secure,
        )
        assert answer.headers["set-cookie"].startswith("__Host-")
        assert "; Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers


# ---- FW-04: one header, two values --------------------------------------------------------------

GRANT = {"grant_type": "client_credentials"}
FORM_TYPE = ("content-type", FORM)
BASIC = ("authorization", f"Basic {b64encode(f'web:{SECRET}'.encode()).decode()}")
ORIGIN = ("origin", "https://spa.example")


async def ask_for_token(world: World, *headers: tuple[str, str]) -> httpx2.Response:
    return await send(
        world, "POST", path_of(ENTERPRISE, "token"), headers=headers, body=encode(GRANT)
    )


async def find_discovery(world: World, *hosts: tuple[str, str]) -> httpx2.Response:
    return await send(world, "GET", WELL_KNOWN, headers=hosts, host="")


async def ask_as_script(world: World, *origins: tuple[str, str]) -> httpx2.Response:
    """Whether a script may read the answer: 200 when it may, as a browser sees it."""
    answer = await ask_for_token(world, FORM_TYPE, BASIC, *origins)
    return answer if "access-control-allow-origin" in answer.headers else httpx2.Response(403)


async def ask_first(world: World, *methods: tuple[str, str]) -> httpx2.Response:
    headers = [ORIGIN, *methods]
    return await send(world, "OPTIONS", path_of(ENTERPRISE, "token"), headers=headers)


async def sign_in(world: World, *sites: tuple[str, str]) -> httpx2.Response:
    person = await RelyingParty(world).person().open(RelyingParty(world).begin().url)
    await person.press("sign-in", username="alice")
    form = person.page.form_with("sign-in")
    values = {**form.values, "username": "alice", "password": PASSWORD}
    return await resubmit(world, person, form.action, values, headers=sites)


async def prove_a_key(world: World, *proofs: tuple[str, str]) -> httpx2.Response:
    return await ask_for_token(world, FORM_TYPE, BASIC, *proofs)


def proofs(world: World) -> list[tuple[str, str]]:
    url, key = ENTERPRISE.endpoint("token"), ClientKey.make()
    return [("dpop", key.proof("POST", url, world.clock.time)["dpop"]) for _ in range(2)]


async def test_fw_04_two_hosts_are_none(world: World) -> None:
    ours, theirs = ("host", ENTERPRISE.host), ("host", "evil.test")
    assert (await find_discovery(world, ours)).status_code == 200
    for hosts in ((ours, theirs), (theirs, ours), (ours, ours), ()):
        async with unharmed(world):
            is_page(await find_discovery(world, *hosts), 421)


async def test_fw_04_two_credentials_are_none(world: World) -> None:
    assert (await ask_for_token(world, FORM_TYPE, BASIC)).status_code == 200
    async with unharmed(world):
        is_json(await ask_for_token(world, FORM_TYPE, BASIC, BASIC), 401, "invalid_client")
    token = (await RelyingParty(world).tokens())["access_token"]
    bearer, me = ("authorization", f"Bearer {token}"), path_of(ENTERPRISE, "me")
    assert (await send(world, "GET", me, headers=[bearer])).status_code == 200
    assert (await send(world, "GET", me, headers=[bearer, bearer])).status_code == 400


async def test_fw_04_two_types_of_body_are_none(world: World) -> None:
    for other in (FORM_TYPE, ("content-type", "text/plain")):
        async with unharmed(world):
            is_json(await ask_for_token(world, FORM_TYPE, BASIC, other), 400, "invalid_request")


async def test_fw_04_two_proofs_are_none(world: World) -> None:
    one, other = proofs(world)
    assert (await prove_a_key(world, one)).json()["token_type"] == "DPoP"
    async with unharmed(world):
        is_json(await prove_a_key(world, *proofs(world)), 400, "invalid_dpop_proof")
        is_json(await prove_a_key(world, other, other), 400, "invalid_dpop_proof")


async def test_fw_04_two_origins_are_none(world: World) -> None:
    """Of a script that says two, nobody knows whose it is."""
    method = ("access-control-request-method", "POST")
    assert (await ask_as_script(world, ORIGIN)).status_code == 200
    assert (await ask_first(world, method)).status_code == 204
    for origins in ((ORIGIN, ("origin", "https://evil.test")), (ORIGIN, ORIGIN)):
        assert (await ask_as_script(world, *origins)).status_code == 403
    assert (await ask_first(world, method, method)).status_code == 405


async def test_fw_04_where_a_form_comes_from_is_said_once_or_counts_as_foreign(
    world: World,
) -> None:
    own, foreign = ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")
    assert (await sign_in(world, own)).status_code == 303
    for sites in ((foreign,), (own, foreign), (foreign, own), (foreign, foreign)):
        is_page(await sign_in(world, *sites), 403)


# Header -> why it is not among the tests above.
ELSEWHERE = {
    "accept": "a list, whose lines are one",
    "content-encoding": "refused whatever it says",
    "content-length": "the server refuses two; the body is counted as it comes",
    "cert": "no header: a part of Envoy's",
    "traceparent": "believed from a trusted proxy alone, as are the headers of test_12_proxies.py",
    "cookie": "HTTP/2 splits it into lines, which are one",
}


def headers_read() -> set[str]:
    """Every header that the source names where it reads one."""
    calls = {"header", "header_values"}
    return {
        argument.value.decode()
        for module in MODULES
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Call) and getattr(node.func, "attr", "") in calls)
        or isinstance(node, ast.Compare)
        for argument in [*getattr(node, "args", []), *getattr(node, "comparators", [])]
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, bytes)
        and module.layer in {"web", "provider"}
        and re.fullmatch(rb"[a-z][a-z-]+", argument.value)
    }


def test_fw_04_no_header_is_read_that_is_not_looked_at_here() -> None:
    tested = {"host", "authorization", "content-type", "dpop", "origin", "sec-fetch-site"}
    tested |= {"access-control-request-method"}
    assert headers_read() == tested | set(ELSEWHERE)


# ---- FW-09, FW-10 -------------------------------------------------------------------------------

STRANGERS = [
    "evil.test",
    "localhost",
    "localhost:94000",
    "localhost:9400.",
    "localhost:9400.evil.test",
    "localhost:9400@evil.test",
    "evil.test@localhost:9400",
    "localhost:9400,evil.test",
    "localhost:9400 evil.test",
    "localhost:9400/",
    "[::1]:9400",
    "localhost:9400\u00a0",
    "\uff4cocalhost:9400".encode().decode("latin-1"),
]


@pytest.mark.parametrize("host", STRANGERS)
async def test_fw_09_no_address_answers_at_an_unknown_host(world: World, host: str) -> None:
    async with unharmed(world):
        for path in paths_of(ENTERPRISE):
            for method in ("GET", "POST", "OPTIONS", "DELETE"):
                answer = await send(world, method, path, host=host)
                check_answer(answer)
                assert answer.status_code == 421, (method, path)
                assert "set-cookie" not in answer.headers
                assert "evil" not in answer.text
                assert ENTERPRISE.name not in answer.text


async def test_fw_09_a_host_is_the_same_in_capitals(world: World) -> None:
    assert (await send(world, "GET", WELL_KNOWN, host="LocalHost:9400")).status_code == 200


@pytest.fixture
async def secure(world: World) -> Issuer:
    return await add_issuer(
        world,
        issuer_id="secure",
        url="https://id.example",
        environment=Environment.PRODUCTION,
    )


async def test_fw_10_every_answer_of_an_https_issuer_asks_for_https_alone(
    world: World, secure: Issuer
) -> None:
    answers = await ask_everything(world, secure, ())
    answers["style"] = await send(world, "GET", "/static/ostiary.css", issuer=secure)
    answers["none"] = await send(world, "GET", "/none", issuer=secure)
    for name, answer in answers.items():
        assert answer.headers.get_list("strict-transport-security") == [
            "max-age=63072000; includeSubDomains"
        ], name


async def test_fw_10_pages_load_nothing_by_plain_http(world: World, secure: Issuer) -> None:
    """Nor from anywhere else: each source is of our own host, by the scheme of the page."""
    rp = RelyingParty(world, secure)
    person = await rp.person().open(rp.begin().url)
    pages = [person.page.html]
    await person.sign_in("alice", PASSWORD)
    pages.append(person.page.html)
    for path in ("/logout", "/openapi", "/nothing"):
        await person.open(f"{secure.url}{secure.base_path}{path}")
        pages.append(person.page.html)
    for page in pages:
        sources = re.findall(r'(?:src|<link[^>]*href|action)="([^"]*)"', page)
        assert sources
        assert not [each for each in sources if not each.startswith("/") or each[:2] == "//"]
        assert 'rel="stylesheet"' in page
