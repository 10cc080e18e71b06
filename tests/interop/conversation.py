"""How a client library's program is spoken with: one contract for all of them.

The program is told what to do in environment variables:

    INTEROP_ISSUER, INTEROP_CLIENT_ID, INTEROP_CLIENT_SECRET, INTEROP_REDIRECT_URI, INTEROP_SCOPE
    INTEROP_AUTH_METHOD    client_secret_basic, client_secret_post, private_key_jwt or none
    INTEROP_ALGORITHM      what the ID token has to be signed with
    INTEROP_PRIVATE_KEY    the file with the client's private key, for private_key_jwt (PEM)
    INTEROP_SCENARIO       what to do, such as sign_in

and speaks JSON, an object a line:

    {"visit": URL}         on standard output: a person has to go there
    {"url": URL}           on its standard input: where the browser came back, with
                           "body" when it came back with a form
    {"report": {...}}      on standard output, at the end: what it saw, or its "failure"

To add a library: a folder with its lock and such a program, and a line in libraries.py.
"""

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.flows.application import form_to_client, go_through
from tests.interop.library import Library
from tests.kit.person import Person

SECONDS_TO_ANSWER = 20
# Where programs in Python find their side of the conversation.
_PYTHON_SIDE = str(Path(__file__).parent / "python")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a program is told."""

    issuer: str
    client_id: str
    client_secret: str = ""
    redirect_uri: str = "http://localhost:8080/auth/cb"
    scope: str = "openid profile email offline_access"
    auth_method: str = "client_secret_post"
    algorithm: str = "RS256"
    private_key: str = ""
    scenario: str = "sign_in"

    def variables(self) -> dict[str, str]:
        return {
            f"INTEROP_{name.upper()}": getattr(self, name)
            for name in self.__dataclass_fields__  # slots leave no __dict__ to read
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the program was told, its report, and of each visit what the person was asked and where
    the browser came back."""

    task: Task
    report: dict[str, Any]
    asked: list[list[str]] = field(default_factory=list)
    returns: list[dict[str, str]] = field(default_factory=list)

    @property
    def failure(self) -> dict[str, Any]:
        failure: dict[str, Any] | None = self.report.get("failure")
        assert failure is not None, f"the library noticed nothing: {self.report}"
        return failure

    @property
    def seen(self) -> dict[str, Any]:
        assert "failure" not in self.report, self.report["failure"]
        return self.report


async def converse(
    library: Library, task: Task, person: Person, username: str, *, decision: str = "allow"
) -> Outcome:
    """Run the program to its report, going wherever it sends the person."""
    program = await asyncio.create_subprocess_exec(
        *library.command,
        cwd=library.folder,
        env={**os.environ, "PYTHONPATH": _PYTHON_SIDE, **task.variables()},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    asked, returns = [], []
    try:
        while "visit" in (said := await _listen(program)):
            await person.open(said["visit"])
            asked.append(await go_through(person, username, decision=decision))
            assert program.stdin is not None
            returns.append(_came_back(person))
            program.stdin.write(json.dumps(returns[-1]).encode() + b"\n")
        await asyncio.wait_for(program.communicate(), SECONDS_TO_ANSWER)
    finally:
        if program.returncode is None:
            program.terminate()
            await program.communicate()
    return Outcome(task=task, report=said["report"], asked=asked, returns=returns)


async def _listen(program: asyncio.subprocess.Process) -> dict[str, Any]:
    assert program.stdout is not None
    line = await asyncio.wait_for(program.stdout.readline(), SECONDS_TO_ANSWER)
    if not line:
        _, stderr = await program.communicate()
        raise AssertionError(f"the program ended without a report: {stderr.decode()}")
    said: dict[str, Any] = json.loads(line)
    return said


def _came_back(person: Person) -> dict[str, str]:
    if person.left_to is not None:
        return {"url": person.left_to}
    form = form_to_client(person.page)
    assert form is not None
    return {"url": form.action, "body": urlencode(form.values)}
