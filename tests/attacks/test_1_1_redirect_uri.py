"""Catalogue section 1.1: client and redirect_uri."""

from urllib.parse import urlsplit

import pytest

from ostiary.domain.client import ApplicationType, AuthMethod
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import check_registrable
from tests.attacks.aftermath import rows_of, unharmed
from tests.attacks.expected import is_page, is_redirect
from tests.attacks.operating import change_client, remove_client
from tests.attacks.wire import ask, encode, path_of, post, send
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ENTERPRISE, PASSWORD, World, a_client

CB = "https://rp.example/cb"
PUBLIC = {"auth_method": AuthMethod.NONE, "secrets": ()}


@pytest.mark.parametrize(
    "client_id", ["nobody", "WEB", "web ", " web", "web\u200b", "w\u0435b", "*"]
)
async def test_ru_01_unknown_client(world: World, client_id: str) -> None:
    async with unharmed(world):
        is_page(await ask(world, RelyingParty(world).begin(client_id=client_id).sent))


@pytest.mark.parametrize("value", [None, ""])
async def test_ru_01_no_client(world: World, value: str | None) -> None:
    async with unharmed(world):
        is_page(await ask(world, RelyingParty(world).begin(client_id=value).sent))


async def test_ru_02_disabled_client(world: World) -> None:
    await change_client(world, "other", disabled_at=1)
    rp = RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")
    async with unharmed(world):
        is_page(await ask(world, rp.begin().sent))


UNREGISTERED = [
    ("RU-03", "https://elsewhere.example/cb"),
    ("RU-04 slash added", CB + "/"),
    ("RU-04 upper-case path", "https://rp.example/CB"),
    ("RU-04 last letter gone", CB[:-1]),
    ("RU-05 query added", CB + "?x=1"),
    ("RU-05 empty query", CB + "?"),
    ("RU-05 empty fragment", CB + "#"),
    ("RU-05 fragment", CB + "#x"),
    ("RU-06 suffix of the host", "https://rp.example.evil.test/cb"),
    ("RU-06 user name", "https://rp.example@evil.test/cb"),
    ("RU-06 user name before", "https://evil.test@rp.example/cb"),
    ("RU-06 in the path", "https://evil.test/rp.example/cb"),
    ("RU-07 dots", CB + "/../admin"),
    ("RU-07 encoded dots", CB + "/%2e%2e/admin"),
    ("RU-07 dots that cancel", "https://rp.example/x/../cb"),
    ("RU-07 backslashes", "https://rp.example\\..\\cb"),
    ("RU-07 path parameter", CB + ";x=1"),
    ("RU-07 double slash", "https://rp.example//cb"),
    ("RU-08 homograph", "https://rp.ex\u0430mple/cb"),
    ("RU-08 punycode", "https://xn--rp-exmple-1xg.example/cb"),
    ("RU-08 full-width dot", "https://rp\uff0eexample/cb"),
    ("RU-08 full-width letters", "https://\uff52\uff50.example/cb"),
    ("RU-08 ideographic full stop", "https://rp\u3002example/cb"),
    ("RU-09 upper-case host", "https://RP.example/cb"),
    ("RU-09 upper-case scheme", "HTTPS://rp.example/cb"),
    ("RU-09 default port", "https://rp.example:443/cb"),
    ("RU-09 encoded host", "https://rp%2Eexample/cb"),
    ("RU-09 encoded path", "https://rp.example/c%62"),
    ("RU-09 trailing dot", "https://rp.example./cb"),
    ("RU-09 other scheme", "http://rp.example/cb"),
    ("RU-14 javascript", "javascript:alert(1)"),
    ("RU-14 data", "data:text/html,x"),
    ("RU-14 vbscript", "vbscript:x"),
    ("RU-14 file", "file:///etc/passwd"),
    ("RU-14 about", "about:blank"),
    ("RU-15 CR LF", CB + "\r\nSet-Cookie: a=b"),
    ("RU-15 LF", "\n" + CB),
    ("RU-15 tab", "https://rp.exa\tmple/cb"),
    ("RU-15 space", CB + " "),
    ("RU-15 space before", " " + CB),
    ("RU-15 backslash", CB + "\\"),
    ("RU-15 line separator", CB + "\u2028"),
    ("RU-16 another client's", "https://other.example/cb"),
    ("RU-03 relative", "/cb"),
    ("RU-03 without scheme", "//rp.example/cb"),
    ("RU-03 very long", CB + "a" * 50_000),
    ("RU-03 empty", ""),
]


@pytest.mark.parametrize("redirect_uri", [pytest.param(uri, id=name) for name, uri in UNREGISTERED])
async def test_redirect_uri_is_compared_to_the_letter(world: World, redirect_uri: str) -> None:
    flow = RelyingParty(world).begin(redirect_uri=redirect_uri)
    async with unharmed(world):
        page = is_page(await ask(world, flow.sent))
        assert "<script>" not in page.html


