"""An operation as a command to type: what is different each time is a variable of the shell."""

from collections.abc import Iterator, Sequence

from ostiary.domain.issuer import Issuer
from ostiary.web.openapi.model import Form, Operation, Parameter, Security


def curl(operation: Operation, form: Form | None, issuer: Issuer) -> str:
    """With what is needed, and what a good client sends besides."""
    in_query, in_form = _examples(operation.in_query), _in_form(operation, form)
    words = (
        f'curl{_options(operation, in_query, in_form)} "{issuer.origin}{_path(operation)}"',
        *_credentials(operation),
        *(f'-H "{each.name}: {each.example}"' for each in _examples(operation.in_headers)),
        *(f'--data-urlencode "{each.name}={each.example}"' for each in (*in_query, *in_form)),
    )
    return " \\\n  ".join(words)


def _options(
    operation: Operation, in_query: Sequence[Parameter], in_form: Sequence[Parameter]
) -> str:
    # What matters of a redirect stands in its headers.
    shown = " -i" if any(response.status == 303 for response in operation.responses) else ""
    if in_query:
        return f"{shown} -G"
    return shown if in_form or operation.method == "GET" else f"{shown} -X {operation.method}"


def _path(operation: Operation) -> str:
    path = operation.path
    for parameter in operation.in_path:
        path = path.replace(f"{{{parameter.name}}}", parameter.example)
    return path


def _in_form(operation: Operation, form: Form | None) -> Sequence[Parameter]:
    fields = _examples(form.fields) if form else []
    if Security.BASIC in operation.security:
        return fields
    return [*fields, *_examples(operation.credentials)]


def _credentials(operation: Operation) -> Iterator[str]:
    if Security.BASIC in operation.security:
        yield '-u "$CLIENT_ID:$CLIENT_SECRET"'
    elif Security.BEARER in operation.security:
        bound = bool(_examples(operation.in_headers))
        yield f'-H "Authorization: {"DPoP" if bound else "Bearer"} $ACCESS_TOKEN"'


def _examples(parameters: Sequence[Parameter]) -> list[Parameter]:
    return [each for each in parameters if each.example]
