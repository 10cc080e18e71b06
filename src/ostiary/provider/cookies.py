"""The names of the cookies.

Over https they carry the __Host- prefix: no other host, path or scheme can set them
(draft-ietf-httpbis-rfc6265bis §4.1.3.2).
"""

from ostiary.domain.issuer import Issuer
from ostiary.protocol.base64url import encode_base64url


def session_cookie_name(issuer: Issuer) -> str:
    """Who is signed in. It names its issuer, so that issuers on one host can coexist."""
    return _name(issuer, f"session-{issuer.issuer_id}")


def interaction_cookie_name(issuer: Issuer, interaction_id: bytes) -> str:
    """In which browser an interaction began. One for each: tabs opened at once do not meet."""
    return _name(issuer, encode_base64url(interaction_id))


def _name(issuer: Issuer, what: str) -> str:
    prefix = "__Host-" if issuer.secure else ""
    return f"{prefix}ostiary-{what}"
