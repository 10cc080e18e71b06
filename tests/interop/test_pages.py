"""The pages "Connect ..." of the docs: what stands on them is typed, run, and signed in with."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.newcomers import add_newcomer
from tests.interop.desk import Desk
from tests.interop.libraries import LIBRARIES
from tests.interop.pages import (
    ISSUER,
    free_port,
    paste_into,
    programs_of,
    serving,
    sign_in_at,
    write_program,
)

PORT = "8080"
REGISTRATION = "client.toml"

on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


def each_page(*, pastes: bool) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "library",
        [
            pytest.param(library.name, marks=library.marks)
            for library in LIBRARIES.values()
            if library.start and library.pastes is pastes
        ],
        indirect=True,
    )


async def write_page(desk: Desk, folder: Path, port: int) -> dict[str, str]:
    """The page's files, and its client registered as the page says: what its programs are to know."""
    changes = {ISSUER: desk.issuer}
    if any(PORT in text for text in programs_of(desk.library.page).values()):
        changes[PORT] = str(port)
    if REGISTRATION in programs_of(desk.library.page):
        write_program(desk.library, folder, changes)
        environment = {"CLIENT_SECRET": secrets.token_urlsafe(32)}
        command = (sys.executable, "-m", "ostiary", "apply", "-f", REGISTRATION)
        subprocess.run(
            (*command, "--config", desk.server.data),
            cwd=folder,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
        return environment
    redirect_uri = f"http://localhost:{port}/auth/cb"
    client = await desk.add_client(redirect_uris=(redirect_uri,))
    changes["demo-web-secret"] = client["client_secret"]
    write_program(desk.library, folder, changes | {"demo-web": client["client_id"]})
    return {}


@each_page(pastes=False)
@on_one_issuer
async def test_the_application_of_the_page(desk: Desk, tmp_path: Path) -> None:
    """Opened at "/", it leads to the provider and at last shows who the person is."""
    username = await add_newcomer(desk.server, desk.issuer_name)
    port = free_port()
    environment = await write_page(desk, tmp_path, port)
    async with serving(desk.library.start, tmp_path, port, environment) as application:
        shown = await sign_in_at(application, desk.person, username)
    assert shown.status == 200, shown.text
    assert f"{username}@example.com" in shown.html


@each_page(pastes=True)
@on_one_issuer
async def test_the_program_of_the_page(desk: Desk, tmp_path: Path) -> None:
    username = await add_newcomer(desk.server, desk.issuer_name)
    await write_page(desk, tmp_path, int(PORT))
    code, said = await paste_into(desk.library.start, tmp_path, desk.person, username)
    assert code == 0, said
    assert f"{username}@example.com" in said
