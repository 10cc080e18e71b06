"""How an authorization response travels back. OAuth Multiple Response Types §2.1, Form Post §2."""

from enum import StrEnum
from urllib.parse import quote

from ostiary.protocol.malformed import Malformed


class ResponseMode(StrEnum):
    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


def parse_response_mode(text: str | None) -> ResponseMode:
    """The mode asked for; a code travels in the query by default."""
    if text is None:
        return ResponseMode.QUERY
    try:
        return ResponseMode(text)
    except ValueError as error:
        raise Malformed("response_mode", "query, fragment or form_post") from error


def append_parameters(
    redirect_uri: str, mode: ResponseMode, parameters: tuple[tuple[str, str], ...]
) -> str:
    """The Location of a response in the query or the fragment of the redirect URI."""
    encoded = "&".join([f"{name}={quote(value, safe='')}" for name, value in parameters])
    if mode is ResponseMode.FRAGMENT:
        return f"{redirect_uri}#{encoded}"
    if "?" not in redirect_uri:
        return f"{redirect_uri}?{encoded}"
    separator = "" if redirect_uri.endswith(("?", "&")) else "&"
    return f"{redirect_uri}{separator}{encoded}"
