"""Every page in every state: WCAG 2.2 AA, small screens, forced colours, and a keyboard alone."""

import json
import os
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from tests.web.pages import STATES
from tests.web.visitor import IN_BROWSER, Visitor

pytestmark = IN_BROWSER

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALLEST_TARGET = 44

_TOO_WIDE = """
() => [...document.body.querySelectorAll("*")]
  .filter(each => each.checkVisibility() && !each.closest(".visually-hidden, .skip-link"))
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map(each => each.outerHTML.slice(0, 120))
"""
_SPILLS = """
() => [...document.querySelectorAll("h1, h2, h3, p, li, dt, code, label, summary, button, a.button")]
  .filter(each => each.checkVisibility() && !each.matches(".visually-hidden"))
  .filter(each => getComputedStyle(each).display !== "inline" && !each.querySelector(".copy"))
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .map(each => each.outerHTML.slice(0, 120))
"""
_TOO_SMALL = """
smallest => [...document.querySelectorAll("button, input, a.button, a.person-switch, summary")]
  .filter(each => each.checkVisibility() && !each.matches(".visually-hidden"))
  .filter(each => each.getBoundingClientRect().height < smallest)
  .map(each => each.outerHTML.slice(0, 120))
"""
_WITHOUT_EDGE = """
() => [...document.querySelectorAll(".button, input")]
  .filter(each => each.checkVisibility() && !each.matches(".visually-hidden"))
  .filter(each => getComputedStyle(each).borderTopStyle !== "solid"
                  || parseFloat(getComputedStyle(each).borderTopWidth) < 1)
  .map(each => each.outerHTML.slice(0, 120))
"""
_FOCUS_RING = """
() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}
"""
_BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="session")
def axe() -> str:
    if AXE.exists():
        return AXE.read_text(encoding="utf-8")
    reason = f"no axe-core here: npm ci --prefix {AXE.parents[2].relative_to(Path.cwd())}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"not run, and in CI every test runs: {reason}", pytrace=False)
    pytest.skip(f"not run: {reason}")


async def findings(page: Page, axe: str) -> list[str]:
    """What the checker finds or cannot tell, each with the elements that it is about."""
    await page.evaluate(axe)
    options = {"runOnly": AXE_TAGS, "resultTypes": ["violations", "incomplete"]}
    result: dict[str, Any] = await page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{finding['id']}: {finding['help']} {[node['html'] for node in finding['nodes']]}"
        for finding in (*result["violations"], *result["incomplete"])
    ]


@pytest.mark.parametrize("name", STATES)
async def test_a_page_is_for_everybody(visitor: Visitor, axe: str, name: str) -> None:
    state, page = STATES[name], visitor.page
    visitor.watch.expect_status(state.status)
    await state.walk(visitor)
    assert await page.locator("h1").count() == 1
    # Narrow, since the checker cannot tell colours in front of the doorway that a desk shows.
    await page.set_viewport_size({"width": 390, "height": 740})
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    backgrounds = []
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await findings(page, axe) == [], scheme
        backgrounds.append(await page.evaluate(_BACKGROUND))
    assert backgrounds[0] != backgrounds[1], "dark is another picture than light"
    assert await page.evaluate(_TOO_SMALL, SMALLEST_TARGET) == []
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate(_TOO_WIDE) == []
    assert await page.evaluate(_SPILLS) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.emulate_media(forced_colors="active")
    assert await page.evaluate(_WITHOUT_EDGE) == []


async def test_text_may_be_spaced_out(visitor: Visitor) -> None:
    """WCAG 2.2 §1.4.12."""
    await STATES["consent-to-everything"].walk(visitor)
    await visitor.page.set_viewport_size({"width": 320, "height": 640})
    await visitor.page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
                                 word-spacing: .16em !important } p { margin-bottom: 2em !important }`);
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    assert await visitor.page.evaluate(_TOO_WIDE) == []
    assert await visitor.page.evaluate(_SPILLS) == []


async def test_a_keyboard_is_enough(visitor: Visitor) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    await visitor.ask()
    await keyboard.type("alice")
    assert await page.evaluate(_FOCUS_RING)
    await keyboard.press("Enter")
    await visitor.see("Enter your password")
    await keyboard.type("ostiary-demo")
    await keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Show password")).to_be_focused()
    await keyboard.press("Tab")
    await expect(page.locator("#sign-in")).to_be_focused()
    assert await page.evaluate(_FOCUS_RING)
    await keyboard.press("Enter")
    await visitor.see("Budget Buddy asks for access to your information")
    await keyboard.press("Enter")  # on nothing: it must not agree
    for name in ("Skip to main content", "Not you?", "Allow", "Don’t allow"):
        await keyboard.press("Tab")
        await expect(page.locator(":focus")).to_have_accessible_name(name)
        assert await page.evaluate(_FOCUS_RING), name
    assert visitor.site.app.arrivals == []
    await keyboard.press("Shift+Tab")
    await keyboard.press("Enter")
    await visitor.see("Back in the app")
    assert "code" in (await visitor.site.app.arrival()).parameters


async def test_the_header_can_be_skipped(visitor: Visitor) -> None:
    await STATES["consent"].walk(visitor)
    skip = visitor.page.get_by_role("link", name="Skip to main content")
    await visitor.page.keyboard.press("Tab")
    await expect(skip).to_be_in_viewport()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("main")).to_be_focused()
