"""Where there are several issuers, a command finds the one that has what it speaks of."""

from pathlib import Path

import pytest

from tests.cli.terminal import run

OTHER = """
[[issuers]]
id = "other"
url = "https://other.example.com"
face = "enterprise"

[[institutions]]
issuer = "other"
id = "garden"
name = "Garden"
"""
SAME = """
[[clients]]
issuer = "other"
client_id = "budget-buddy"
name = "Budget Buddy"
institution = "garden"
redirect_uris = ["https://budget.example.com/auth/cb"]

[[users]]
issuer = "other"
username = "alice"
memberships = [{ institution = "garden" }]
"""
COMMANDS = [
    ("client", "show", "budget-buddy"),
    ("client", "secret", "budget-buddy"),
    ("client", "disable", "budget-buddy"),
    ("client", "enable", "budget-buddy"),
    ("user", "password", "alice"),
    ("user", "picture", "alice", "--remove"),
    ("user", "disable", "alice"),
    ("user", "enable", "alice"),
]


def apply(text: str) -> None:
    Path("other.toml").write_text(text, "utf-8")
    assert run("apply", "-f", "other.toml").code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_the_only_issuer_that_has_it_is_taken(installed: Path, command: tuple[str, ...]) -> None:
    apply(OTHER)
    answer = run(*command, stdin="a-new-password-of-alice\n")
    assert answer.code == 0, answer.err
    nobody = run(*command[:2], "nobody", *command[3:], stdin="a-new-password-of-alice\n")
    assert nobody.code == 4
    assert f'there is no {command[0]} "nobody" at any issuer' in nobody.err


@pytest.mark.parametrize("command", COMMANDS)
def test_of_several_that_have_it_one_is_named(installed: Path, command: tuple[str, ...]) -> None:
    apply(OTHER + SAME)
    answer = run(*command, stdin="a-new-password-of-alice\n")
    assert answer.code == 2
    assert f'several issuers have a {command[0]} "{command[2]}"' in answer.err
    assert "--issuer: main, other" in answer.err
    named = run(*command, "--issuer", "other", stdin="a-new-password-of-alice\n")
    assert named.code == 0, named.err
