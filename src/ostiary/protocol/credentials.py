"""The Authorization header, and the challenges that ask for it. RFC 9110 §11, RFC 7617, RFC 6750."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from urllib.parse import unquote_plus

from ostiary.protocol.malformed import Malformed

_BASIC_FORM = "base64 of a form-encoded client_id and client_secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPassword:
    """A client's name and secret as they were presented; the secret stays out of `repr`.

    `raw_secret` is how the secret was written, where decoding changes it: many clients join their
    credentials without form-encoding them.
    """

    client_id: str
    secret: str
    raw_secret: str | None = None

    def __repr__(self) -> str:
        return f"ClientPassword(client_id={self.client_id!r})"


def split_authorization(header: str) -> tuple[str, str]:
    """The scheme in lower case, and what follows it."""
    scheme, _, rest = header.partition(" ")
    return scheme.lower(), rest.strip(" ")


def parse_basic(encoded: str) -> ClientPassword:
    """Client credentials of HTTP Basic, each form-encoded before it was joined. RFC 6749 §2.3.1.

    Of a secret the form that was sent is kept too.
    """
    try:
        raw = b64decode(encoded, validate=True)
        text = raw.decode("utf-8")
        name, colon, secret = text.partition(":")
        client_id = unquote_plus(name, errors="strict")
        decoded = _form_decoded(secret)
    except ValueError as error:
        raise Malformed("Authorization", _BASIC_FORM) from error
    if not colon or b64encode(raw).decode("ascii") != encoded or "\0" in client_id + decoded:
        raise Malformed("Authorization", _BASIC_FORM)
    raw_secret = None if decoded == secret else secret
    return ClientPassword(client_id=client_id, secret=decoded, raw_secret=raw_secret)


def _form_decoded(secret: str) -> str:
    """What was never form-encoded may not look like it: that stays as it is."""
    try:
        return unquote_plus(secret, errors="strict")
    except UnicodeDecodeError:
        return secret


def challenge(scheme: str, **attributes: str) -> str:
    """A WWW-Authenticate value; attributes without a value are left out. RFC 6750 §3."""
    pairs = [f'{name}="{value}"' for name, value in attributes.items() if value]
    return f"{scheme} {', '.join(pairs)}"