async def test_ru_15_nul(world: World) -> None:
    sent = RelyingParty(world).begin(redirect_uri=None).sent
    async with unharmed(world):
        is_page(await ask(world, sent, b"redirect_uri=https%3A%2F%2Frp.example%2Fcb%00"))


REGISTERED_WITH_QUERY = "https://query.example/cb?tenant=1"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        pytest.param("https://query.example/cb", id="RU-05 registered query gone"),
        pytest.param("https://query.example/cb?tenant=2", id="RU-05 registered query changed"),
        pytest.param("https://query.example/cb?tenant=1&x=1", id="RU-05 registered query longer"),
        pytest.param("https://query.example/cb?TENANT=1", id="RU-05 registered query in capitals"),
    ],
)
async def test_a_registered_query_is_part_of_the_uri(world: World, redirect_uri: str) -> None:
    client = await world.add_client(
        a_client("query", ENTERPRISE, redirect_uris=(REGISTERED_WITH_QUERY,))
    )
    async with unharmed(world):
        flow = RelyingParty.of(world, client).begin(redirect_uri=redirect_uri)
        is_page(await ask(world, flow.sent))
    honest = await ask(world, RelyingParty.of(world, client).begin(prompt="none").sent)
    assert honest.headers["location"].startswith(f"{REGISTERED_WITH_QUERY}&error=")


@pytest.mark.parametrize("port", ["", ":1", ":49152", ":65535"])
async def test_ru_10_any_port_on_a_loopback_literal(world: World, port: str) -> None:
    uri = f"http://127.0.0.1{port}/cb"
    rp = RelyingParty(world, client_id="native", redirect_uri=uri, secret=None)
    flow, answer = await rp.authorize(rp.person())
    assert "code" in answer
    assert (await rp.redeem(flow, answer["code"])).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://localhost:4000/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://127.0.0.1:4000@evil.test/cb",
        "http://127.0.0.1:4000.evil.test/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:4000/cb/",
        "http://127.0.0.1:4000/cb?x=1",
        "http://127.0.0.1:4000/CB",
        "http://127.0.0.2:4000/cb",
        "http://127.1:4000/cb",
        "http://2130706433:4000/cb",
        "http://[::1]:4000/cb",
        "https://127.0.0.1:4000/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:123456/cb",
        "com.example.app:/cb/x",
        "com.example.app://cb",
        "COM.example.app:/cb",
    ],
)
async def test_ru_11_nothing_else_of_a_loopback_uri_may_differ(
    world: World, redirect_uri: str
) -> None:
    rp = RelyingParty(world, client_id="native", redirect_uri=redirect_uri, secret=None)
    async with unharmed(world):
        is_page(await ask(world, rp.begin().sent))


@pytest.mark.parametrize("port", ["\uff11\uff12", "\u0661", "\u096d\u096d"])
async def test_ru_11_a_port_is_ascii_digits(world: World, port: str) -> None:
    uri = f"http://127.0.0.1:{port}/cb"
    rp = RelyingParty(world, client_id="native", redirect_uri=uri, secret=None)
    async with unharmed(world):
        is_page(await ask(world, rp.begin(prompt="none").sent))


async def test_ru_11_the_port_is_fixed_for_clients_that_are_not_native(world: World) -> None:
    client = await world.add_client(
        a_client("loop", ENTERPRISE, redirect_uris=("http://127.0.0.1:8080/cb",))
    )
    flow = RelyingParty.of(world, client).begin(redirect_uri="http://127.0.0.1:9999/cb")
    async with unharmed(world):
        is_page(await ask(world, flow.sent))


@pytest.mark.parametrize(
    "redirect_uri", ["https://rpxexample/cb", "https://rp.example/cbb", "https://rp.example/cbXX"]
)
async def test_ru_12_a_registered_uri_is_no_pattern(world: World, redirect_uri: str) -> None:
    registered = ("https://rp.example/cb", "https://rp.example/cb+", "https://rp.example/cb(.*)")
    client = await world.add_client(a_client("regex", ENTERPRISE, redirect_uris=registered))
    flow = RelyingParty.of(world, client).begin(redirect_uri=redirect_uri)
    async with unharmed(world):
        is_page(await ask(world, flow.sent))


