"""Makes a sign-in a crash point: python -m tests.races.killed_flow TEMPLATE FOLDER PART PARTS.

FOLDER/<n>/ostiary.db is what a provider leaves that is killed behind the n-th statement of its
writer, FOLDER/<n>/history.jsonl what its client had been answered until then. PART of PARTS takes
every PARTS-th statement. The number of all statements is printed.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

# Loaded before the forks; a child shall not spend its time on it.
import ostiary.web.pages.site  # noqa: F401
from ostiary.storage.schema import ensure_schema
from tests.kit.person import Person
from tests.kit.relying_party import RelyingParty, callback
from tests.kit.world import ENTERPRISE, PASSWORD, World, open_world
from tests.storage.killing import WRITER, count_statements, ended_well, in_child, was_killed

OFFLINE = "openid profile offline_access"


class History:
    """What the client knows. Each line is with the kernel before the next request leaves."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, step: str, **known: str) -> None:
        os.write(self._file, (json.dumps({"step": step, **known}) + "\n").encode())


async def flow(world: World, history: History) -> None:
    """From an empty browser to a replay that ends everything."""
    party = RelyingParty(world)
    # That the secret was used is noted beside the answers: here, so that the count is exact.
    assert (await party.token(grant_type="client_credentials")).status_code == 200
    await world.ostiary.beside.drain()
    person: Person = party.person()
    begun = party.begin(OFFLINE)
    history.note("begun", verifier=begun.verifier)
    await person.open(begun.url)
    history.note("interaction")
    await person.press("sign-in", username="alice")
    history.note("identifier")
    await person.press("sign-in", password=PASSWORD)
    history.note("signed_in")
    await person.press("allow")
    code = callback(person)["code"]
    history.note("code", code=code)
    tokens = await party.redeem(begun, code)
    assert tokens.status_code == 200
    history.note("redeemed", **_tokens(tokens.json()))
    refreshed = await party.refresh(tokens.json()["refresh_token"])
    assert refreshed.status_code == 200
    history.note("refreshed", **_tokens(refreshed.json()))
    # With a live session a further code costs one statement.
    again = party.begin("openid profile")
    await person.open(again.url)
    history.note("second_code", code=callback(person)["code"])
    assert (await party.redeem(begun, code)).status_code == 400
    history.note("revoked")
    await world.ostiary.beside.drain()  # the same of the refusal
    await person.open(ENTERPRISE.endpoint("logout"))
    await person.press("sign-out")
    history.note("signed_out")


def _tokens(answer: dict[str, str]) -> dict[str, str]:
    return {name: answer[name] for name in ("access_token", "refresh_token")}


def run(template: Path, folder: Path, last: int | None) -> int:
    """The number of statements, when nobody kills it."""
    folder.mkdir()
    countdown = count_statements(last, thread=WRITER)

    async def live() -> None:
        world = open_world(template, folder / "ostiary.db")
        await flow(world, History(folder / "history.jsonl"))
        await world.ostiary.close()

    asyncio.run(live())
    return countdown.count


def main(template: Path, folder: Path, part: int, parts: int) -> None:
    ensure_schema(template)
    warm = folder / f"counted-by-{part}"

    def count() -> None:
        number = run(template, folder / f"whole-{part}", None)
        warm.write_text(str(number))

    assert ended_well(in_child(count))
    total = int(warm.read_text())
    for last in range(1 + part, total + 1, parts):

        def killed(last: int = last) -> None:
            run(template, folder / str(last), last)

        assert was_killed(in_child(killed)), f"statement {last} of {total} was not reached"
    sys.stdout.write(f"{total}\n")


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
