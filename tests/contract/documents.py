"""The two contracts as they are documented, and what an answer has in it that they do not document."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs

HERE = Path(__file__).parent
FACES = ("enterprise", "consumer")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    face: str
    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.face} {self.method} {self.path.rpartition('/v0')[2] or self.path}"

    @property
    def name(self) -> str:
        """Such as "POST /token"."""
        return self.id.partition(" ")[2]

    @property
    def statuses(self) -> frozenset[int]:
        return frozenset(map(int, self.described["responses"]))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Of the query, of headers and of the form."""
        own = [each["name"] for each in self.described.get("parameters", ())]
        form = self.described.get("requestBody", {}).get("content", {})
        schema = resolved(document(self.face), form.get("application/x-www-form-urlencoded", {}))
        return (*own, *_properties(schema.get("schema", {})))


def document(face: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / f"{face}.openapi.json").read_text("utf-8"))
    return loaded


def operations(face: str) -> Iterator[Operation]:
    for path, item in document(face)["paths"].items():
        for method, described in item.items():
            yield Operation(face, method.upper(), path, described)


OPERATIONS = tuple(operation for face in FACES for operation in operations(face))


def operation(face: str, method: str, ending: str) -> Operation:
    """The operation of a face whose path ends so."""
    (found,) = [
        each
        for each in OPERATIONS
        if each.face == face and each.method == method and each.path.endswith(ending)
    ]
    return found


def deviations(operation: Operation, answer: httpx2.Response) -> Iterator[str]:
    """What the answer has that is not documented: its status, its content type, its body."""
    documented = operation.described["responses"].get(str(answer.status_code))
    where = f"{operation.name} {answer.status_code}"
    if documented is None:
        yield where
        return
    content = documented.get("content")
    if not content:
        return
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if media_type not in content:
        yield f"{where} {media_type or 'no body'}"
        return
    if media_type == "application/json":
        schema = json_schema(document(operation.face), content[media_type]["schema"])
        for error in jsonschema_rs.validator_for(schema).iter_errors(answer.json()):
            place = "/".join(map(str, error.instance_path)) or _missing(error.message)
            yield f"{where} {place}"


def _missing(message: str) -> str:
    found = re.match(r'"(\w+)" is a required property', message)
    return f"no {found[1]}" if found else message


def json_schema(contract: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an OpenAPI 3.0 schema, in which `nullable` says what a type says there."""
    return _nullable(resolved(contract, schema))  # type: ignore[no-any-return]


def resolved(contract: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same with every reference followed."""
    found: dict[str, Any] = _resolve(contract, copy.deepcopy(dict(schema)))
    return found


def _resolve(contract: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_resolve(contract, each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        target: Any = contract
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return _resolve(contract, copy.deepcopy(target))
    return {name: _resolve(contract, member) for name, member in value.items()}


def _nullable(value: Any) -> Any:
    if isinstance(value, list):
        return [_nullable(each) for each in value]
    if not isinstance(value, dict):
        return value
    mended = {name: _nullable(member) for name, member in value.items() if name != "example"}
    if mended.pop("nullable", False) is True:
        mended["type"] = [mended["type"], "null"]
    return mended


def _properties(schema: Mapping[str, Any]) -> tuple[str, ...]:
    found = list(schema.get("properties", ()))
    for each in (*schema.get("allOf", ()), *schema.get("oneOf", ())):
        found.extend(_properties(each))
    return tuple(dict.fromkeys(found))
