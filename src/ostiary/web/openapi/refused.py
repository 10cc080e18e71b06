"""How an operation turns requests down: read from the answers themselves, reason by reason."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.tokens import Json
from ostiary.web.cors import Readers
from ostiary.web.openapi.headers import HEADERS, for_scripts
from ostiary.web.openapi.model import HTML_TYPE, JSON_TYPE, TEXT, Response, Schema
from ostiary.web.responses import (
    HttpResponse,
    challenge_refusal,
    json_refusal,
    page_response,
    saying_when,
)
from ostiary.web.routes import RefusalForm

_KNOWN = {name.lower().encode("ascii"): name for name in HEADERS}


def refused(
    reasons: Iterable[ReasonCode],
    form: RefusalForm,
    readers: Readers = Readers.NOBODY,
    *,
    also_as_page: bool = False,
) -> tuple[Response, ...]:
    """A response for each status; `also_as_page` to whoever accepts HTML."""
    by_status: dict[int, list[ReasonCode]] = {}
    for reason in dict.fromkeys(reasons):
        by_status.setdefault(samples(reason, form)[0].status, []).append(reason)
    return tuple(
        Response(
            status=status,
            text=STATUS_TEXTS[status],
            content=_content(status, group, form, also_as_page=also_as_page),
            headers=_headers(status, group, form) | for_scripts(readers, status),
            reasons=tuple(group),
        )
        for status, group in sorted(by_status.items())
    )


@lru_cache(maxsize=512)
def samples(reason: ReasonCode, form: RefusalForm) -> tuple[HttpResponse, ...]:
    """What is answered for this reason, in each way in which it may be."""
    refusal = reason.refusal()
    match form:
        case RefusalForm.PAGE:
            return (saying_when(page_response(None, "", reason.value.status), refusal),)
        case RefusalForm.JSON:
            return json_refusal(refusal, basic=False), json_refusal(refusal, basic=True)
        case RefusalForm.CHALLENGE:
            return challenge_refusal(refusal, dpop=False), challenge_refusal(refusal, dpop=True)


def _content(
    status: int, reasons: Sequence[ReasonCode], form: RefusalForm, *, also_as_page: bool
) -> dict[str, Schema]:
    as_page = form is RefusalForm.PAGE
    content: dict[str, Schema] = {}
    # When something is wrong on our side, it may not even be known whose request it is.
    if not as_page or status >= 500:
        content[JSON_TYPE] = error_schema(reasons, RefusalForm.JSON if as_page else form)
    if as_page or also_as_page:
        content[HTML_TYPE] = TEXT
    return content


# What a status means here, whatever the reason.
STATUS_TEXTS: Mapping[int, str] = {
    400: "The request is refused: something in it has to be mended.",
    401: "Whoever asks has not proved who they are.",
    403: "Whoever asks may not have this.",
    404: "There is nothing at this address.",
    405: "Any other method.",
    413: "The body is too large.",
    415: "The body is compressed.",
    429: "Too much was asked; Retry-After says when to ask again.",
    500: "Something went wrong on our side.",
    503: "The server is busy, or its database cannot be reached.",
}


def _headers(status: int, reasons: Sequence[ReasonCode], form: RefusalForm) -> dict[str, bool]:
    """The names of the headers, and whether every one of these answers has it."""
    found = [set(_named(sample)) for each in reasons for sample in samples(each, form)]
    headers = {name: all(name in each for each in found) for name in _KNOWN.values()}
    headers = {
        name: always for name, always in headers.items() if any(name in each for each in found)
    }
    headers.pop("Cache-Control", None)
    if ReasonCode.METHOD_NOT_ALLOWED in reasons:
        headers["Allow"] = len(reasons) == 1
    if ReasonCode.DPOP_NONCE_NEEDED in reasons:
        headers["DPoP-Nonce"] = False
    return {**headers, "Ostiary-Reference": status < 500}


def _named(sample: HttpResponse) -> Iterator[str]:
    return (_KNOWN[name] for name, _ in sample.headers if name in _KNOWN)


def error_schema(reasons: Sequence[ReasonCode], form: RefusalForm) -> Schema:
    """The error object with the codes that these reasons have. RFC 6749 §5.2.

    Who has tried no credentials is told of no error: an empty object. RFC 6750 §3.
    """
    bodies = [body_of(reason, form) for reason in reasons]
    codes = sorted({str(body["error"]) for body in bodies if body})
    error: Schema = {
        "$ref": "#/components/schemas/Error",
        "properties": {"error": {"enum": codes}},
    }
    if all(bodies):
        return error
    nothing: Schema = {"type": "object", "maxProperties": 0}
    return {"anyOf": [error, nothing]} if codes else nothing


def body_of(reason: ReasonCode, form: RefusalForm) -> Mapping[str, Json]:
    """The members that a program is sent for this reason."""
    spoken = RefusalForm.JSON if form is RefusalForm.PAGE else form
    members: Mapping[str, Json] = json.loads(samples(reason, spoken)[0].body)
    return members
