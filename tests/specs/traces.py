"""What the source cites, and what the tests of this folder show: both read from their syntax trees.

A citation is a standard and a section, such as "RFC 6749 §4.1.2". A section without a standard
belongs to the standard that was named last in the same text: "RFC 6749 §3.1, §3.2".
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

_CITATION = re.compile(
    r"(?P<standard>RFC \d+|OIDC Core|OIDC Discovery|OAuth Multiple Response Types|Form Post"
    r"|RP-Initiated Logout|Back-Channel Logout|FAPI 2\.0|NIST SP [\w-]+|draft-[a-z0-9-]+)"
    r"|§\s?(?P<section>\d+(?:\.\d+)*)"
    r"|(?P<appendix>appendix [A-Z])"
    r"|(?P<weakness>CWE-\d+)"
)


def citations(text: str) -> Iterator[str]:
    standard = None
    for match in _CITATION.finditer(text):
        if match["standard"]:
            standard = match["standard"]
        elif match["weakness"]:
            yield match["weakness"]
        elif standard is not None:
            yield f"{standard} {match['appendix'] or '§' + match['section']}"


def is_covered(section: str, shown: Iterable[str]) -> bool:
    """Whether a test is marked with the section itself or with a part of it."""
    return any(each == section or each.startswith(f"{section}.") for each in shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecTest:
    """A test function: what it is marked with, and the refusals that it names."""

    name: str
    docstring: str | None
    sections: frozenset[str]
    reasons: frozenset[str]


def read_tests(folder: Path = HERE) -> list[SpecTest]:
    return list(_read_all(folder.glob("test_*.py")))


def read_pure_tests() -> list[SpecTest]:
    """Tests of the pure core, beside their modules, as far as they are marked with a section."""
    return [
        test for test in _read_all((HERE.parent / "protocol").rglob("test_*.py")) if test.sections
    ]


def _read_all(paths: Iterable[Path]) -> Iterator[SpecTest]:
    for path in sorted(paths):
        yield from read_functions(path.read_text(encoding="utf-8"))


def read_functions(text: str) -> Iterator[SpecTest]:
    tree = ast.parse(text)
    everywhere = frozenset(
        section
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        for section in _marks(node.value)
    )
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test"
        ):
            own = {section for each in node.decorator_list for section in _marks(each)}
            yield SpecTest(
                name=node.name,
                docstring=ast.get_docstring(node),
                sections=everywhere | own,
                reasons=frozenset(_reasons(node)),
            )


def _marks(node: ast.AST) -> Iterator[str]:
    """The sections of every `pytest.mark.spec("...")` in a decorator or an assignment."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.spec":
            yield from (str(ast.literal_eval(argument)) for argument in each.args)


def _reasons(node: ast.AST) -> Iterator[str]:
    """Every X of a `ReasonCode.X`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "ReasonCode":
            yield each.attr
