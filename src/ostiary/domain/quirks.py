"""Quirks: named deviations from an RFC that only the contract's prose demands; all off by default."""

from enum import StrEnum


class Quirk(StrEnum):
    # The contract types `expires_in` of a token response as a string.
    EXPIRES_IN_STRING = "expires-in-string"
    # The contract answers a push with 200. RFC 9126 §2.2 says 201.
    PAR_STATUS_200 = "par-status-200"
    # The contract refuses a push with a page, to whoever accepts text/html.
    PAR_HTML_ERRORS = "par-html-errors"
    # The contract requires `refresh_token` in every token response.
    REFRESH_TOKEN_ALWAYS = "refresh-token-always"  # noqa: S105  a name
