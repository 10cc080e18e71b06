"""The names of the two cookies. Each carries its issuer, so that issuers on one host can coexist.

Over https they carry the __Host- prefix: no other host, path or scheme can set them
(draft-ietf-httpbis-rfc6265bis §4.1.3.2).
"""

from ostiary.domain.issuer import Issuer


def session_cookie_name(issuer: Issuer) -> str:
    """Who is signed in."""
    return _name(issuer, "session")


def browser_cookie_name(issuer: Issuer) -> str:
    """Which browser it is, before anybody has signed in: interactions are bound to it."""
    return _name(issuer, "browser")


def _name(issuer: Issuer, what: str) -> str:
    prefix = "__Host-" if issuer.secure else ""
    return f"{prefix}ostiary-{what}-{issuer.issuer_id}"
