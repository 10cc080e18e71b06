"""Catalogue section 14, LL-04, LL-05, LL-08: a log that cannot be written, and what is told to everybody."""

import errno
import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import structlog

from ostiary import __version__
from ostiary.domain.issuer import Issuer
from ostiary.logs import configure_logs
from ostiary.storage.database import StoreUnavailable
from tests.attacks.aftermath import rows_of
from tests.attacks.conftest import forget_loggers
from tests.attacks.expected import is_json
from tests.attacks.test_12_headers import ask_everything
from tests.attacks.wire import ask, encode, path_of, send
from tests.kit.relying_party import RelyingParty
from tests.kit.server import make_site, start_server
from tests.kit.world import CONSUMER, ENTERPRISE, World


class Broken(io.StringIO):
    """A disk that is full, or a pipe that nobody reads."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.tried = 0

    def write(self, _: str) -> int:
        self.tried += 1
        raise OSError(self.number, os.strerror(self.number))

    def flush(self) -> None:
        raise OSError(self.number, os.strerror(self.number))


@pytest.fixture(params=[errno.ENOSPC, errno.EPIPE, errno.EIO], ids=os.strerror)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broken]:
    stream = Broken(request.param)
    monkeypatch.setattr(sys, "stderr", stream)
    handlers = logging.root.handlers[:], logging.root.level
    configure_logs("json", "debug")
    yield stream
    logging.root.handlers[:], logging.root.level = handlers
    forget_loggers()


async def test_ll_04_without_its_log_the_service_goes_on(world: World, broken: Broken) -> None:
    """And what has to be kept is in the database all the same."""
    rp = RelyingParty(world)
    events, refusals = rows_of(world, "audit_events"), rows_of(world, "refusals")
    tokens = await rp.tokens(scope="openid offline_access")
    await rp.revoke(tokens["refresh_token"])
    is_json(await rp.token(grant_type="none"), 400, "unsupported_grant_type")
    page = await ask(world, {"client_id": "nobody"})
    assert page.status_code == 400
    structlog.get_logger("test").error("a line")
    logging.getLogger("uvicorn.error").warning("a line")
    await world.ostiary.beside.drain()
    assert broken.tried >= 3
    assert rows_of(world, "audit_events") >= events + 2
    assert rows_of(world, "refusals") == refusals + 2


def test_ll_04_a_server_starts_and_answers_when_the_disk_of_its_log_is_full(
    template: Path, tmp_path: Path
) -> None:
    site = make_site(template, tmp_path / "ostiary.db")
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        server = start_server(site, errors=full)
    finally:
        os.close(full)
    try:
        with urlopen(f"{site.enterprise.url}/.well-known/openid-configuration") as answer:
            assert answer.status == 200
        refused = Request(site.enterprise.endpoint("token"), b"grant_type=none")
        with pytest.raises(HTTPError) as caught, closing(urlopen(refused)):
            pass
        caught.value.close()
        assert caught.value.code == 400
        assert server.process.poll() is None
    finally:
        server.stop()


# ---- LL-05, LL-08: what everybody is told -------------------------------------------------------

# Our version is told to operators; whose software it is stands on every page.
TELLING = [__version__, "uvicorn", "starlette", "httptools", "python", "sqlite", "jinja", "joserfc"]


@pytest.mark.parametrize("issuer", [ENTERPRISE, CONSUMER], ids=lambda each: str(each.issuer_id))
async def test_ll_05_no_answer_tells_what_runs_here(world: World, issuer: Issuer) -> None:
    answers = await ask_everything(world, issuer, ())
    for name in ("/livez", "/readyz", "/none", "/static/ostiary.css", "/static/page.js", "/"):
        answers[name] = await send(world, "GET", name, issuer=issuer)
    for name, answer in answers.items():
        told = f"{answer.headers!r} {answer.text}".lower()
        assert [each for each in TELLING if each in told] == [], name
        assert not {"server", "x-powered-by", "x-runtime", "via"} & set(answer.headers), name


@pytest.mark.parametrize(
    "query", [b"debug=1", b"__debugger__=yes&cmd=resource&f=style.css", b"trace=true", b"XDEBUG=1"]
)
async def test_ll_05_nobody_can_ask_to_look_inside(
    world: World, query: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp = RelyingParty(world)
    sent = encode({**rp.begin().sent})

    async def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("ostiary.storage.store.Interactions.add", fail)
    answer = await send(
        world,
        "GET",
        path_of(ENTERPRISE, "auth"),
        b"&".join([sent, query]),
        headers=[("debug", "1")],
    )
    told = f"{answer.headers!r} {answer.text}"
    assert "error=server_error" in told
    for word in ("Traceback", "a defect", "RuntimeError", ".py"):
        assert word not in told


async def test_ll_08_probes_say_yes_or_no(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to whom it may concern nor in what state: to a crawler the same as to a balancer."""
    headers = [("authorization", "Bearer x"), ("accept", "application/json")]
    for query in (b"", b"verbose=1", b"details"):
        for path in ("/livez", "/readyz"):
            answer = await send(world, "GET", path, query, headers=headers, host="anything")
            assert (answer.status_code, answer.content) == (200, b"ok\n")
            assert set(answer.headers) == {"content-type", "cache-control", "content-length"}
            assert answer.headers["cache-control"] == "no-store"

    async def gone(*_: object) -> None:
        raise StoreUnavailable(f"cannot open {world.path}: disk I/O error")

    monkeypatch.setattr("ostiary.storage.sqlite.SqliteDatabase.check_ready", gone)
    assert (await send(world, "GET", "/livez")).content == b"ok\n"
    answer = await send(world, "GET", "/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


@pytest.mark.parametrize(
    "path",
    [
        "/health",
        "/healthz",
        "/status",
        "/metrics",
        "/info",
        "/actuator",
        "/debug",
        "/server-status",
    ],
)
async def test_ll_08_there_is_no_other_place_to_ask(world: World, path: str) -> None:
    for prefix in ("", ENTERPRISE.base_path):
        assert (await send(world, "GET", prefix + path)).status_code == 404
