"""SIGHUP: configuration, certificates and the level of the log are read anew; nobody notices."""

import asyncio
import os
import signal
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from tests.kit.server import Site, free_port
from tests.outbound.certificates import TestAuthority
from tests.serving.conftest import Running, Start
from tests.serving.visitors import ask, get, token_request, visiting
from tests.serving.waiting import until


def configure(running: Running, old: str, new: str) -> None:
    text = running.configuration.read_text()
    assert old in text
    running.configuration.write_text(text.replace(old, new))


@pytest.mark.parametrize("workers", [1, 2])
async def test_under_load_a_reload_loses_no_request(site: Site, start: Start, workers: int) -> None:
    running = start(settings={"server.workers": workers})
    configure(running, 'level = "warning"', 'level = "info"\nrequests = true')
    before = running.workers()
    async with visiting([site.port], token_request(site)) as visitors:
        for count in (1, 2):
            os.kill(running.pid, signal.SIGHUP)
            await until(lambda: len(running.log("configuration read anew")) == count * workers)  # noqa: B023
            await visitors.answered(100)
    assert (visitors.broken, visitors.refused) == ([], 0)
    assert set(visitors.statuses) == {200}
    assert running.workers() == before
    assert running.log("request")


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_broken_configuration_is_not_followed(
    site: Site, start: Start, workers: int
) -> None:
    running = start(settings={"server.workers": workers})
    configure(running, 'level = "warning"', 'level = "loud"')
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: running.log("the old one stays in force"))
    (told,) = running.log("the old one stays in force")
    assert "log.level" in str(told["error"])
    assert (await ask(site.port, token_request(site))).status == 200
    configure(running, 'level = "loud"', 'level = "info"')
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: len(running.log("configuration read anew")) == workers)


async def test_a_logger_that_has_spoken_already_follows_the_new_level(
    site: Site, start: Start
) -> None:
    running = start()
    # A warning of the same logger as the line that is waited for.
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: running.log("configuration read anew"))
    configure(running, 'level = "warning"', 'level = "info"')
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: len(running.log("configuration read anew")) == 2)
    running.server.process.send_signal(signal.SIGTERM)
    await until(lambda: running.log("stopped"))


async def test_what_only_a_restart_changes_is_told(site: Site, start: Start) -> None:
    running = start()
    configure(running, f"port = {site.port}", "port = 1024")
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: running.log("with a restart alone"))
    assert (await ask(site.port, token_request(site))).status == 200


async def test_a_renewed_certificate_is_shown_to_the_next_who_come(
    site: Site, start: Start, tmp_path: Path
) -> None:
    authority = TestAuthority(tmp_path)
    certificate = tmp_path / "tls.pem"
    certificate.write_bytes(authority.file("localhost").read_bytes())
    running = start(
        settings={
            "server.tls_certificate": certificate,
            "server.tls_key": certificate,
            "management.port": free_port(),
        }
    )
    first = await asyncio.to_thread(shown_certificate, site.port)
    certificate.write_bytes(authority.file("localhost").read_bytes())
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: running.log("configuration read anew"))
    second = await asyncio.to_thread(shown_certificate, site.port)
    assert first.serial_number != second.serial_number
    # A file that is no certificate is not followed.
    certificate.write_text("nothing")
    os.kill(running.pid, signal.SIGHUP)
    await until(lambda: running.log("the old one stays in force"))
    third = await asyncio.to_thread(shown_certificate, site.port)
    assert third == second


def shown_certificate(port: int) -> x509.Certificate:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain) as secured,
    ):
        secured.sendall(get("/livez"))
        assert secured.recv(8192).startswith(b"HTTP/1.1 ")
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)
