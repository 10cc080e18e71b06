"""What goes into an endpoint and what comes out, free of any framework."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.protocol.compact_json import encode_json
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters, parse_parameters
from ostiary.protocol.response_mode import ResponseMode
from ostiary.protocol.tokens import Json

FORM = "application/x-www-form-urlencoded"
MAX_COOKIES_LENGTH = 8192

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]


def gather_headers(pairs: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, Sequence[bytes]]:
    """The values of each header, in their order: of one request a dozen are asked for."""
    gathered: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        if name in gathered:
            gathered[name].append(value)
        else:
            gathered[name] = [value]
    return gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """A request as HTTP brought it: header names in lower case, the body whole.

    `address` is the client's, as far as it is known: a proxy that is not trusted has its own.
    `came_plain`: without TLS over some network, as far as is known.
    """

    method: str
    query: bytes = b""
    headers: Mapping[bytes, Sequence[bytes]] = field(default_factory=dict)
    body: bytes = b""
    address: str = ""
    came_plain: bool = False

    def with_body(self, body: bytes) -> "EndpointRequest":
        return EndpointRequest(
            method=self.method,
            query=self.query,
            headers=self.headers,
            body=body,
            address=self.address,
            came_plain=self.came_plain,
        )

    def header(self, name: bytes) -> str | None:
        """The only value of a header; None when it is absent, or sent more than once."""
        values = self.headers.get(name)
        return values[0].decode("latin-1") if values is not None and len(values) == 1 else None

    def header_values(self, name: bytes) -> list[str]:
        return [value.decode("latin-1") for value in self.headers.get(name, ())]

    def cookie(self, name: str) -> str | None:
        """RFC 6265 §4.2; the first of several, as browsers send the most specific first."""
        for header in self.header_values(b"cookie"):
            for pair in header[:MAX_COOKIES_LENGTH].split(";"):
                key, _, value = pair.strip().partition("=")
                if key == name:
                    return value
        return None

    def has_form(self) -> bool:
        """Whether the body says that it is a form."""
        media_type, _ = self._content_type()
        return media_type == FORM

    def accepts(self, media_type: str) -> bool:
        """Whether Accept names this very type. RFC 9110 §12.5.1."""
        asked = ",".join(self.header_values(b"accept")).lower().split(",")
        return media_type in {each.partition(";")[0].strip() for each in asked}

    def query_parameters(self) -> Parameters:
        return _parse(self.query)

    def form_parameters(self) -> Parameters:
        """The form in the body. Raises the Refusal of anything that is no plain form."""
        media_type, options = self._content_type()
        if media_type != FORM or not _is_utf8(options):
            raise ReasonCode.CONTENT_TYPE_WRONG.refusal(expected=FORM, received=media_type)
        if self.header_values(b"content-encoding"):
            raise ReasonCode.CONTENT_ENCODED.refusal()
        return _parse(self.body)

    def _content_type(self) -> tuple[str, str]:
        """Media type, and what stands behind it."""
        media_type, _, options = (self.header(b"content-type") or "").partition(";")
        return media_type.strip().lower(), options


def _is_utf8(options: str) -> bool:
    """Whether a Content-Type names no charset but the one that forms have."""
    key, _, value = options.strip().lower().partition("=")
    return key != "charset" or value.strip('"') == "utf-8"


def _parse(encoded: bytes) -> Parameters:
    try:
        return parse_parameters(encoded)
    except Malformed as error:
        raise ReasonCode.REQUEST_MALFORMED.refusal(expected=error.expected) from error


def refuse_repeated(parameters: Parameters) -> None:
    """RFC 6749 §3.1, §3.2: no parameter more than once."""
    if parameters.repeated:
        raise ReasonCode.PARAMETER_REPEATED.refusal(received=", ".join(sorted(parameters.repeated)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Public bytes, made once."""

    body: bytes
    media_type: str
    max_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonAnswer:
    """A JSON object for one client alone, never to be stored."""

    members: Mapping[str, Json]
    status: int = 200
    headers: Headers = ()

    def encode(self) -> bytes:
        return encode_json(self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAnswer:
    """The same as a signed token, of a media type of its own."""

    token: str
    media_type: str
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """It is done, and there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResponse:
    """Back to the client, with a code or with an error. RFC 6749 §4.1.2, RFC 9207."""

    redirect_uri: str
    mode: ResponseMode
    parameters: tuple[tuple[str, str], ...]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowInteraction:
    """On to the pages. `cookie` binds the interaction to this browser, for `seconds`."""

    interaction_id: bytes
    cookie: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """To another address of our own."""

    location: str


Answer = (
    Document
    | JsonAnswer
    | JwtAnswer
    | Acknowledgement
    | AuthorizationResponse
    | ShowInteraction
    | Redirect
)
