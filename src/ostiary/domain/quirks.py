"""Quirks: named deviations from an RFC that only the contract's prose demands; all off by default."""

from enum import StrEnum


class Quirk(StrEnum):
    # The contract types `expires_in` of a token response as a string.
    EXPIRES_IN_STRING = "expires-in-string"
    # The contract requires `refresh_token` in every token response to a user's grant.
    REFRESH_TOKEN_ALWAYS = "refresh-token-always"  # noqa: S105  a name
