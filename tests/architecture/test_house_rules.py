"""What the source promises its readers, beyond what ruff, mypy and import-linter can see.

An exception is a line with its reason; one that is no longer needed fails as well.
"""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.source import MODULES, Module, walk

LONGEST_FILE = 300
LONGEST_FUNCTION = 50

VAGUE_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}

# A value that crosses a function boundary cannot be changed behind its reader's back.
MUTABLE_DATACLASSES = {
    "ostiary.serving.readiness.ProcessState": "one for the process; it changes when that is told to stop",
    "ostiary.serving.readiness.Readiness": "one for a generation; it changes when the database comes",
    "ostiary.serving.supervisor._Place": "the supervisor's own, of one worker after another",
    "ostiary.domain.clock.SandboxClock": "a clock that can be moved is state, not a value",
    "ostiary.storage.database.Step": "a statement and its parameters, in the order of every driver",
}
LONG_FILES = {
    "ostiary.domain.refusals": "the closed catalogue: one table, and its readers look up one row",
}
LONG_FUNCTIONS: dict[str, str] = {}
IMPURE_CALLS: dict[str, str] = {}

# Imports are import-linter's; these come with modules that the core may import.
IMPURE = {
    "__import__",
    "eval",
    "exec",
    "input",
    "open",
    "print",
    "generate",
    "generate_key",
    "generate_private_key",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "uuid1",
    "uuid4",
    "uuid6",
    "uuid7",
    "utcnow",
}
IMPURE_METHODS = {("datetime", "now"), ("datetime", "today"), ("date", "today")}

# A finding: the qualified name that an exception would give, and what to read.
Finding = tuple[str, str]


def find_mutable_dataclasses(module: Module) -> Iterator[Finding]:
    for name, node in walk(module):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if is_dataclass(decorator) and not is_value(decorator):
                    yield name, f"{module.short_path}:{node.lineno}: {node.name}"


def is_dataclass(decorator: ast.expr) -> bool:
    return called_name(decorator) in {"dataclass", "dataclasses.dataclass"}


def is_value(decorator: ast.expr) -> bool:
    """Whether it says frozen=True, slots=True, kw_only=True."""
    if not isinstance(decorator, ast.Call):
        return False
    said = {
        keyword.arg
        for keyword in decorator.keywords
        if isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    }
    return {"frozen", "slots", "kw_only"} <= said


def called_name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def find_long_files(module: Module) -> Iterator[Finding]:
    lines = len(module.text.splitlines())
    if lines > LONGEST_FILE:
        yield module.name, f"{module.short_path}: {lines} lines"


def find_long_functions(module: Module) -> Iterator[Finding]:
    for name, node in walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield name, f"{module.short_path}:{node.lineno}: {node.name}, {lines} lines"


def find_impure_calls(module: Module) -> Iterator[Finding]:
    if module.layer not in {"protocol", "domain"}:
        return
    for name, node in walk(module):
        if isinstance(node, ast.Call):
            called = called_name(node).split(".")
            if called[-1] in IMPURE or tuple(called[-2:]) in IMPURE_METHODS:
                yield name, f"{module.short_path}:{node.lineno}: {'.'.join(called)}()"


def find_vague_names(module: Module) -> Iterator[Finding]:
    if VAGUE_NAMES & set(module.name.split(".")):
        yield module.name, module.short_path


RULES: dict[str, tuple[Callable[[Module], Iterator[Finding]], dict[str, str]]] = {
    "no module has a name that could hold anything": (find_vague_names, {}),
    "dataclasses are frozen, slots, kw_only": (find_mutable_dataclasses, MUTABLE_DATACLASSES),
    f"no file is over {LONGEST_FILE} lines": (find_long_files, LONG_FILES),
    f"no function is over {LONGEST_FUNCTION} lines": (find_long_functions, LONG_FUNCTIONS),
    "protocol and domain ask no clock, no chance and no disk": (find_impure_calls, IMPURE_CALLS),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_source_keeps_the_rule(rule: str) -> None:
    find, exceptions = RULES[rule]
    findings = [finding for module in MODULES for finding in find(module)]
    broken = [text for name, text in findings if name not in exceptions]
    assert not broken, f"{rule}:\n" + "\n".join(broken)


@pytest.mark.parametrize("rule", RULES)
def test_every_exception_is_needed(rule: str) -> None:
    find, exceptions = RULES[rule]
    needed = {name for module in MODULES for name, _ in find(module)}
    assert not set(exceptions) - needed
