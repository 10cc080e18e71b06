"""Faults of a file that a person wrote: all at once, each with its line and what to write instead."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ostiary.management.toml_lines import KeyPath

# pydantic's name of an error -> what to write; "{}" stands for what pydantic knows of it.
_ADVICE: Mapping[str, str] = {
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "dict_type": "write a table",
    "enum": "write {expected}",
    "frozen_set_type": "write a list",
    "greater_than_equal": "write {ge} or more",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "less_than_equal": "write {le} or less",
    "list_type": "write a list",
    "literal_error": "write {expected}",
    "model_attributes_type": "write a table",
    "model_type": "write a table",
    "path_type": "write a path in quotes",
    "string_too_short": "write some text",
    "string_type": "write text in quotes",
    "tuple_type": "write a list",
}
# Keys whose values are not repeated: what is printed may be kept where others read it.
_SECRETS = frozenset({"secret", "password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFault:
    """`where` is a line of the file, or a variable or an option; None for the file as a whole."""

    where: int | str | None
    key: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.where}" if isinstance(self.where, int) else self.where
        return ": ".join(part for part in (where, self.key, self.message) if part)

    @property
    def position(self) -> int:
        """Faults are read from top to bottom; those outside the file come first."""
        return self.where if isinstance(self.where, int) else 0


class FileFaults(Exception):
    """Everything that is wrong with a file."""

    def __init__(self, name: str, faults: Iterable[FileFault]) -> None:
        self.name = name
        self.faults = sorted(faults, key=lambda fault: fault.position)
        listed = "\n".join(f"  {fault}" for fault in self.faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{name} has {count}:\n{listed}")


def read_text(path: Path) -> str:
    """The file's text; raises FileFaults when there is none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        fault = FileFault(where=None, key="", message="is not UTF-8 text; save it as UTF-8")
        raise FileFaults(str(path), [fault]) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}; check the path and its mode"
        raise FileFaults(str(path), [FileFault(where=None, key="", message=message)]) from error


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Raises FileFaults where the text is not TOML; tomllib stops at the first such place."""
    import tomllib  # noqa: PLC0415  20 ms that a start without a file need not pay

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = FileFault(where=None, key="", message=f"is not TOML: {error}")
        raise FileFaults(name, [fault]) from error


def key_text(path: KeyPath) -> str:
    """The key as people write it: clients[0].redirect_uris."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def model_faults(error: ValidationError, model: type[BaseModel]) -> Iterable[tuple[KeyPath, str]]:
    """The path and the advice of each error that pydantic found."""
    for details in error.errors(include_url=False):
        yield details["loc"], _advice(details, model)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"write one of: {', '.join(names)}"


def _advice(details: ErrorDetails, model: type[BaseModel]) -> str:
    path = details["loc"]
    if details["type"] == "extra_forbidden":
        owner = _model_at(model, path[:-1])
        known = () if owner is None else owner.model_fields
        return f"unknown key; {did_you_mean(str(path[-1]), known)}"
    if details["type"] == "missing":
        return missing(model, path)
    if details["type"] == "value_error":
        return details["msg"].removeprefix("Value error, ")
    advice = _ADVICE.get(details["type"])
    if advice is None:
        return details["msg"]
    told = advice.format(**details.get("ctx", {}))
    return told if path[-1] in _SECRETS else f"{told}, not {_shown(details['input'])}"


def missing(model: type[BaseModel], path: KeyPath) -> str:
    """Of a key that has to be there."""
    return f"is missing; {_example(model, path)}"


def _example(model: type[BaseModel], path: KeyPath) -> str:
    owner = _model_at(model, path[:-1])
    field = None if owner is None else owner.model_fields.get(str(path[-1]))
    if field is None or not field.examples:
        return "write it"
    return f'write it, such as {path[-1]} = "{field.examples[0]}"'


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model in which the keys below `path` stand."""
    found: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int):
            continue
        field = None if found is None else found.model_fields.get(part)
        found = None if field is None else _model_in(field.annotation)
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as `list[Model]` or `Model | None` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in inner if model is not None), None)
