"""An institution's colour, and the colour of text on it. WCAG 2.2 §1.4.3."""

import re

_COLOR = re.compile(r"[0-9a-f]{6}")
_LIGHT, _DARK = "ffffff", "111111"


def theme_href(brand_color: str) -> str:
    """The address of the stylesheet for a colour like "#1f4e79"."""
    return f"/theme/{brand_color.removeprefix('#').lower()}.css"


def theme_css(name: str) -> str | None:
    """The stylesheet at that address; None when the name is no colour."""
    color = name.removesuffix(".css")
    if not _COLOR.fullmatch(color):
        return None
    on_color = max((_LIGHT, _DARK), key=lambda text: contrast(color, text))
    return f":root{{--brand:#{color};--on-brand:#{on_color}}}"


def contrast(one: str, other: str) -> float:
    """Between 1 and 21, for colours as six hexadecimal digits."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
