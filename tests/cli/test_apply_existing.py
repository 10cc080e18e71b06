"""`ostiary apply` to what is there already: entries in part, and whom a change of the issuer leaves out."""

from pathlib import Path

import pytest

from tests.cli.terminal import Answer, run

FAPI = """
[[issuers]]
id = "main"
profile = "fapi2_security"
"""


def apply(text: str, *arguments: str) -> Answer:
    Path("part.toml").write_text(text, "utf-8")
    return run("apply", "-f", "part.toml", *arguments)


@pytest.mark.parametrize(
    ("kind", "identity", "change"),
    [
        ("issuers", 'id = "main"', 'name = "Another Bank"'),
        ("institutions", 'issuer = "main"\nid = "garden"', 'support = "Ask us."'),
        ("clients", 'issuer = "main"\nclient_id = "budget-buddy"', "require_dpop = true"),
    ],
)
def test_an_entry_of_what_is_there_says_only_what_changes(
    installed: Path, kind: str, identity: str, change: str
) -> None:
    (made,) = apply(f"[[{kind}]]\n{identity}\n{change}", "--json").json["changes"]
    assert [each["field"] for each in made["fields"]] == [change.split(" ", maxsplit=1)[0]]
    assert made["action"] == "change"


@pytest.mark.parametrize(
    ("kind", "identity", "missing"),
    [
        ("issuers", 'id = "new"', ["url", "face"]),
        ("institutions", 'issuer = "main"\nid = "new"', ["name"]),
        ("clients", 'issuer = "main"\nclient_id = "new"', ["name", "institution"]),
    ],
)
def test_an_entry_of_something_new_says_all_that_it_needs(
    installed: Path, kind: str, identity: str, missing: list[str]
) -> None:
    grants = '\ngrant_types = ["refresh_token"]' if kind == "clients" else ""
    answer = apply(f"[[{kind}]]\n{identity}{grants}")
    assert answer.code == 2
    told = [line.strip() for line in answer.err.splitlines() if line.startswith("  line")]
    assert [line.split(": ")[1] for line in told] == [f"{kind}[0].{key}" for key in missing]
    assert all("is missing; write it, such as" in line for line in told)


@pytest.mark.parametrize("arguments", [("--dry-run",), ()])
def test_clients_that_no_longer_fit_the_issuer_are_named(
    installed: Path, arguments: tuple[str, ...]
) -> None:
    answer = apply(FAPI, *arguments)
    assert answer.code == 0
    assert '! client "budget-buddy" no longer fits: auth_method: write one that' in answer.out
    assert "no longer fits" not in apply('[[issuers]]\nid = "main"\nname = "B"').out


def test_a_client_that_does_not_fit_is_listed_and_shown_as_such(installed: Path) -> None:
    before = run("client", "list").out
    assert "enabled" in before
    assert run("client", "show", "budget-buddy", "--json").json["faults"] == []
    apply(FAPI)
    assert "does not fit" in run("client", "list").out
    (fault, _) = run("client", "list", "--json").json[0]["faults"]
    assert fault == "auth_method: write one that fapi2_security allows: private_key_jwt"
    lines = [
        line.split(maxsplit=1) for line in run("client", "show", "budget-buddy").out.split("\n")
    ]
    shown = {line[0]: line[1] for line in lines if len(line) > 1}
    assert shown["profile"] == "fapi2_security (the issuer's)"
    for name in ("require_pkce", "require_par", "require_dpop"):
        assert shown[name] == "yes (profile fapi2_security)"
    assert f"does not fit {fault}".split() == [
        word
        for line in run("client", "show", "budget-buddy").out.splitlines()
        if "auth_method: " in line
        for word in line.split()
    ]


def test_clients_of_the_file_are_not_named_twice(installed: Path) -> None:
    client = '[[clients]]\nissuer = "main"\nclient_id = "budget-buddy"\n'
    answer = apply(FAPI + client)
    assert answer.code == 2
    assert "clients[0].auth_method: write one that fapi2_security allows" in answer.err
    weaker = apply(FAPI + client + 'profile = "oidc"\n')
    assert "clients[0].auth_method: write one that fapi2_security allows" in weaker.err


@pytest.mark.parametrize("identity", ['issuer = "mian"', "issuer = 5"])
def test_what_may_be_there_under_another_name_is_not_called_incomplete(
    installed: Path, identity: str
) -> None:
    client = f'[[clients]]\n{identity}\nclient_id = "budget-buddy"\nrequire_dpop = true'
    answer = apply(client)
    assert answer.code == 2
    assert "1 fault" in answer.err
    assert "clients[0].issuer" in answer.err
