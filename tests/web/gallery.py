"""Photographs every page in every state, from a real server.

    python -m tests.web.gallery OUTPUT_DIR [NAME ...]
    python -m tests.web.gallery --readme docs/images

The first takes each at the widths of a phone and of a desk, light and dark; index.html shows them
side by side. It is no test: somebody has to look. The second renews the pictures of the README.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from playwright.async_api import async_playwright

from tests.conftest import browser_path
from tests.web.pages import STATES
from tests.web.site import make_demo, open_site
from tests.web.visitor import Visitor, visit

Scheme = Literal["light", "dark"]
Stand = Callable[[str], AbstractAsyncContextManager[Visitor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    width: int
    height: int
    scheme: Scheme
    whole_page: bool = True

    @property
    def name(self) -> str:
        return f"{self.width}-{self.scheme}"


PHONE, DESK = (360, 740), (1280, 800)
SHOTS = tuple(
    Shot(width=width, height=height, scheme=scheme)
    for width, height in (PHONE, DESK)
    for scheme in ("light", "dark")
)
_WINDOW = Shot(width=1100, height=640, scheme="light", whole_page=False)
README: Mapping[str, tuple[str, Shot]] = {
    "sign-in": ("bank-sign-in", _WINDOW),
    "password": ("bank-password", _WINDOW),
    "consent": ("bank-consent", Shot(width=1100, height=900, scheme="light")),
    "error": ("error-for-developers", Shot(width=1100, height=900, scheme="light")),
    "one-page-phone-dark": ("one-page", Shot(width=390, height=700, scheme="dark")),
}
# A machine without a desktop has a poor system-ui.
_README_FONT = """
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":root { --text: Arial, sans-serif }");
  document.adoptedStyleSheets = [sheet];
}
"""


async def take_all(output: Path, names: Sequence[str]) -> None:
    async with _studio() as stand_at:
        for name in names:
            async with stand_at(name) as visitor:
                for shot in SHOTS:
                    await _take(visitor, shot, output / f"{name}-{shot.name}.png")
    _write_index(output, names)


async def take_readme(output: Path) -> None:
    async with _studio() as stand_at:
        for file_name, (name, shot) in README.items():
            async with stand_at(name) as visitor:
                await visitor.page.evaluate(_README_FONT)
                await _take(visitor, shot, output / f"{file_name}.png")


@asynccontextmanager
async def _studio() -> AsyncIterator[Stand]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo.db"
        await make_demo(demo)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=browser_path())

            @asynccontextmanager
            async def stand_at(name: str) -> AsyncIterator[Visitor]:
                """Somebody who looks at this page, on a server of their own."""
                async with (
                    open_site(demo, demo.with_name(f"{name}.db")) as site,
                    visit(browser, site) as visitor,
                ):
                    visitor.watch.expect_status(STATES[name].status)
                    await STATES[name].walk(visitor)
                    yield visitor

            yield stand_at
            await browser.close()


async def _take(visitor: Visitor, shot: Shot, path: Path) -> None:
    await visitor.page.emulate_media(color_scheme=shot.scheme, reduced_motion="reduce")
    await visitor.page.set_viewport_size({"width": shot.width, "height": shot.height})
    await visitor.page.screenshot(path=path, full_page=shot.whole_page)


def _write_index(output: Path, names: Sequence[str]) -> None:
    rows = "".join(
        f"<h2>{escape(name)}</h2>"
        + "".join(
            f'<img src="{name}-{shot.name}.png" width="{shot.width // 2}" alt="{shot.name}">'
            for shot in SHOTS
        )
        for name in names
    )
    page = f"<!doctype html><meta charset=utf-8><title>Gallery</title>{rows}"
    (output / "index.html").write_text(page, encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    match arguments:
        case ["--readme", output]:
            folder = Path(output)
            folder.mkdir(parents=True, exist_ok=True)
            asyncio.run(take_readme(folder))
        case [output, *names] if not output.startswith("-"):
            folder = Path(output)
            folder.mkdir(parents=True, exist_ok=True)
            asyncio.run(take_all(folder, names or list(STATES)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
