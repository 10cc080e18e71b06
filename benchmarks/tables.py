"""Tables that read well on a terminal and are Markdown, and the page's parts that are written by machine."""

from collections.abc import Iterable, Sequence
from pathlib import Path

TO_THE_LEFT = ("work", "subject", "store", "database", "who")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    left = [heading in TO_THE_LEFT for heading in headings]
    rule = [
        "-" * width if is_left else "-" * (width - 1) + ":"
        for width, is_left in zip(widths, left, strict=True)
    ]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if is_left else cell.rjust(width)
            for cell, width, is_left in zip(row, widths, left, strict=True)
        )
        + " |"
        for row in (headings, rule, *rows)
    )


def listing(facts: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts)


def write_part(page: Path, name: str, text: str) -> None:
    """Between the page's two marks of this name."""
    begin, end = f"<!-- measured: {name} -->\n", f"<!-- end: {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no place for {name}: {begin.strip()} ... {end}")
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}", encoding="utf-8")
