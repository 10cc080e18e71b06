"""An operation as values: what the document writes as JSON, and the page as a text for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.tokens import Json

# JSON Schema 2020-12.
Schema: TypeAlias = Mapping[str, Json]

TEXT: Schema = {"type": "string"}
URI: Schema = {"type": "string", "format": "uri"}
JSON_TYPE, HTML_TYPE = "application/json", "text/html"


class Tag(StrEnum):
    """By what the operations are grouped; in this order."""

    PROVIDER = "Provider"
    AUTHORIZATION = "Authorization"
    TOKENS = "Tokens"
    PEOPLE = "People"


class Security(StrEnum):
    """How the one who asks is known by a header; the names of the document's security schemes."""

    BASIC = "clientSecretBasic"
    BEARER = "bearer"
    DPOP = "dpop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What stands in the header Authorization."""

    scheme: str
    text: str


CREDENTIALS: Mapping[Security, Credentials] = {
    Security.BASIC: Credentials(
        scheme="Basic",
        text="Of a client: `client_id` and `client_secret`, each form-encoded. RFC 6749 §2.3.1.",
    ),
    Security.BEARER: Credentials(
        scheme="Bearer", text="An access token that is bound to no key. RFC 6750 §2.1."
    ),
    Security.DPOP: Credentials(
        scheme="DPoP",
        text="An access token that is bound to a key, beside a proof of that key. RFC 9449 §7.1.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`example` is a value, or the name of a shell variable for what is different each time."""

    name: str
    text: str
    schema: Schema = field(default_factory=lambda: TEXT)
    required: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A body in application/x-www-form-urlencoded; `name` is that of its schema."""

    name: str
    title: str
    fields: tuple[Parameter, ...]
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    name: str
    text: str
    schema: Schema = field(default_factory=lambda: TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """`headers` lead from a name to whether it is always there; `reasons` are why it is given."""

    status: int
    text: str
    content: Mapping[str, Schema]
    headers: Mapping[str, bool]
    reasons: tuple[ReasonCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. Where there is more than one form, the body is one of them; it has in
    it what of `credentials` the client proves itself with."""

    path: str
    method: str
    operation_id: str
    tag: Tag
    summary: str
    text: str
    in_path: tuple[Parameter, ...] = ()
    in_query: tuple[Parameter, ...] = ()
    in_headers: tuple[Parameter, ...] = ()
    forms: tuple[Form, ...] = ()
    credentials: tuple[Parameter, ...] = ()
    security: tuple[Security, ...] = ()
    # Whether what `security` names may be missing.
    security_optional: bool = False
    responses: tuple[Response, ...]
