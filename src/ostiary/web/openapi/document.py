"""The operations of an issuer as an OpenAPI 3.1 document.

It is made when it is first asked for, and kept for as long as the issuer is the same.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.compact_json import encode_json
from ostiary.protocol.tokens import Json
from ostiary.provider.exchange import FORM
from ostiary.web.openapi.headers import HEADERS
from ostiary.web.openapi.model import (
    CREDENTIALS,
    JSON_TYPE,
    Form,
    Operation,
    Parameter,
    Response,
    Schema,
    Security,
    Tag,
)
from ostiary.web.openapi.operations import operations
from ostiary.web.openapi.refused import body_of
from ostiary.web.openapi.schemas import all_schemas
from ostiary.web.routes import RefusalForm

MAX_AGE = 300
# Issuers whose document is kept: some 100 kB each.
MOST_KEPT = 32


@lru_cache(maxsize=MOST_KEPT)
def openapi_document(issuer: Issuer) -> bytes:
    return encode_json(describe(issuer))


def describe(issuer: Issuer) -> dict[str, Json]:
    found = operations(issuer)
    paths: dict[str, dict[str, Json]] = {}
    for operation in found:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{issuer.name}: OpenID Provider", "version": "0", "description": _TEXT},
        "servers": [{"url": issuer.origin}],
        "tags": [{"name": tag} for tag in Tag],
        "paths": paths,
        "components": {
            "schemas": {**all_schemas(issuer), **_bodies(found)},
            "headers": _headers(),
            "examples": _examples(found),
            "securitySchemes": {scheme: _security_scheme(scheme) for scheme in _schemes(found)},
        },
    }


_TEXT = (
    "What the endpoints of this issuer take and answer. Parameters that are not known here are "
    "ignored, one that comes twice is refused. `HEAD` is answered where `GET` changes nothing. "
    "Scripts of other sites may read an answer that has `Access-Control-Allow-Origin`; where a "
    "browser asks before (`OPTIONS`), a registered origin is told 204 and any other 403."
)


def _schemes(found: Iterable[Operation]) -> Sequence[Security]:
    used = {scheme for operation in found for scheme in operation.security}
    return [scheme for scheme in Security if scheme in used]


def _security_scheme(scheme: Security) -> dict[str, Json]:
    shown = CREDENTIALS[scheme]
    return {"type": "http", "scheme": shown.scheme.lower(), "description": shown.text}


def _operation(operation: Operation) -> dict[str, Json]:
    members: dict[str, Json] = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.text,
        "responses": {str(each.status): _response(each) for each in operation.responses},
    }
    places = {
        "path": operation.in_path,
        "query": operation.in_query,
        "header": operation.in_headers,
    }
    parameters = [_parameter(each, place) for place, some in places.items() for each in some]
    if parameters:
        members["parameters"] = parameters
    if operation.forms:
        members["requestBody"] = _request_body(operation.forms)
    if operation.security:
        members["security"] = _security(operation)
    return members


def _security(operation: Operation) -> list[Json]:
    known_by: list[Json] = [{scheme: []} for scheme in operation.security]
    return [*known_by, {}] if operation.security_optional else known_by


def _parameter(parameter: Parameter, place: str) -> dict[str, Json]:
    members: dict[str, Json] = {
        "name": parameter.name,
        "in": place,
        "required": parameter.required,
        "description": parameter.text,
        "schema": parameter.schema,
    }
    if parameter.example and not parameter.example.startswith("$"):
        members["example"] = parameter.example
    return members


# ---- bodies ------------------------------------------------------------------------------------


def _request_body(forms: Sequence[Form]) -> dict[str, Json]:
    named: list[Json] = [{"$ref": f"#/components/schemas/{form.name}"} for form in forms]
    schema = named[0] if len(named) == 1 else {"oneOf": named}
    return {
        "required": all(form.required for form in forms),
        "content": {FORM: {"schema": schema}},
    }


def _bodies(found: Iterable[Operation]) -> dict[str, Schema]:
    """The schemas of the forms: what an operation asks, and who asks it."""
    return {
        form.name: _form([*form.fields, *operation.credentials])
        for operation in found
        for form in operation.forms
    }


def _form(fields: Sequence[Parameter]) -> Schema:
    return {
        "type": "object",
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: {**field.schema, "description": field.text} for field in fields},
    }


# ---- answers -----------------------------------------------------------------------------------


def _response(response: Response) -> dict[str, Json]:
    members: dict[str, Json] = {"description": response.text}
    if response.headers:
        members["headers"] = {
            name: {"$ref": f"#/components/headers/{_header_name(name, always=always)}"}
            for name, always in response.headers.items()
        }
    if response.content:
        members["content"] = {
            media_type: _media_type(media_type, schema, response)
            for media_type, schema in response.content.items()
        }
    if response.reasons and JSON_TYPE not in response.content:
        members["description"] = "\n\n".join((response.text, _reasons(response.reasons)))
    return members


def _media_type(media_type: str, schema: Schema, response: Response) -> dict[str, Json]:
    members: dict[str, Json] = {"schema": schema} if schema else {}
    if media_type == JSON_TYPE and response.reasons:
        members["examples"] = {
            name: {"$ref": f"#/components/examples/{name}"} for name in map(_name, response.reasons)
        }
    return members


def _reasons(reasons: Iterable[ReasonCode]) -> str:
    return "\n".join(f"- `{each.value.error}`: {each.value.text}" for each in reasons)


def _examples(found: Iterable[Operation]) -> dict[str, Json]:
    """Each reason by its name: what goes over the wire, and what to do about it."""
    reasons = dict.fromkeys(
        reason
        for operation in found
        for response in operation.responses
        if JSON_TYPE in response.content
        for reason in response.reasons
    )
    return {
        _name(reason): {
            "summary": reason.value.text,
            "description": reason.value.advice,
            "value": body_of(reason, RefusalForm.JSON),
        }
        for reason in reasons
    }


def _name(reason: ReasonCode) -> str:
    return reason.name.lower()


def _headers() -> dict[str, Json]:
    """Each of them twice: as one that is always there, and as one that may be."""
    return {
        _header_name(header.name, always=always): {
            "description": header.text,
            "required": always,
            "schema": header.schema,
        }
        for header in HEADERS.values()
        for always in (False, True)
    }


def _header_name(name: str, *, always: bool) -> str:
    return f"{name}.always" if always else name