@pytest.mark.parametrize("registered", [(CB,), (CB, "https://rp.example/second")])
async def test_ru_13_redirect_uri_is_never_guessed(
    world: World, registered: tuple[str, ...]
) -> None:
    await world.add_client(a_client("several", ENTERPRISE, redirect_uris=registered))
    flow = RelyingParty(world, client_id="several").begin(redirect_uri=None)
    async with unharmed(world):
        is_page(await ask(world, flow.sent))


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "javascript:/cb",
        "data:text/html,x",
        "vbscript:x",
        "file:///x",
        "about:blank",
        "blob:https://rp.example/x",
        "http://rp.example/cb",
        "https://rp.example/cb#x",
        "https://rp.example/cb#",
        "https://user@rp.example/cb",
        "https://*.rp.example/cb",
        "https://rp.example/c b",
        "https://rp.example/\u00e9",
        "https://rp.example\\@evil.test/",
        "https:///cb",
        "https://rp.example:99999/cb",
        "https://[::1/cb",
        "//rp.example/cb",
        "https://rp.example/\r\n",
        "",
    ],
)
def test_ru_14_what_may_never_be_registered(uri: str, native: bool) -> None:
    with pytest.raises(Malformed):
        check_registrable(uri, native=native)


@pytest.mark.parametrize("order", [0, 1])
async def test_ru_17_two_redirect_uris(world: World, order: int) -> None:
    flow = RelyingParty(world).begin(redirect_uri=None)
    both = [encode({"redirect_uri": CB}), encode({"redirect_uri": "https://evil.test/cb"})]
    async with unharmed(world):
        is_page(await ask(world, flow.sent, b"&".join(both[:: -1 if order else 1])))


async def test_ru_17_the_same_redirect_uri_twice(world: World) -> None:
    flow = RelyingParty(world).begin()
    async with unharmed(world):
        is_page(await ask(world, flow.sent, encode({"redirect_uri": CB})))
        is_page(await ask(world, flow.sent, b"redirect_uri="))


async def test_ru_17_redirect_uri_in_query_and_body(world: World) -> None:
    flow = RelyingParty(world).begin()
    evil = encode({"redirect_uri": "https://evil.test/cb"})
    async with unharmed(world):
        is_page(await post(world, path_of(ENTERPRISE, "auth"), encode(flow.sent), query=evil))
        is_page(await post(world, path_of(ENTERPRISE, "auth"), evil, query=encode(flow.sent)))


@pytest.mark.parametrize("change", ["uri deleted", "disabled", "removed"])
@pytest.mark.parametrize("at", ["page", "consent"])
async def test_ru_18_client_changed_while_the_person_is_asked(
    world: World, change: str, at: str
) -> None:
    rp = RelyingParty(world, client_id="other", redirect_uri="https://other.example/cb")
    person = await rp.person().open(rp.begin().url)
    await person.sign_in("alice", PASSWORD)
    if change == "uri deleted":
        await change_client(world, "other", redirect_uris=("https://other.example/new",))
    elif change == "disabled":
        await change_client(world, "other", disabled_at=1)
    else:
        await remove_client(world, "other")
    codes = rows_of(world, "authorizations")
    if at == "consent":
        await person.press("allow")
    else:
        await person.open(person.page.url)
    assert person.left_to is None
    assert person.page.status == 400
    assert rows_of(world, "authorizations") == codes


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "openid \x01"},
        {"response_type": "token"},
        {"prompt": "none login"},
        {"request": "x"},
        {"response_mode": "web_message"},
        {"max_age": "x"},
    ],
)
async def test_ru_19_no_redirect_before_the_address_is_proved(
    world: World, changes: dict[str, str]
) -> None:
    rp = RelyingParty(world)
    async with unharmed(world):
        bad = rp.begin(redirect_uri="https://evil.test/cb", **changes)
        is_page(await ask(world, bad.sent))
        is_page(await ask(world, rp.begin(client_id="nobody", **changes).sent))
        answer = await ask(world, rp.begin(**changes).sent)
        assert urlsplit(answer.headers["location"]).netloc == "rp.example"


async def test_a_client_id_with_markup_is_shown_as_text(world: World) -> None:
    flow = RelyingParty(world).begin(client_id="<script>alert(1)</script>\"'{{7*7}}")
    async with unharmed(world):
        page = is_page(await ask(world, flow.sent))
        assert "<script>alert" not in page.html
        assert "{{7*7}}" in page.text


async def test_native_clients_are_native(world: World) -> None:
    client = await world.store.clients.find("enterprise", "native")
    assert client is not None
    assert client.application_type is ApplicationType.NATIVE


async def test_a_private_use_scheme_gets_its_answer(world: World) -> None:
    rp = RelyingParty(world, client_id="native", redirect_uri="com.example.app:/cb", secret=None)
    flow = rp.begin(prompt="none")
    is_redirect(await ask(world, flow.sent), flow, "login_required")


async def test_head_gives_no_code(world: World) -> None:
    """A method that is called safe must not begin anything."""
    flow = RelyingParty(world).begin(prompt="none")
    answer = await send(world, "HEAD", path_of(ENTERPRISE, "auth"), encode(flow.sent))
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
