"""Catalogue section 14, RX-05: no regular expression of the source takes long over any input.

All of them are collected from the syntax trees, so a new one is tried as well. Each is fed with what
it repeats, many times over, behind what may stand in front of it and before what it cannot match.
"""

import ast
import importlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.architecture.source import MODULES, Module

PARSER: Any = importlib.import_module("re._parser")
# In small steps at first, since what doubles with each character is to be found, not waited for.
SHORT, LONG = (*range(8, 48, 4), 64, 80, 96, 128, 192, 256, 512), (4_096, 32_768)
MOST_SECONDS = 0.1
# Eight times as long: linear is 8, quadratic 64.
MOST_GROWTH, NOISE = 24, 0.01
ENDINGS = ("", "\0", "!", " ", "\n", '"', "]")
REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
TRIED = {"match", "fullmatch"}  # everything else looks everywhere, as search does


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled pattern, and the methods by which it is used."""

    name: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


# ---- collecting ---------------------------------------------------------------------------------


def is_re(node: ast.AST, name: str | None = None) -> bool:
    """A call such as re.compile(...)."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and name in {None, node.func.attr}
    )


def named(module: Module) -> Iterator[str]:
    """The names of the module's compiled patterns."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if is_re(node.value, "compile") and isinstance(target, ast.Name):
                yield target.id


def used(module: Module, name: str) -> frozenset[str]:
    """By which methods; match, for one that is handed on."""
    return frozenset(
        node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    ) or frozenset({"match"})


def collect() -> Iterator[Expression]:
    for module in MODULES:
        for name in named(module):
            pattern = getattr(importlib.import_module(module.name), name)
            yield Expression(
                name=f"{module.name}.{name}", pattern=pattern, methods=used(module, name)
            )


EXPRESSIONS = {each.name: each for each in collect()}


def test_rx_05_every_expression_is_a_named_one() -> None:
    """Or else it would not be collected."""
    calls = sum(is_re(node) for module in MODULES for node in ast.walk(module.tree))
    assert calls == len(EXPRESSIONS) >= 30
    imports = [
        node
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "re"
    ]
    assert imports == []


# ---- making up ----------------------------------------------------------------------------------


def sample(items: Iterable[Any], pick: int = 0) -> str:
    """Something that the parsed pattern matches; `pick` chooses among alternatives."""
    return "".join(_sample_one(str(kind), value, pick) for kind, value in items)


def _sample_one(kind: str, value: Any, pick: int) -> str:
    match kind:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return "a" if value != ord("a") else "b"
        case "ANY":
            return "a"
        case "IN":
            return _member(value, pick)
        case "BRANCH":
            return sample(value[1][pick % len(value[1])], pick)
        case "SUBPATTERN":
            return sample(value[3], pick)
        case _ if kind in REPEATS:
            return sample(value[2], pick) * max(int(value[0]), 1)
        case _:
            return ""  # a place or a look around


def _member(members: Any, pick: int) -> str:
    """One of a set of characters."""
    kinds = [str(kind) for kind, _ in members]
    if kinds[0] == "NEGATE":
        out = {chr(value) for kind, value in members[1:] if str(kind) == "LITERAL"}
        return next(each for each in ("a", "b", "1", " ", "~"[pick % 1 :]) if each not in out)
    kind, value = members[pick % len(members)]
    match str(kind):
        case "RANGE":
            return chr(value[0])
        case "CATEGORY":
            return {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " "}.get(str(value), "a")
        case _:
            return chr(value)


def repeated(items: Iterable[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Each part that may come any number of times: what stands before it, and one of it."""
    for kind, value in items:
        for inner in _inside(str(kind), value):
            yield from repeated(inner, before)
        if str(kind) in REPEATS and int(value[1]) > 64:
            for pick in range(4):
                yield before, sample(value[2], pick)
        before += _sample_one(str(kind), value, 0)


def _inside(kind: str, value: Any) -> list[Any]:
    if kind == "BRANCH":
        return list(value[1])
    if kind == "SUBPATTERN":
        return [value[3]]
    return [value[2]] if kind in REPEATS else []


def attacks(expression: Expression) -> set[tuple[str, str]]:
    pattern = expression.pattern
    text = (
        pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    )
    parsed = PARSER.parse(text, pattern.flags & ~(re.UNICODE | re.ASCII))
    # Also what it does not repeat, since a search begins anew at every place.
    return {*repeated(parsed), ("", sample(parsed)), ("", "a"), ("", "\\"), ("", "[{")}


def seconds(expression: Expression, method: str, text: str) -> float:
    pattern = expression.pattern
    subject: Any = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
    run = getattr(pattern, method if method in TRIED else "search")
    taken: list[float] = []
    # The machine has other work too: what looks slow is tried again.
    while len(taken) < 3 and NOISE / 2 < min(taken, default=NOISE) < 2 * MOST_SECONDS:
        began = time.process_time()
        run(subject)
        taken.append(time.process_time() - began)
    return min(taken)


def check_linear(expression: Expression) -> None:
    for method in expression.methods:
        for before, unit in attacks(expression):
            for ending in ENDINGS:
                taken = []
                for length in (*SHORT, *LONG):
                    text = before + unit * (length // max(len(unit), 1)) + ending
                    taken.append(seconds(expression, method, text))
                    assert taken[-1] < MOST_SECONDS, (before, unit, length, ending)
                assert taken[-1] <= MOST_GROWTH * taken[-2] + NOISE, (before, unit, ending)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_rx_05_time_grows_no_faster_than_the_input(name: str) -> None:
    check_linear(EXPRESSIONS[name])


@pytest.mark.parametrize(
    "pattern", [r"(a+)+", r"(a|a)*b", r"(\w+\s?)*", r"([a-z]+)*://", r"x*x*x*x*y", r"(?:a|aa)+\d"]
)
def test_rx_05_what_does_grow_faster_would_be_found(pattern: str) -> None:
    bad = Expression(name=pattern, pattern=re.compile(pattern), methods=frozenset({"fullmatch"}))
    with pytest.raises(AssertionError):
        check_linear(bad)
