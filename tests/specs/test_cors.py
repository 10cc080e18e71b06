"""CORS: what scripts of other origins may read. RFC 9700 §2.6, RFC 6454, WHATWG Fetch."""

import httpx2
import pytest

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.storage.database import StoreUnavailable
from tests.kit.relying_party import RelyingParty
from tests.kit.world import CONSUMER, ENTERPRISE, World, a_client
from tests.specs.wire import get, post, post_token, reason_of

pytestmark = pytest.mark.spec("RFC 9700 §2.6")

SPA = "https://spa.example"
EXPOSED = "DPoP-Nonce, WWW-Authenticate, Ostiary-Reference, Retry-After"
READABLE = ("token", "me", "request", "token/revocation")


def cors_headers(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "access-control" in name}


def is_readable(answer: httpx2.Response, origin: str = SPA) -> None:
    assert cors_headers(answer) == {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": EXPOSED,
    }
    assert answer.headers["vary"] == "Origin"


async def preflight(
    world: World, issuer: Issuer, url: str, origin: str = SPA, method: str = "POST"
) -> httpx2.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type,dpop",
    }
    async with world.http(issuer) as http:
        return await http.request("OPTIONS", url, headers=headers)


@pytest.mark.parametrize("name", READABLE)
async def test_preflight_of_a_registered_origin_is_answered(rp: RelyingParty, name: str) -> None:
    """A public client's pages are where its redirect URIs are: they may ask, with a DPoP proof too."""
    answer = await preflight(rp.world, rp.issuer, rp.issuer.endpoint(name))
    methods = "GET, POST" if name == "me" else "POST"
    assert answer.status_code == 204
    assert answer.content == b""
    assert cors_headers(answer) == {
        "access-control-allow-origin": SPA,
        "access-control-allow-methods": methods,
        "access-control-allow-headers": "Authorization, Content-Type, DPoP",
        "access-control-max-age": "3600",
    }
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("origin", ["https://evil.test", "https://rp.example", "null", "*"])
async def test_preflight_of_another_origin_is_refused_and_explained(
    rp: RelyingParty, name: str, origin: str
) -> None:
    """A confidential client's redirect URIs are a server's, so its origin is nobody's page."""
    answer = await preflight(rp.world, rp.issuer, rp.issuer.endpoint(name), origin)
    assert answer.status_code == 403
    assert cors_headers(answer) == {}
    reason = await reason_of(rp.world, rp.issuer, answer.headers)
    assert reason is ReasonCode.ORIGIN_UNREGISTERED


