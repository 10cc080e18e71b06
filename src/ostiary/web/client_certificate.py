"""A client's certificate as a trusted proxy hands it on: one header, in whatever form the proxy has.

RFC 9440 §2.1, and what nginx, Apache, HAProxy, Caddy and Envoy write.
"""

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

from ostiary.domain.refusals import ReasonCode
from ostiary.web.asgi import Scope

# Where the certificate stands in the scope: DER, of a handshake in which its key was proved.
CLIENT_CERTIFICATE: Final = "client_certificate"

# Envoy's X-Forwarded-Client-Cert: elements with "," between them, of pairs with ";" between them.
_ENVOY = re.compile(rb"\s*(?:By|Hash|Cert|Chain|Subject|URI|DNS)=", re.IGNORECASE)
_ENVOY_PAIR = re.compile(rb'\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))\s*([;,]|\Z)')
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
# What proxies write where there is none: nothing, Apache a word, Caddy its own question.
_NONE = frozenset({b"", b"-", b"(null)", b"{http.request.tls.client.certificate_der_base64}"})


def put_certificate(scope: Scope, value: bytes) -> None:
    """Put the certificate of a trusted proxy's header into the scope, unless it says that there is
    none. Raises the Refusal of what is no certificate: to go on without would be something weaker.
    """
    if value.strip() in _NONE:
        return
    try:
        scope[CLIENT_CERTIFICATE] = parse_certificate(value)
    except ValueError as error:
        raise ReasonCode.PROXY_HEADER_MALFORMED.refusal(expected="one certificate") from error


def parse_certificate(value: bytes) -> bytes:
    """The DER of the certificate. Raises ValueError.

    An encoding of the whole by `%XX` (nginx, Envoy) is taken off first. The rest is PEM, on one line
    or with its lines joined by spaces, or base64 of the DER, which RFC 9440 puts between colons.
    """
    if _ENVOY.match(value):
        value = _nearest_certificate(value)
    if b"%" in value:
        value = unquote_to_bytes(value)
    if pem := _PEM.fullmatch(value):
        value = b"".join(pem[1].split())
    elif value.startswith(b":") and value.endswith(b":"):
        value = value[1:-1]
    der = b64decode(value.strip(), validate=True)
    _check_whole(der)
    return der


def _nearest_certificate(value: bytes) -> bytes:
    """Of Envoy's last element, which the nearest proxy has written: its one `Cert`."""
    certificates: list[bytes] = []
    at = 0
    while at < len(value):
        pair = _ENVOY_PAIR.match(value, at)
        if pair is None:
            raise ValueError("neither a pair nor an element")
        name, quoted, plain, separator = pair.groups()
        if name.lower() == b"cert":
            certificates.append(plain if quoted is None else quoted)
        if separator == b",":
            certificates.clear()
        at = pair.end()
    if len(certificates) != 1:
        raise ValueError("not one Cert in the last element")
    return certificates[0]


def _check_whole(der: bytes) -> None:
    """A SEQUENCE that is as long as it says, in two bytes as every certificate's length is. X.690."""
    if der[:2] != b"\x30\x82" or len(der) != 4 + int.from_bytes(der[2:4]):
        raise ValueError("not a whole certificate")
