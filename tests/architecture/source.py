"""The program's own source, parsed once, for the tests of the house rules."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def short_path(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def layer(self) -> str:
        """The folder or file below ostiary that the module belongs to; empty for ostiary itself."""
        return [*self.name.split("."), ""][1]


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parse_module(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(name=module_name(path), path=path, text=text, tree=ast.parse(text, str(path)))


MODULES = tuple(parse_module(path) for path in sorted(SOURCE.rglob("*.py")))


def walk(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the qualified name of the class or function in which it stands."""
    pending: list[tuple[str, ast.AST]] = [(module.name, module.tree)]
    while pending:
        scope, node = pending.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            scope = f"{scope}.{node.name}"
        yield scope, node
        pending.extend((scope, child) for child in ast.iter_child_nodes(node))
