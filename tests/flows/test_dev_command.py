"""What `ostiary dev` promises a script: its JSON, its hosts, its documents, its probes, its end."""

import json
import re
import socket
import time
import uuid
from pathlib import Path

import httpx2
import jwt
import pytest

from tests.flows.application import (
    WELL_KNOWN,
    Application,
    demo_application,
    discover,
    go_through,
    netloc,
)
from tests.flows.conftest import NewBrowser
from tests.flows.dev_server import DevServer, serving
from tests.kit.person import Person

BASE_PATH = "/a/oidc-provider/api/v0"
OAUTH = "/.well-known/oauth-authorization-server"

# issuer -> where its metadata stands at its host
DOCUMENTS = {
    "enterprise": (
        WELL_KNOWN,
        OAUTH,
        f"{BASE_PATH}{WELL_KNOWN}",
        f"{BASE_PATH}{OAUTH}",
    ),
    "consumer": (
        f"{BASE_PATH}{WELL_KNOWN}",
        f"{BASE_PATH}{OAUTH}",
        WELL_KNOWN,
        OAUTH,
        f"{WELL_KNOWN}{BASE_PATH}",  # the path-inserted forms of RFC 8414 §3, §5
        f"{OAUTH}{BASE_PATH}",
    ),
}


def test_json_is_what_the_design_says(server: DevServer) -> None:
    said = server.said
    assert set(said) == {"issuers", "clients", "users", "urls"}
    assert said["issuers"] == [
        {"name": "enterprise", "issuer": f"http://localhost:{server.port}"},
        {"name": "consumer", "issuer": f"http://127.0.0.1:{server.port}{BASE_PATH}"},
    ]
    assert [client["client_id"] for client in said["clients"]] == [
        "demo-web",
        "demo-spa",
        "demo-native",
        "demo-service",
    ]
    assert server.client("demo-web") == {
        "client_id": "demo-web",
        "client_secret": "demo-web-secret",
        "redirect_uris": ["http://localhost:8080/auth/cb"],
    }
    assert server.client("demo-spa") == {
        "client_id": "demo-spa",
        "redirect_uris": ["http://localhost:5173/callback"],
    }
    assert server.client("demo-native") == {
        "client_id": "demo-native",
        "redirect_uris": ["http://127.0.0.1/callback"],
    }
    assert server.client("demo-service") == {
        "client_id": "demo-service",
        "private_key_file": str((server.data / "demo-service.pem").absolute()),
        "redirect_uris": [],
    }
    assert said["users"] == [
        {"username": username, "password": "ostiary-demo"} for username in ("alice", "bob", "carol")
    ]
    assert all(isinstance(url, str) for url in said["urls"].values())


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_the_service_signs_with_the_key_in_its_file(
    http: httpx2.AsyncClient, server: DevServer, name: str, algorithm: str
) -> None:
    """As the contract's own tool does: exp in milliseconds, aud the token endpoint."""
    metadata = await discover(http, server.issuer(name))
    key = Path(server.client("demo-service")["private_key_file"]).read_text("utf-8")
    claims = {
        "jti": str(uuid.uuid4()),
        "aud": metadata["token_endpoint"],
        "sub": "demo-service",
        "iss": "demo-service",
        "exp": int(time.time() * 1000) + 60_000,
    }
    form = {
        "grant_type": "client_credentials",
        "scope": "openid",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, key, algorithm, headers={"typ": None}),
    }
    answer = await http.post(metadata["token_endpoint"], data=form)
    assert answer.status_code == 200, answer.text
    again = await http.post(metadata["token_endpoint"], data=form)
    assert again.status_code == 401


async def test_every_url_that_was_printed_answers(
    http: httpx2.AsyncClient, server: DevServer
) -> None:
    assert server.said["urls"]
    for name, url in server.said["urls"].items():
        assert (await http.get(url)).status_code == 200, name


async def test_standard_output_has_the_object_and_nothing_else(
    http: httpx2.AsyncClient, server: DevServer
) -> None:
    await http.get(f"{server.issuer('enterprise')}/no-such-page")
    assert json.loads(server.stdout.read_text(encoding="utf-8")) == server.said


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_place_of_the_metadata_has_the_same_document(
    http: httpx2.AsyncClient, server: DevServer, name: str
) -> None:
    issuer = server.issuer(name)
    bodies = set()
    for path in DOCUMENTS[name]:
        answer = await http.get(f"http://{netloc(issuer)}{path}")
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].split(";")[0] == "application/json", path
        assert answer.json()["issuer"] == issuer, path
        bodies.add(answer.content)
    assert len(bodies) == 1


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_endpoint_that_is_listed_is_there(
    http: httpx2.AsyncClient, server: DevServer, name: str
) -> None:
    metadata = await discover(http, server.issuer(name))
    urls = {
        member: value
        for member, value in metadata.items()
        if member.endswith("_endpoint") or member == "jwks_uri"
    }
    assert len(urls) >= 5
    for member, url in urls.items():
        assert url.startswith(f"http://{netloc(metadata['issuer'])}{BASE_PATH}/"), member
        assert (await http.get(url)).status_code not in {404, 421, 500}, member


