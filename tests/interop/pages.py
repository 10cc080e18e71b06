"""The programs of the pages "Connect ...": taken from the page and run, so that neither can go stale.

A block with a title is a program (or a file that it needs):

    ```python title="app.py"

`write_program` puts it, unchanged but for addresses and credentials, into a folder with all that
the library's own folder has; then it is run in one of two ways:

    paste_into      a program that prints the address to visit and reads the one where the browser
                    came back from its standard input
    serving         a program that listens; `sign_in_at` goes through it as a browser does
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from tests.flows.application import form_to_client, go_through
from tests.interop.library import Library
from tests.kit.person import Page, Person

DOCS = Path(__file__).parents[2] / "docs"
# What stands on the pages, and is another issuer and another port when a test runs them.
ISSUER = "http://localhost:9400"
SECONDS_TO_START = 30
SECONDS_TO_ANSWER = 20

_BLOCK = re.compile(
    r'^```\w+ [^\n]*title="(?P<title>[^"]+)"[^\n]*\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE
)
_ADDRESS = re.compile(r"https?://\S+")


def programs_of(page: str) -> dict[str, str]:
    """The titled blocks of a how-to page, by title."""
    text = (DOCS / "how-to" / page).read_text(encoding="utf-8")
    return {found["title"]: found["text"] for found in _BLOCK.finditer(text)}


def write_program(library: Library, folder: Path, changes: Mapping[str, str]) -> None:
    """The page's programs into `folder`, each of `changes` made wherever its left side stands."""
    for each in library.folder.iterdir():
        (folder / each.name).symlink_to(each)
    programs = programs_of(library.page)
    for was, now in changes.items():
        assert any(was in text for text in programs.values()), f"{library.page} has no {was}"
        programs = {title: text.replace(was, now) for title, text in programs.items()}
    for title, text in programs.items():
        (folder / title).parent.mkdir(exist_ok=True)
        with (folder / title).open("x", encoding="utf-8") as file:
            file.write(text)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        return int(taken.getsockname()[1])


async def paste_into(
    command: Sequence[str], folder: Path, person: Person, username: str, decision: str = "allow"
) -> tuple[int, str]:
    """Run a program that asks for the address where the browser came back: exit code, output."""
    program = await _start(command, folder, {})
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        said = b""
        while not (found := _ADDRESS.search(said.decode())):
            line = await asyncio.wait_for(program.stdout.readline(), SECONDS_TO_START)
            assert line, "the program ended without an address"
            said += line
        await go_through(await person.open(found[0]), username, decision=decision)
        assert person.left_to is not None
        rest, _ = await asyncio.wait_for(
            program.communicate(person.left_to.encode() + b"\n"), SECONDS_TO_ANSWER
        )
        assert program.returncode is not None
        return program.returncode, (said + rest).decode()
    finally:
        await _end(program)


@asynccontextmanager
async def serving(
    command: Sequence[str], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """A program of the page that listens at `port` of localhost, ended with the block."""
    program = await _start(command, folder, environment or {})
    try:
        await _until_it_listens(program, port)
        async with httpx2.AsyncClient(
            base_url=f"http://localhost:{port}",
            event_hooks={"request": [_as_a_browser]},
            timeout=SECONDS_TO_ANSWER,
        ) as application:
            yield application
    finally:
        await _end(program)


async def _as_a_browser(request: httpx2.Request) -> None:
    """Some servers send nobody else to sign in."""
    request.headers["accept"] = "text/html,*/*;q=0.8"


async def sign_in_at(
    application: httpx2.AsyncClient,
    person: Person,
    username: str,
    *,
    path: str = "/",
    decision: str = "allow",
) -> Page:
    """Go where the application sends a browser, and back: what it shows at last."""
    visitor = await Person(application).open(path)
    while visitor.left_to is None:
        [button] = visitor.page.forms
        await visitor.post(button.action, button.values)
    await person.open(visitor.left_to)
    await go_through(person, username, decision=decision)
    return (await come_back(visitor, person)).page


async def come_back(visitor: Person, person: Person) -> Person:
    """The browser goes where the provider sent it, by address or by form."""
    if person.left_to is not None:
        return await visitor.open(person.left_to)
    form = form_to_client(person.page)
    assert form is not None
    return await visitor.post(form.action, form.values)


async def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _until_it_listens(program: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(SECONDS_TO_START):
        while True:
            if program.returncode is not None:
                said, _ = await program.communicate()
                raise AssertionError(f"the program ended: {said.decode()}")
            try:
                _, writer = await asyncio.open_connection("localhost", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _end(program: asyncio.subprocess.Process) -> None:
    if program.returncode is None:
        program.terminate()
    await program.communicate()
