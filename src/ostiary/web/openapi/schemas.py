"""The schemas of what we answer with, for one issuer: its face, its quirks, its profile."""

from collections.abc import Callable, Iterable, Mapping

from ostiary.domain.claim_kind import CLAIM_KINDS, ClaimKind
from ostiary.domain.issuer import Issuer
from ostiary.domain.quirks import Quirk
from ostiary.protocol.errors import ErrorCode
from ostiary.protocol.tokens import Json
from ostiary.provider.authorization.pushed import URN
from ostiary.provider.endpoints.discovery import metadata
from ostiary.web.openapi.model import TEXT, URI, Schema

NUMBER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": TEXT}
JWT: Schema = {"type": "string", "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"}
SECONDS_AS_TEXT: Schema = {"type": "string", "pattern": "^[0-9]+$"}

_KINDS: Mapping[ClaimKind, Schema] = {
    ClaimKind.TEXT: TEXT,
    ClaimKind.BOOLEAN: BOOLEAN,
    ClaimKind.ADDRESS: {"type": "object", "additionalProperties": TEXT},
    ClaimKind.OBJECT: OBJECT,
}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def all_schemas(issuer: Issuer) -> dict[str, Schema]:
    """Those with a name, in its order."""
    return {name: make(issuer) for name, make in sorted(_SCHEMAS.items())}


def members_of(schema: Schema, issuer: Issuer) -> Mapping[str, str]:
    """What the object has in it, with what is said of it, where the schema is no more than a name."""
    if [*schema] != ["$ref"]:
        return {}
    properties = _SCHEMAS[str(schema["$ref"]).rpartition("/")[2]](issuer)["properties"]
    if not isinstance(properties, Mapping):
        return {}
    return {name: _text_of(member) for name, member in properties.items()}


def _text_of(member: Json) -> str:
    return str(member.get("description", "")) if isinstance(member, Mapping) else ""


def _object(text: str, required: Iterable[str], properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "description": text,
        "required": [*required],
        "properties": properties,
    }


def _said(schema: Schema, text: str) -> Schema:
    return {**schema, "description": text}


def _error(_issuer: Issuer) -> Schema:
    codes: list[Json] = [str(code) for code in ErrorCode]
    return _object(
        "Why a request was refused. RFC 6749 §5.2.",
        ("error", "error_description"),
        {
            "error": {"type": "string", "enum": codes},
            "error_description": _said(TEXT, "For developers; it never echoes what was sent."),
        },
    )


def _metadata(issuer: Issuer) -> Schema:
    """Each member is of the kind of its value."""
    members = metadata(issuer)
    return _object(
        "What works here. OIDC Discovery §3, RFC 8414 §2.",
        members,
        {name: {**_kind_of(value), "examples": [value]} for name, value in members.items()},
    )


def _kind_of(value: Json) -> Schema:
    match value:
        case bool():
            return BOOLEAN
        case str():
            return URI
        case _:
            return TEXTS


def _jwks(_issuer: Issuer) -> Schema:
    key = _object(
        "A public key, bound to one algorithm. RFC 7517 §4.",
        ("kty", "kid", "use", "alg"),
        {
            "kty": {"enum": ["RSA", "EC", "OKP"]},
            "kid": _said(TEXT, "As in the header of the tokens that it has signed."),
            "use": {"const": "sig"},
            "alg": TEXT,
            **dict.fromkeys(("crv", "x", "y", "n", "e"), TEXT),
        },
    )
    return _object("RFC 7517 §5.", ("keys",), {"keys": {"type": "array", "items": key}})


def _token_response(issuer: Issuer) -> Schema:
    quirky = Quirk.EXPIRES_IN_STRING in issuer.quirks
    return _object(
        "RFC 6749 §5.1, OIDC Core §3.1.3.3.",
        ("access_token", "token_type", "expires_in"),
        {
            "access_token": _said(JWT, "RFC 9068."),
            "token_type": {
                "enum": ["Bearer", "DPoP"],
                "description": "`DPoP` for a token that is bound to the key of a proof.",
            },
            "expires_in": _said(SECONDS_AS_TEXT if quirky else NUMBER, "In seconds."),
            "scope": _said(TEXT, "What was granted; absent when that is nothing."),
            "id_token": _said(JWT, "For scope `openid`, when a person has signed in."),
            "refresh_token": _said(
                TEXT, _REFRESH_TEXTS[Quirk.REFRESH_TOKEN_ALWAYS in issuer.quirks]
            ),
        },
    )


_REFRESH_TEXTS = {
    False: "For an offline scope, or always for a client that is registered so.",
    True: "For every client that has the grant `refresh_token`.",
}


def _pushed_response(_issuer: Issuer) -> Schema:
    return _object(
        "RFC 9126 §2.2.",
        ("request_uri", "expires_in"),
        {
            "request_uri": {"type": "string", "pattern": f"^{URN}"},
            "expires_in": _said(NUMBER, "In seconds."),
        },
    )


def _introspection(_issuer: Issuer) -> Schema:
    return _object(
        "RFC 7662 §2.2. Of a token that is not active nothing more is said.",
        ("active",),
        {
            "active": BOOLEAN,
            "token_type": {"enum": ["Bearer", "DPoP"]},
            **dict.fromkeys(("iss", "sub", "aud", "client_id", "scope", "jti", "acr"), TEXT),
            **dict.fromkeys(("iat", "exp", "auth_time"), NUMBER),
            "amr": TEXTS,
            "institution_id": TEXT,
            "institutionId": TEXT,
            "cnf": {"type": "object", "properties": {"jkt": TEXT}},
        },
    )


def _userinfo(issuer: Issuer) -> Schema:
    """The claims of the face, each of the kind that its datum has."""
    claims = {name: _claim(datum) for name, datum in issuer.face.data.items()}
    return _object(
        "What the institution knows of the person, as far as it is released. OIDC Core §5.3.2.",
        ("sub",),
        {"sub": _said(TEXT, "Who it is."), **claims},
    )


def _claim(datum: str) -> Schema:
    kind = CLAIM_KINDS.get(datum)
    schema = {} if kind is None else _KINDS[kind]
    return {"type": ["string", "null"]} if datum == "middle_name" else schema


_SCHEMAS: Mapping[str, Callable[[Issuer], Schema]] = {
    "Error": _error,
    "Introspection": _introspection,
    "JwkSet": _jwks,
    "Metadata": _metadata,
    "PushedResponse": _pushed_response,
    "TokenResponse": _token_response,
    "Userinfo": _userinfo,
}
