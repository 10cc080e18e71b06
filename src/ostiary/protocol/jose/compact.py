"""A signed token as text: RFC 7515 §7.1, read strictly and in one way only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.protocol.base64url import decode_base64url
from ostiary.protocol.jose.algorithms import usual_name
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.strict_json import parse_json_object
from ostiary.protocol.tokens import Claims, Json

MAX_TOKEN_LENGTH = 16_384
MAX_HEADER_LENGTH = 8_192

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedToken:
    """What somebody says: nothing in it is true until its signature has been verified."""

    algorithm: str
    type: str | None
    kid: str | None
    header: Mapping[str, Json]
    claims: Claims
    signing_input: bytes
    signature: bytes


def parse_token(text: str, *, max_header_length: int = MAX_HEADER_LENGTH) -> UnverifiedToken:
    """The parts of a compact JWS whose payload is a JSON object. RFC 7515 §5.2, RFC 7519 §7.2

    `crit` is refused whatever it names, and with it `b64` (RFC 7797 §6): we know no extension.
    """
    if len(text) > MAX_TOKEN_LENGTH or not _COMPACT.fullmatch(text):
        raise Malformed("token", "a compact JWS")
    signing_input, _, signature = text.rpartition(".")
    encoded_header, _, payload = signing_input.partition(".")
    header = parse_json_object(decode_base64url(encoded_header), max_length=max_header_length)
    if "crit" in header or "b64" in header:
        raise Malformed("token", "no critical extension")
    algorithm = _find_text(header, "alg")
    if algorithm is None:
        raise Malformed("alg", "the algorithm of the signature")
    return UnverifiedToken(
        algorithm=usual_name(algorithm),
        type=_find_text(header, "typ"),
        kid=_find_text(header, "kid"),
        header=header,
        claims=parse_json_object(decode_base64url(payload)),
        signing_input=signing_input.encode("ascii"),
        signature=decode_base64url(signature),
    )


def _find_text(header: Mapping[str, Json], name: str) -> str | None:
    if name not in header:
        return None
    value = header[name]
    if not isinstance(value, str):
        raise Malformed(name, "text")
    return value