async def test_tokens_can_be_read_by_a_registered_origin(spa: RelyingParty) -> None:
    """What a single-page application needs: the code exchange, and userinfo after it."""
    flow, response = await spa.authorize(spa.person())
    form = {
        "grant_type": "authorization_code",
        "client_id": "spa",
        "code": response["code"],
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    answer = await post_token(spa, form, origin=SPA)
    assert answer.status_code == 200
    is_readable(answer)
    bearer = f"Bearer {answer.json()['access_token']}"
    userinfo = await get(
        spa.world, spa.issuer, spa.issuer.endpoint("me"), origin=SPA, authorization=bearer
    )
    assert userinfo.status_code == 200
    is_readable(userinfo)


async def test_refusals_can_be_read_too(spa: RelyingParty) -> None:
    """A script has to see why: 400, 401 with its challenge, and a wrong method alike."""
    is_readable(await post_token(spa, {"client_id": "spa"}, origin=SPA))
    is_readable(await post_token(spa, {"client_id": "nobody"}, origin=SPA))
    challenged = await get(spa.world, spa.issuer, spa.issuer.endpoint("me"), origin=SPA)
    assert challenged.status_code == 401
    assert "www-authenticate" in challenged.headers
    is_readable(challenged)
    wrong_method = await get(spa.world, spa.issuer, spa.issuer.endpoint("token"), origin=SPA)
    assert wrong_method.status_code == 405
    is_readable(wrong_method)


async def test_being_busy_can_be_read_too(
    spa: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, once the origin has been looked up; before that it cannot be known."""
    is_readable(await post_token(spa, {"client_id": "spa"}, origin=SPA))
    tokens = await spa.tokens()

    async def busy(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(type(spa.world.store.database), "read_one", busy)
    bearer = f"Bearer {tokens['access_token']}"
    me = spa.issuer.endpoint("me")
    answer = await get(spa.world, spa.issuer, me, origin=SPA, authorization=bearer)
    assert answer.status_code == 503
    is_readable(answer)
    unknown = await get(
        spa.world, spa.issuer, me, origin="https://new.example", authorization=bearer
    )
    assert unknown.status_code == 503
    assert cors_headers(unknown) == {}


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://spa.example.evil.test"])
async def test_answers_to_another_origin_say_nothing_about_reading(
    spa: RelyingParty, origin: str
) -> None:
    """The request itself is answered as ever: CORS guards readers, not us."""
    answer = await post_token(spa, {"client_id": "spa"}, origin=origin)
    assert answer.status_code == 400
    assert cors_headers(answer) == {}


@pytest.mark.spec("RFC 6454 §6.2")
@pytest.mark.parametrize(
    "origin",
    [
        "HTTPS://SPA.EXAMPLE",
        "https://spa.example/",
        "https://spa.example:443",
        "https://spa.example.",
        "spa.example",
    ],
)
async def test_origin_is_compared_as_browsers_write_it(spa: RelyingParty, origin: str) -> None:
    """Lower case, no path, no default port: no browser sends anything else."""
    assert cors_headers(await post_token(spa, {"client_id": "spa"}, origin=origin)) == {}


async def test_one_origin_is_one_header(spa: RelyingParty) -> None:
    """Of two there is no saying who asks."""
    url = spa.issuer.endpoint("token")
    async with spa.world.http(spa.issuer) as http:
        headers = [("origin", SPA), ("origin", SPA)]
        answer = await http.post(url, data={"client_id": "spa"}, headers=headers)
    assert cors_headers(answer) == {}


async def test_origins_of_a_confidential_client_are_those_that_it_registers(
    rp: RelyingParty,
) -> None:
    """web_origins, to the letter, and at this issuer alone."""
    client = a_client("portal", rp.issuer, web_origins=("https://portal.example:8443",))
    await rp.world.add_client(client, rp.issuer)
    url = rp.issuer.endpoint("token")
    is_readable(
        await post(rp.world, rp.issuer, url, "", origin="https://portal.example:8443"),
        "https://portal.example:8443",
    )
    for origin in ("https://portal.example", "http://portal.example:8443"):
        assert cors_headers(await post(rp.world, rp.issuer, url, "", origin=origin)) == {}


async def test_origin_of_another_issuers_client_is_not_registered(world: World) -> None:
    """The issuer is part of the question."""
    await world.add_client(a_client("portal", ENTERPRISE, web_origins=("https://p.example",)))
    other = RelyingParty(world, ENTERPRISE)
    answer = await post_token(other, {}, origin="https://p.example")
    assert cors_headers(answer) != {}
    answer = await post_token(RelyingParty(world, CONSUMER), {}, origin="https://p.example")
    assert cors_headers(answer) == {}


async def test_loopback_address_of_an_app_on_a_device_is_no_origin(rp: RelyingParty) -> None:
    """Whatever else listens on the person's machine, it is not the application's page."""
    answer = await post_token(rp, {}, origin="http://127.0.0.1")
    assert cors_headers(answer) == {}


async def test_change_of_a_client_changes_its_origins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same change, and a running provider follows: what it remembers goes with it."""
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)
    party, old, new = RelyingParty(world), "https://old.example", "https://new.example"
    client = await world.add_client(a_client("portal", ENTERPRISE, web_origins=(old,)))
    is_readable(await post_token(party, {}, origin=old), old)
    assert cors_headers(await post_token(party, {}, origin=new)) == {}
    changed = a_client("portal", ENTERPRISE, web_origins=(new,))
    await world.replace_client(client, changed)
    assert cors_headers(await post_token(party, {}, origin=old)) == {}
    is_readable(await post_token(party, {}, origin=new), new)


@pytest.mark.parametrize("origin", [SPA, "https://evil.test", "null", None])
async def test_metadata_is_for_everybody(rp: RelyingParty, origin: str | None) -> None:
    """Discovery and keys are public: readable by all, with no credentials, cached for all."""
    headers = {} if origin is None else {"origin": origin}
    for url in (
        f"{rp.issuer.url}/.well-known/openid-configuration",
        rp.issuer.endpoint("jwks"),
    ):
        answer = await get(rp.world, rp.issuer, url, **headers)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "vary" not in answer.headers
        asked = await preflight(rp.world, rp.issuer, url, origin or SPA, method="GET")
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-methods"] == "GET"


async def test_authorization_endpoint_and_pages_are_for_nobodys_script(spa: RelyingParty) -> None:
    """CORS must not be supported at the authorization endpoint; introspection is for servers."""
    introspection = spa.issuer.endpoint("token/introspection")
    for url in (spa.begin().url, spa.issuer.endpoint("logout"), introspection):
        assert cors_headers(await get(spa.world, spa.issuer, url, origin=SPA)) == {}
        asked = await preflight(spa.world, spa.issuer, url, method="GET")
        assert asked.status_code == 405
        assert cors_headers(asked) == {}


async def test_credentials_are_never_asked_for(spa: RelyingParty) -> None:
    """No Allow-Credentials anywhere: cookies stay at home."""
    for name in READABLE:
        answer = await post(spa.world, spa.issuer, spa.issuer.endpoint(name), "", origin=SPA)
        assert "access-control-allow-credentials" not in answer.headers
