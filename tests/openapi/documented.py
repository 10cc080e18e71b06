"""Whether an answer is one that the OpenAPI document of its issuer has."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import jsonschema_rs

from tests.kit.world import Witness, World

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Documented:
    document: Mapping[str, Any]

    def faults(self, answer: httpx2.Response) -> Iterator[str]:
        """What of the answer is not documented for its request."""
        request = answer.request
        operation = self.find(request.method, request.url.path)
        where = f"{operation['operationId']} {answer.status_code}"
        described = operation["responses"].get(str(answer.status_code))
        if described is None:
            yield f"{where} is not documented"
            return
        for fault in (
            *self._header_faults(described, answer),
            *self._body_faults(described, answer),
            *_returned_faults(described, answer),
        ):
            yield f"{where}: {fault}"

    def has(self, path: str) -> bool:
        return any(re.fullmatch(_pattern(template), path) for template in self.document["paths"])

    def find(self, method: str, path: str) -> Mapping[str, Any]:
        """The operation; of a method that no operation has, any of the path: it says what 405 is."""
        (item,) = (
            item
            for template, item in self.document["paths"].items()
            if re.fullmatch(_pattern(template), path)
        )
        return item.get(method.lower(), next(iter(item.values())))  # type: ignore[no-any-return]

    def _header_faults(
        self, described: Mapping[str, Any], answer: httpx2.Response
    ) -> Iterator[str]:
        names = {name.removesuffix(".always") for name in self.document["components"]["headers"]}
        own = described.get("headers", {})
        for name in sorted(names - own.keys()):
            if name in answer.headers and name != "Cache-Control":
                yield f"header {name} is not documented"
        for name, reference in own.items():
            header = self._resolved(reference)
            if name not in answer.headers:
                if header["required"]:
                    yield f"header {name} is missing"
            else:
                yield from self._value_faults(header["schema"], answer.headers[name])

    def _body_faults(self, described: Mapping[str, Any], answer: httpx2.Response) -> Iterator[str]:
        content = described.get("content", {})
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if not media_type and not content:
            if answer.content:
                yield "a body where none is documented"
            return
        if media_type not in content:
            yield f"{media_type or 'no body'} where {[*content]} is documented"
            return
        if media_type.startswith("image/"):
            return
        value = answer.json() if media_type == JSON_TYPE else answer.text
        yield from self._value_faults(content[media_type].get("schema", {}), value)
        examples = [
            self._resolved(each)["value"]
            for each in content[media_type].get("examples", {}).values()
        ]
        if examples and value and value not in examples:
            yield f"{value} is none of the documented reasons"

    def _value_faults(self, schema: Mapping[str, Any], value: object) -> Iterator[str]:
        validator = _validator(json.dumps(schema), json.dumps(self.document["components"]))
        yield from (error.message for error in validator.iter_errors(value))

    def _resolved(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = self.document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found  # type: ignore[no-any-return]


def _pattern(template: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", template)


@lru_cache(maxsize=1024)
def _validator(schema: str, components: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {**json.loads(schema), "components": json.loads(components)}, validate_formats=True
    )


def _returned_faults(described: Mapping[str, Any], answer: httpx2.Response) -> Iterator[str]:
    """Of an error that goes back to the client: whether it is one of those that are listed."""
    parts = urlsplit(answer.headers.get("location", ""))
    returned = dict(parse_qsl(parts.query or parts.fragment))
    if "error" in returned:
        line = f"- `{returned['error']}`: {returned['error_description']}"
        if line not in described["description"]:
            yield f"not listed: {line}"


# ---- for every answer of a world ---------------------------------------------------------------

# Documented in words alone: GET without a body, and what browsers ask before a script may ask.
_IN_WORDS = frozenset({"HEAD", "OPTIONS"})


def witness_of(world: World) -> Witness:
    """Raises when an answer at a path of the document is none that the document has."""

    async def witness(answer: httpx2.Response) -> None:
        request = answer.request
        if request.method in _IN_WORDS:
            return
        transport = httpx2.ASGITransport(app=world.ostiary.application)
        url = request.url.copy_with(path="/openapi.json", query=None)
        host = {"host": request.headers["host"]}
        async with httpx2.AsyncClient(transport=transport) as http:
            found = await http.get(url, headers=host)
        if found.status_code != 200:  # nobody lives at this host
            return
        documented = _documented(found.content)
        if documented.has(request.url.path):
            await answer.aread()
            assert list(documented.faults(answer)) == []

    return witness


@lru_cache(maxsize=64)
def _documented(content: bytes) -> Documented:
    return Documented(json.loads(content))
