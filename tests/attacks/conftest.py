"""Attacks see a change of the operator's at once, not within a second."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.kit.server import Site, make_site, serving


@pytest.fixture(scope="session")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`ostiary serve` as it runs, for what is the HTTP server's and how it is set up."""
    made = make_site(template, tmp_path_factory.mktemp("site") / "ostiary.db")
    with serving(made):
        yield made


@pytest.fixture(autouse=True)
def _changes_are_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary.provider.served.SECONDS_BETWEEN_LOOKS", 0.0)


@pytest.fixture(autouse=True)
def _loggers_as_new() -> Iterator[None]:
    """Loggers of another test may have been tied to its output; these tests read them."""
    forget_loggers()
    yield
    forget_loggers()


def forget_loggers() -> None:
    structlog.reset_defaults()
    for name, module in list(sys.modules.items()):
        if name.startswith("ostiary.") and hasattr(module, "_log"):
            vars(module._log).pop("bind", None)
