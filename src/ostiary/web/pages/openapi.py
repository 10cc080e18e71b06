"""The endpoints of an issuer, told to developers: what each takes, what it answers, how to call it.

It holds nothing that discovery and the standards do not tell, so production shows it too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ostiary.domain.issuer import Issuer
from ostiary.provider.exchange import Document
from ostiary.web.cors import readable
from ostiary.web.openapi.curl import curl
from ostiary.web.openapi.document import MAX_AGE, openapi_document
from ostiary.web.openapi.model import CREDENTIALS, JSON_TYPE, Operation, Parameter, Response
from ostiary.web.openapi.operations import operations
from ostiary.web.openapi.refused import STATUS_TEXTS
from ostiary.web.openapi.schemas import members_of
from ostiary.web.pages.render import Renderer
from ostiary.web.responses import HttpResponse, answer_response

# These mean the same at every operation.
EVERYWHERE = (405, 413, 415, 500, 503)
# It is for browsers, which look at it by themselves.
_UNTOLD_HEADERS = frozenset({"Access-Control-Allow-Origin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Parameters that travel in the same place; with a command, where there are several ways."""

    title: str
    parameters: tuple[Parameter, ...]
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response, with the members of its body."""

    response: Response
    headers: Sequence[str]
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A path with its methods. Further ones take what the first takes, or `fields` say what."""

    methods: Sequence[str]
    operation: Operation
    command: str
    fields: Sequence[Fields]
    answers: Sequence[Answer]


def send_document(issuer: Issuer) -> HttpResponse:
    """Public, and for scripts of every site, as discovery is."""
    body = openapi_document(issuer)
    document = Document(body=body, media_type=JSON_TYPE, max_age=MAX_AGE)
    return readable(answer_response(document), "*")


def show_operations(issuer: Issuer, renderer: Renderer) -> HttpResponse:
    by_path: dict[str, list[Operation]] = {}
    for operation in operations(issuer):
        by_path.setdefault(operation.path, []).append(operation)
    return renderer.page(
        "openapi.html",
        "Endpoints",
        issuer,
        issuer=issuer.url,
        discovery_href=f"{issuer.url}/.well-known/openid-configuration",
        document_href=issuer.endpoint("openapi.json"),
        operations=[_shown(of_path, issuer) for of_path in by_path.values()],
        everywhere=[(status, STATUS_TEXTS[status]) for status in EVERYWHERE],
    )


def _shown(of_path: Sequence[Operation], issuer: Issuer) -> Shown:
    first = of_path[0]
    form = next(iter(first.forms), None)
    return Shown(
        methods=[operation.method for operation in of_path],
        operation=first,
        command=curl(first, form, issuer) if len(first.forms) <= 1 else "",
        fields=[each for each in _fields(of_path, issuer) if each.parameters],
        answers=[
            _answer(response, issuer)
            for response in first.responses
            if response.status not in EVERYWHERE
        ],
    )


def _fields(of_path: Sequence[Operation], issuer: Issuer) -> Iterator[Fields]:
    first, *others = of_path
    forms = [form for other in others for form in other.forms]
    same = any(form.fields == first.in_query for form in forms)
    yield Fields(title="In the path", parameters=first.in_path)
    yield Fields(
        title="In the query, or in the form of a POST" if same else "In the query",
        parameters=first.in_query,
    )
    for form in first.forms:
        if len(first.forms) == 1:
            yield Fields(title="In the form", parameters=form.fields)
        else:
            command = curl(first, form, issuer)
            yield Fields(title=f"With `{form.title}`", parameters=form.fields, command=command)
    yield Fields(title="In the form, to say who asks", parameters=first.credentials)
    yield Fields(title="In headers", parameters=(*_credentials(first), *first.in_headers))
    for form in () if same else forms:
        yield Fields(title="In the form of a POST", parameters=form.fields)


def _credentials(operation: Operation) -> Iterator[Parameter]:
    for known_by in operation.security:
        shown = CREDENTIALS[known_by]
        yield Parameter(name=f"Authorization: {shown.scheme}", text=shown.text)


def _answer(response: Response, issuer: Issuer) -> Answer:
    return Answer(
        response=response,
        headers=[name for name in response.headers if name not in _UNTOLD_HEADERS],
        members=members_of(response.content.get(JSON_TYPE, {}), issuer),
    )
