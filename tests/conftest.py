"""What a test may need that is not a Python package: a browser, and Node.

Without it the test is reported as not run, with the reason. In CI that is a failure, since a test
that did not run has shown nothing.
"""

import functools
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kit.world import World, make_template, open_world

if TYPE_CHECKING:
    from playwright.async_api import Browser

TESTS = Path(__file__).parent


@functools.cache
def browser_path() -> str | None:
    """Where Chromium is; scripts/browser.sh finds (or installs) it for `make test`."""
    names = (os.environ.get("OSTIARY_BROWSER"), "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


@functools.cache
def missing_for_browser() -> str | None:
    return None if browser_path() else "no Chromium here: install chromium or set OSTIARY_BROWSER"


@functools.cache
def missing_for_interop() -> str | None:
    if shutil.which("node") is None:
        return "no Node here: install Node 20 or newer"
    interop = TESTS / "interop"
    environments = Path(sys.prefix, "interop")
    installed = [each.parent / "node_modules" for each in interop.glob("*/package.json")]
    installed += [environments / each.parent.name for each in interop.glob("*/requirements.txt")]
    if all((folder / ".installed").exists() for folder in installed):
        return None
    return "the client libraries are not installed: make interop-setup"


def missing_for_go() -> str | None:
    if shutil.which("go") is None:
        return "no Go here: install Go 1.26 or newer"
    built = Path(sys.prefix, "interop")
    if all(
        (built / each.parent.name / "client").exists() for each in TESTS.glob("interop/*/go.mod")
    ):
        return None
    return "the programs in Go are not built: make interop"


def missing_for_apache() -> str | None:
    module = Path("/usr/lib/apache2/modules/mod_auth_openidc.so")
    if shutil.which("apache2", path="/usr/sbin") and module.exists():
        return None
    return "no Apache with its module here: install libapache2-mod-auth-openidc"


# marker -> what it needs and this machine has not
NEEDS: dict[str, Callable[[], str | None]] = {
    "browser": missing_for_browser,
    "interop": missing_for_interop,
    "go": missing_for_go,
    "apache": missing_for_apache,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, missing in NEEDS.items():
        if item.get_closest_marker(marker) is None or (reason := missing()) is None:
            continue
        if os.environ.get("CI") == "true":
            pytest.fail(f"not run, and in CI every test runs: {reason}", pytrace=False)
        pytest.skip(f"not run: {reason}")


@pytest.fixture
async def browser() -> AsyncIterator["Browser"]:
    """A headless Chromium of the test's own; mark the test with `browser`."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_path())
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled database, made once for a worker."""
    path = tmp_path_factory.mktemp("template") / "ostiary.db"
    make_template(path)
    return path


@pytest.fixture
async def world(template: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A provider of the test's own."""
    opened = open_world(template, tmp_path / "ostiary.db")
    yield opened
    await opened.ostiary.close()
