"""The compatibility table of the docs, written from what a run has shown; `make interop` loads it.

A test says by its markers which library it is about and what it shows, in words of this module:

    @pytest.mark.library("authlib")
    @pytest.mark.shows(Flow.CODE, Flow.USERINFO)

which the conftest turns into a note on its report: with pytest-xdist reports cross processes.

What a test showed that passed stands in the row of its library. The table is left as it is when a
test failed, or when a library of LIBRARIES was not run.
"""

from collections import defaultdict
from enum import StrEnum

import pytest

from tests.interop.libraries import LIBRARIES
from tests.interop.library import Library
from tests.interop.pages import DOCS

PAGE = DOCS / "reference" / "compatibility.md"
PROPERTY = "compatibility"

HEAD = """\
# Compatibility

Client libraries that no one here wrote, unchanged. Each was run against `ostiary dev`: the program of its how-to page, and a
longer one of the test suite. `make interop` runs them all and writes this page; the versions are those of the locks in
`tests/interop`.

| library | version | what it does with Ostiary | what it notices |
| --- | --- | --- | --- |
"""
NOTES_HEAD = """
## Notes

"""


class Flow(StrEnum):
    """What a library does, in the order of the table."""

    CODE = "code with PKCE"
    CODE_ALONE = "code without PKCE"
    USERINFO = "userinfo"
    REFRESH = "refresh"
    CLIENT_CREDENTIALS = "client credentials"
    PUBLIC_CLIENT = "public client"
    PRIVATE_KEY_JWT = "private_key_jwt"
    PUSHED = "pushed authorization request"
    DPOP = "DPoP"
    CLAIMS = "claims parameter"
    FORM_POST = "form_post"
    PROMPT_NONE = "prompt=none"
    REVOCATION = "revocation"
    INTROSPECTION = "introspection"
    LOGOUT = "RP-initiated logout"
    BACKCHANNEL_LOGOUT = "back-channel logout"


class Refused(StrEnum):
    """What is wrong on purpose, and is told to the application."""

    WRONG_VERIFIER = "wrong verifier"
    TAMPERED_STATE = "tampered state"
    WRONG_SECRET = "wrong secret"
    DENIED = "consent denied"


def pytest_configure(config: pytest.Config) -> None:
    # The reports of all workers come together in the one process that is no worker.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Writer(), "compatibility-table")


class _Writer:
    def __init__(self) -> None:
        self.shown: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            for name, value in report.user_properties:
                if name == PROPERTY:
                    library, *words = str(value).split("\t")
                    self.shown[library].update(words)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        missing = sorted(LIBRARIES.keys() - self.shown.keys())
        if exitstatus != pytest.ExitCode.OK or missing:
            terminalreporter.write_line(f"{PAGE.name} is left as it was; not shown: {missing}")
            return
        PAGE.write_text(page(self.shown), encoding="utf-8")
        terminalreporter.write_line(f"wrote {PAGE.relative_to(DOCS.parent)}")


def page(shown: dict[str, set[str]]) -> str:
    rows = [
        f"| {_title(each)} | {each.version(each)} | {_words(Flow, shown[name])} | {_words(Refused, shown[name])} |"
        for name, each in LIBRARIES.items()
    ]
    notes = [f"- **{each.title}**: {each.notes}" for each in LIBRARIES.values() if each.notes]
    return HEAD + "\n".join(rows) + "\n" + NOTES_HEAD + "\n".join(notes) + "\n"


def _title(library: Library) -> str:
    return f"[{library.title}](../how-to/{library.page})" if library.page else library.title


def _words(kind: type[StrEnum], shown: set[str]) -> str:
    return ", ".join(word for word in kind if word in shown)
