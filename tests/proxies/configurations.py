"""The proxies of docs/how-to/reverse-proxy.md, run with the very configurations of that page."""

import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/reverse-proxy.md"
SECONDS_TO_START, SECONDS_TO_STOP = 10.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """`title` on the page; `wrap` makes a whole configuration for somebody who is not root, in a folder."""

    title: str
    program: str
    wrap: Callable[[str, Path], str]
    arguments: Callable[[Path], Sequence[str]]


def _nginx(text: str, folder: Path) -> str:
    user = "user root; " if os.geteuid() == 0 else ""  # whose the folder is
    paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{each}_temp_path {folder}/{each};" for each in paths)
    return (
        f"{user}daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}\n"
    )


def _caddy(text: str, _folder: Path) -> str:
    return text.replace("{", "{\n    admin off\n    auto_https disable_redirects\n", 1)


def _haproxy(text: str, _folder: Path) -> str:
    return text


MODULES = (
    *("mpm_event", "authz_core", "ssl", "socache_shmcb", "proxy", "proxy_http", "headers"),
    *("reqtimeout", "unique_id"),
)


def _apache(text: str, folder: Path) -> str:
    found = Path("/usr/lib/apache2/modules")
    loaded = [f"LoadModule {name}_module {found}/mod_{name}.so" for name in MODULES]
    port = re.search(r"<VirtualHost \*:(\d+)>", text)
    assert port is not None
    head = [f"ServerRoot {folder}", f"PidFile {folder}/pid", "ServerName localhost"]
    head += [f"DefaultRuntimeDir {folder}", f"ErrorLog {folder}/errors", f"Listen {port[1]}"]
    return "\n".join([*loaded, *head, text])


PROXIES = {
    each.title: each
    for each in (
        Proxy(
            title="nginx",
            program="/usr/sbin/nginx",
            wrap=_nginx,
            arguments=lambda file: ("-e", "stderr", "-c", str(file)),
        ),
        Proxy(
            title="Caddy",
            program="/usr/bin/caddy",
            wrap=_caddy,
            arguments=lambda file: ("run", "--adapter", "caddyfile", "--config", str(file)),
        ),
        Proxy(
            title="HAProxy",
            program="/usr/sbin/haproxy",
            wrap=_haproxy,
            arguments=lambda file: ("-db", "-f", str(file)),
        ),
        Proxy(
            title="Apache",
            program="/usr/sbin/apache2",
            wrap=_apache,
            arguments=lambda file: ("-D", "FOREGROUND", "-f", str(file)),
        ),
    )
}


def configuration(title: str, *, with_certificates: bool) -> str:
    """The block below this title."""
    page = PAGE.read_text()
    match = re.search(rf"### {title}\n\n```\w+ title=[^\n]*\n(.*?)\n```", page, re.DOTALL)
    assert match is not None
    lines: list[str] = []
    for line in match[1].splitlines():
        mark, _, rest = line.partition("    ")
        if not mark.startswith("#mtls"):
            lines.append(line)
        elif with_certificates:
            if mark == "#mtls-instead":
                lines.pop()
            lines.append(f"    {rest}")
    return "\n".join(lines) + "\n"


@contextmanager
def running(
    proxy: Proxy, folder: Path, places: Mapping[str, str], *, port: int, with_certificates: bool
) -> Iterator[None]:
    """The proxy at this port; `places` are what the page says -> what it is here."""
    text = configuration(proxy.title, with_certificates=with_certificates)
    said = "|".join(re.escape(each) for each in sorted(places, key=len, reverse=True))
    text = re.sub(said, lambda match: places[match[0]], text)
    file = folder / "proxy.conf"
    file.write_text(proxy.wrap(text, folder))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            (proxy.program, *proxy.arguments(file)), stdout=log, stderr=log, cwd=folder
        )
    try:
        _await_open(process, port, folder / "log")
        yield
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_open(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        assert process.poll() is None, f"the proxy has ended: {log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nobody listens at port {port}: {log.read_text()}")


def client_context(authority: Path, certificate: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context