async def test_the_host_chooses_the_issuer(http: httpx2.AsyncClient, server: DevServer) -> None:
    """Not the address that was connected to: a proxy passes the host on."""
    for name in DOCUMENTS:
        issuer = server.issuer(name)
        answer = await http.get(
            f"http://127.0.0.1:{server.port}{BASE_PATH}{WELL_KNOWN}",
            headers={"host": netloc(issuer)},
        )
        assert answer.json()["issuer"] == issuer


@pytest.mark.parametrize("host", ["bank.example", "localhost", "127.0.0.1:1", "localhost.:{port}"])
async def test_another_host_has_no_issuer(
    http: httpx2.AsyncClient, server: DevServer, host: str
) -> None:
    answer = await http.get(
        f"http://127.0.0.1:{server.port}{WELL_KNOWN}",
        headers={"host": host.format(port=server.port)},
    )
    assert answer.status_code == 421


async def test_the_two_issuers_share_no_key_and_no_session(
    http: httpx2.AsyncClient, server: DevServer, new_browser: NewBrowser
) -> None:
    kids = []
    for name in DOCUMENTS:
        metadata = await discover(http, server.issuer(name))
        jwks = (await http.get(metadata["jwks_uri"])).json()["keys"]
        assert not any({"d", "p", "q", "k"} & set(key) for key in jwks)
        kids.append({key["kid"] for key in jwks})
    assert not kids[0] & kids[1]

    enterprise = await demo_application(http, server, "enterprise", "demo-web")
    consumer = await demo_application(http, server, "consumer", "demo-web")
    tokens = await enterprise.tokens(new_browser(enterprise.metadata["issuer"]))
    assert (await enterprise.userinfo(tokens["access_token"])).status_code == 200
    assert (await consumer.userinfo(tokens["access_token"])).status_code == 401


@pytest.mark.parametrize("probe", ["/livez", "/readyz"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_probes_answer_at_any_host(
    http: httpx2.AsyncClient, server: DevServer, probe: str, host: str
) -> None:
    """A load balancer asks by an address of its own."""
    headers = {"host": "10.0.0.7:8080"}
    answer = await http.get(f"http://{host}:{server.port}{probe}", headers=headers)
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_the_first_page_tells_a_developer_what_there_is(
    server: DevServer, new_browser: NewBrowser
) -> None:
    person = await new_browser(server.issuer("enterprise")).open(server.said["urls"]["home"])
    assert person.page.heading
    for client in server.said["clients"]:
        assert client["client_id"] in person.page.text
    for user in server.said["users"]:
        assert user["username"] in person.page.text
    (other,) = [each["issuer"] for each in server.said["issuers"] if each["name"] != "enterprise"]
    assert other in person.page.text


async def test_a_sign_in_can_be_started_from_the_first_page(
    server: DevServer, new_browser: NewBrowser
) -> None:
    person = await new_browser(server.issuer("enterprise")).open(server.said["urls"]["home"])
    await person.open(person.page.links["try"])
    assert "sign-in" in {button for form in person.page.forms for button in form.buttons}


def test_dev_listens_on_loopback_alone(server: DevServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # sends nothing; shows which address would be used
            own = str(asking.getsockname()[0])
        except OSError:
            own = "127.0.0.1"
    if own.startswith("127."):
        pytest.skip("not run: this machine has no address but loopback")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((own, server.port), 5):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("twice")


async def test_stopping_is_quiet_and_starting_again_keeps_everything(
    http: httpx2.AsyncClient, folder: Path
) -> None:
    with serving(folder) as first:
        app, person, tokens = await _sign_in(http, first)
        port = first.port
        assert first.stop() == 0
        assert not re.search("Traceback", (folder / "stderr").read_text(encoding="utf-8"))
    with serving(folder, port) as second:
        assert second.said == first.said
        assert (await app.userinfo(tokens["access_token"])).status_code == 200
        assert (await app.refresh(tokens["refresh_token"])).status_code == 200
        silent = app.begin("openid offline_access", prompt="none")
        await person.open(silent.url)
        assert "code" in app.answer(silent, person), "the session is still there"
        await person.http.aclose()


async def _sign_in(
    http: httpx2.AsyncClient, server: DevServer
) -> tuple[Application, Person, dict[str, str]]:
    app = await demo_application(http, server, "enterprise", "demo-web")
    person = Person(httpx2.AsyncClient(base_url=app.metadata["issuer"]))
    request = app.begin("openid offline_access")
    await go_through(await person.open(request.url))
    answer = await app.redeem(request, app.answer(request, person)["code"])
    return app, person, answer.json()


async def test_on_another_port_the_issuers_follow(http: httpx2.AsyncClient, tmp_path: Path) -> None:
    for _ in range(2):
        with serving(tmp_path) as server:
            assert (await discover(http, server.issuer("consumer")))["issuer"].endswith(
                f":{server.port}{BASE_PATH}"
            )
