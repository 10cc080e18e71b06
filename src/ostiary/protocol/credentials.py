"""The Authorization header, and the challenges that ask for it. RFC 9110 §11, RFC 7617, RFC 6750."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from urllib.parse import unquote_plus

from ostiary.protocol.malformed import Malformed

_BASIC_FORM = "base64 of a form-encoded client_id and client_secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPassword:
    """A client's name and secret as they were presented; the secret stays out of `repr`."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return f"ClientPassword(client_id={self.client_id!r})"


def split_authorization(header: str) -> tuple[str, str]:
    """The scheme in lower case, and what follows it."""
    scheme, _, rest = header.partition(" ")
    return scheme.lower(), rest.strip(" ")


def parse_basic(encoded: str) -> ClientPassword:
    """Client credentials of HTTP Basic, each form-encoded before it was joined. RFC 6749 §2.3.1."""
    try:
        raw = b64decode(encoded, validate=True)
        text = raw.decode("utf-8")
        name, colon, secret = text.partition(":")
        client_id = unquote_plus(name, errors="strict")
        client_secret = unquote_plus(secret, errors="strict")
    except ValueError as error:
        raise Malformed("Authorization", _BASIC_FORM) from error
    if not colon or b64encode(raw).decode("ascii") != encoded or "\0" in client_id + client_secret:
        raise Malformed("Authorization", _BASIC_FORM)
    return ClientPassword(client_id=client_id, secret=client_secret)


def bearer_challenge(
    realm: str, *, error: str | None = None, description: str = "", scope: str = ""
) -> str:
    """A WWW-Authenticate value; without `error` when no token was presented. RFC 6750 §3."""
    parts = [f'realm="{realm}"']
    if error:
        parts += [f'error="{error}"', f'error_description="{description}"']
    if scope:
        parts.append(f'scope="{scope}"')
    return "Bearer " + ", ".join(parts)
