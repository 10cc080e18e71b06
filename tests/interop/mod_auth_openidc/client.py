"""An Apache with mod_auth_openidc. tests/interop/conversation.py says what goes in and out.

The server is this program's own: its configuration, its files and its port are made here and end
with it. What the module knows of a session it tells at its info hook.
"""

import html
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import urlopen

from conversation import CLAIMS, header, run, settings, visit, visit_for_form

SECONDS_TO_START = 20
callback = urlsplit(settings.redirect_uri)

CONFIGURATION = """
ServerName {callback.netloc}
Listen 127.0.0.1:{port}
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/errors
DocumentRoot {folder}/site
DirectoryIndex index.html
User www-data
Group www-data
{modules}
OIDCProviderMetadataURL {settings.issuer}/.well-known/openid-configuration
OIDCClientID {settings.client_id}
OIDCClientSecret {settings.client_secret}
OIDCProviderTokenEndpointAuth {settings.auth_method}
OIDCIDTokenSignedResponseAlg {settings.algorithm}
OIDCRedirectURI {settings.redirect_uri}
OIDCScope "{settings.scope}"
{more}
OIDCPKCEMethod S256
OIDCCryptoPassphrase a-passphrase-of-the-test
OIDCInfoHook iat access_token access_token_expires id_token userinfo refresh_token session
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
"""
MODULES = ("mpm_event", "dir", "authn_core", "authz_core", "authz_user", "auth_openidc")


class Refused(Exception):
    """The page on which the module tells of a failure, and what it said of it in its log."""

    def __init__(self, page: str, log: str) -> None:
        super().__init__(f"{page}\n{log}")
        self.error = found(r'"error" entry with value: ""(.*)""', log)
        self.description = found(r'"error_description" entry with value: ""(.*)""', log)
        if self.error is None:
            self.error = found(r"OpenID Connect Provider error: (.*?)<", page)
            self.description = found(r"Description:.*?<pre>(.*?)<", page)


def found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return html.unescape(match[1]) if match else None


class Site:
    """A browser with one session at the server."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        self.cookies: dict[str, str] = {}

    def get(self, address: str, form: str | None = None) -> HTTPResponse:
        """The answer, whose redirects are not followed; with a form it is a POST."""
        parts = urlsplit(address)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        # Whatever is no browser is not sent to sign in.
        headers = {"accept": "text/html", "host": callback.netloc, "cookie": cookies}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        method = "GET" if form is None else "POST"
        connection.request(method, f"{parts.path}?{parts.query}", form, headers)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("set-cookie", []):
            self.cookies |= {name: each.value for name, each in SimpleCookie(cookie).items()}
        return answer

    def begin(self) -> str:
        """Ask for a page; where the provider sent us back."""
        return visit(self.get("/").headers["location"])

    def finish(self, came_back: str, form: str | None = None) -> None:
        answer = self.get(came_back, form)
        if answer.status != 302:
            raise Refused(answer.read().decode(), (self.folder / "errors").read_text())

    def signed_in(self) -> bool:
        return self.get("/").status == 200

    def info(self) -> dict[str, Any]:
        return dict(json.load(self.get(f"{callback.path}?info=json")))

    def refresh(self) -> None:
        """The module's hook, which comes back to the page that it is told."""
        parameters = {
            "refresh": f"http://{callback.netloc}/done",
            "access_token": self.info()["access_token"],
        }
        location = self.get(f"{callback.path}?{urlencode(parameters)}").headers["location"]
        if location != parameters["refresh"]:
            raise ValueError(f"not refreshed: {location}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def serving(*more: str, port: int | None = None) -> Iterator[Site]:
    """A server with these further lines of configuration."""
    port = port or free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # Apache's workers are somebody else when it is started by root
        (folder / "site").mkdir()
        (folder / "site" / "index.html").write_text("signed in", encoding="utf-8")
        modules = "\n".join(
            f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so" for each in MODULES
        )
        configuration = folder / "httpd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                callback=callback,
                folder=folder,
                modules=modules,
                port=port,
                more="\n".join(more),
                settings=settings,
            ),
            encoding="utf-8",
        )
        server = subprocess.Popen(
            ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(server, port)
            yield Site(port, folder)
        finally:
            server.terminate()
            server.wait(10)


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("Apache did not start")


def told(info: dict[str, Any]) -> dict[str, Any]:
    """What the info hook tells, in the words of the other programs."""
    id_token = info["session"]["state"]["idt"]
    return {
        "token_type": "Bearer",
        "expires_in": int(info["access_token_expires"]) - info["iat"],
        "algorithm": header(id_token)["alg"],
        "claims": info["id_token"],
        "refresh_token": info.get("refresh_token"),
    }


def report(info: dict[str, Any]) -> dict[str, Any]:
    return {
        "issuer": info["session"]["state"]["iss"],
        "tokens": told(info),
        "userinfo": info["userinfo"],
    }


def report_with_refreshes(site: Site) -> dict[str, Any]:
    first, refreshes = report(site.info()), []
    for _ in range(2):
        site.refresh()
        info = site.info()
        refreshes.append({**told(info), "userinfo": info["userinfo"]})
    return {**first, "refreshes": refreshes}


def sign_in() -> dict[str, Any]:
    with serving() as site:
        site.finish(site.begin())
        return report_with_refreshes(site)


def logout() -> dict[str, Any]:
    """The module's hook ends its own session and goes to the provider."""
    with serving() as site:
        site.finish(site.begin())
        target = urlencode({"logout": settings.redirect_uri})
        returned = visit(site.get(f"{callback.path}?{target}").headers["location"])
        if site.signed_in():
            raise ValueError("somebody is still signed in")
    return {"returned": returned}


def backchannel_logout() -> dict[str, Any]:
    """Signed out at the provider, which tells the server behind the browser's back."""
    with serving(port=callback.port) as site:
        site.finish(site.begin())
        state = site.info()["session"]["state"]
        target = {"id_token_hint": state["idt"], "post_logout_redirect_uri": settings.redirect_uri}
        was = site.signed_in()
        visit(f"{metadata('end_session_endpoint')}?{urlencode(target)}")
        deadline = time.monotonic() + SECONDS_TO_START
        while site.signed_in() and time.monotonic() < deadline:
            time.sleep(0.1)
        return {"signed_out": was and not site.signed_in()}


def metadata(member: str) -> str:
    with urlopen(f"{settings.issuer}/.well-known/openid-configuration", timeout=10) as answer:
        return str(json.load(answer)[member])


def tampered_state() -> None:
    with serving() as site:
        site.finish(site.begin().replace("state=", "state=another"))


def exchange_only() -> None:
    with serving() as site:
        site.finish(site.begin())


def claims() -> dict[str, Any]:
    with serving(f"OIDCAuthRequestParams claims={quote(CLAIMS)}") as site:
        site.finish(site.begin())
        return report(site.info())


def form_post() -> dict[str, Any]:
    with serving("OIDCResponseMode form_post") as site:
        site.finish(*visit_for_form(site.get("/").headers["location"]))
        return report_with_refreshes(site)


def denied_by_form() -> None:
    with serving("OIDCResponseMode form_post") as site:
        site.finish(*visit_for_form(site.get("/").headers["location"]))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that Apache is ended with us
    run(
        {
            "sign_in": sign_in,
            "claims": claims,
            "form_post": form_post,
            "logout": logout,
            "backchannel_logout": backchannel_logout,
            "tampered_state": tampered_state,
            "wrong_secret": exchange_only,
            "denied": denied_by_form,
            "denied_in_query": exchange_only,
        }
    )
