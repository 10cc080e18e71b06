"""TLS of our own: what is spoken, what is refused, and a client's certificate on its way in."""

import asyncio
import ssl
from pathlib import Path

import pytest

from ostiary.management.errors import ManagementError
from ostiary.serving.http_server import HttpServer
from ostiary.serving.listeners import bind
from ostiary.serving.tls import tls_context
from ostiary.settings import ServerSettings
from ostiary.web.asgi import Receive, Scope, Send, send_response
from ostiary.web.client_certificate import CLIENT_CERTIFICATE
from ostiary.web.responses import HttpResponse
from tests.outbound.certificates import TestAuthority
from tests.serving.visitors import get, read_answer


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path)


@pytest.fixture
def server(authority: TestAuthority) -> ServerSettings:
    file = authority.file("localhost")
    return ServerSettings(tls_certificate=file, tls_key=file, tls_client_ca=authority.ca_file)


def visitor(authority: TestAuthority, *, own: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    if own is not None:
        context.load_cert_chain(own)
    return context


async def shown_to_the_application(
    server: ServerSettings, context: ssl.SSLContext
) -> tuple[str, bytes | None]:
    """The scheme and the client's certificate as a request has them."""
    scopes: list[Scope] = []

    async def application(scope: Scope, _: Receive, send: Send) -> None:
        scopes.append(scope)
        await send_response(HttpResponse(status=200), send)

    http, sockets = HttpServer(application, tls_context(server)), bind("127.0.0.1", 0)
    await http.begin(sockets)
    try:
        reader, writer = await asyncio.open_connection(
            *sockets[0].getsockname(), ssl=context, server_hostname="localhost"
        )
        try:
            writer.write(get("/"))
            await read_answer(reader)
        finally:
            writer.close()
    finally:
        http.stop_listening()
        await http.end(1)
        for each in sockets:
            each.close()
    return scopes[0]["scheme"], scopes[0].get(CLIENT_CERTIFICATE)


@pytest.mark.spec("RFC 8705 §2")
async def test_a_clients_certificate_stands_in_the_scope(
    authority: TestAuthority, server: ServerSettings
) -> None:
    own = authority.file("client.example")
    scheme, der = await shown_to_the_application(server, visitor(authority, own=own))
    assert scheme == "https"
    assert der == ssl.PEM_cert_to_DER_cert(
        own.read_text().partition("-----END PRIVATE KEY-----\n")[2]
    )


async def test_who_has_no_certificate_is_served(
    authority: TestAuthority, server: ServerSettings
) -> None:
    assert await shown_to_the_application(server, visitor(authority)) == ("https", None)


@pytest.mark.spec("RFC 8705 §2")
async def test_a_certificate_of_somebody_elses_authority_is_refused(
    authority: TestAuthority, server: ServerSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "else"
    folder.mkdir()
    own = TestAuthority(folder).file("client.example")
    # With TLS 1.3 the client has finished by the time it is told.
    with pytest.raises((OSError, EOFError)):
        await shown_to_the_application(server, visitor(authority, own=own))


@pytest.mark.spec("RFC 9325 §3.1.1")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_older_versions_are_refused(authority: TestAuthority, server: ServerSettings) -> None:
    # Whatever this machine's OpenSSL would allow by itself.
    made = tls_context(server)
    assert made is not None
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    for version, welcome in (
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ):
        context = visitor(authority)
        context.minimum_version = context.maximum_version = version
        if not welcome:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.raises(OSError):
                await shown_to_the_application(server, context)
        else:
            assert await shown_to_the_application(server, context) == ("https", None)


@pytest.mark.spec("RFC 9325 §4.2")
def test_no_weak_cipher_is_offered(server: ServerSettings) -> None:
    context = tls_context(server)
    assert context is not None
    for cipher in context.get_ciphers():
        if cipher["protocol"] == "TLSv1.2":
            assert cipher["name"].startswith(("ECDHE", "DHE")), cipher["name"]
            assert cipher["strength_bits"] >= 128


@pytest.mark.parametrize(
    "spoil", ["no file", "no certificate", "another key", "a key with a password", "no authority"]
)
def test_files_that_do_not_do_are_refused_with_advice(
    authority: TestAuthority, server: ServerSettings, tmp_path: Path, spoil: str
) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text(LOCKED_KEY if spoil == "a key with a password" else "nothing")
    changes = {
        "no file": {"tls_certificate": tmp_path / "none.pem"},
        "no certificate": {"tls_certificate": broken},
        "another key": {"tls_key": authority.file("localhost")},
        "a key with a password": {"tls_key": broken},
        "no authority": {"tls_client_ca": broken},
    }
    with pytest.raises(ManagementError) as caught:
        tls_context(server.model_copy(update=changes[spoil]))
    assert "server.tls_certificate" in caught.value.hint


@pytest.mark.parametrize(
    "given",
    [
        {"tls_certificate": "a.pem"},
        {"tls_key": "a.pem"},
        {"tls_client_ca": "a.pem"},
        {
            "tls_certificate": "a.pem",
            "tls_key": "a.pem",
            "tls_client_ca": "a.pem",
            "client_certificate_header": "Client-Cert",
        },
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"give tls_|needs tls_certificate"):
        ServerSettings.model_validate(given)


LOCKED_KEY = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgbpF1LoVv4iAICCAAw
-----END ENCRYPTED PRIVATE KEY-----
"""
