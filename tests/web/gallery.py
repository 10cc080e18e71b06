"""Photographs every page in every state: python -m tests.web.gallery OUTPUT_DIR [NAME ...]

At the widths of a phone and of a desk, light and dark, from a real server. Not a test: somebody has
to look at the pictures, and index.html shows them side by side.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, async_playwright

from tests.conftest import browser_path
from tests.web.pages import STATES
from tests.web.site import make_demo, open_site
from tests.web.visitor import Visitor, visit

WIDTHS = {360: 740, 1280: 800}
SCHEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")


async def photograph(output: Path, names: Iterable[str]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo.db"
        await make_demo(demo)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=browser_path())
            for name in names:
                await _photograph_state(name, browser, demo, output)
            await browser.close()
    _write_index(output, names)


async def _photograph_state(name: str, browser: Browser, demo: Path, output: Path) -> None:
    state = STATES[name]
    async with (
        open_site(demo, demo.with_name(f"{name}.db")) as site,
        visit(browser, site) as visitor,
    ):
        visitor.watch.expect_status(state.status)
        await state.walk(visitor)
        for scheme in SCHEMES:
            for width, height in WIDTHS.items():
                await _photograph_page(visitor, scheme, width, height, output / _file(name, scheme, width))


async def _photograph_page(
    visitor: Visitor, scheme: Literal["light", "dark"], width: int, height: int, path: Path
) -> None:
    await visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await visitor.page.set_viewport_size({"width": width, "height": height})
    await visitor.page.screenshot(path=path, full_page=True)


def _file(name: str, scheme: str, width: int) -> str:
    return f"{name}-{width}-{scheme}.png"


def _write_index(output: Path, names: Iterable[str]) -> None:
    rows = "".join(
        f"<h2>{escape(name)}</h2>"
        + "".join(
            f'<img src="{_file(name, scheme, width)}" width="{width // 2}" alt="">'
            for width in WIDTHS
            for scheme in SCHEMES
        )
        for name in names
    )
    page = f"<!doctype html><meta charset=utf-8><title>Gallery</title>{rows}"
    (output / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(photograph(Path(sys.argv[1]), sys.argv[2:] or list(STATES)))
