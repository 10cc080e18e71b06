"""The prompt parameter: what the person must be asked. OIDC Core §3.1.2.1."""

from enum import StrEnum

from ostiary.protocol.malformed import Malformed


class Prompt(StrEnum):
    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


def parse_prompt(text: str | None) -> frozenset[Prompt]:
    """The prompts asked for; "none" stands alone."""
    try:
        prompts = frozenset(map(Prompt, (text or "").split()))
    except ValueError as error:
        raise Malformed("prompt", "none, login, consent or select_account") from error
    if Prompt.NONE in prompts and len(prompts) > 1:
        raise Malformed("prompt", "none without any other value")
    return prompts


def parse_max_age(text: str | None) -> int | None:
    """Seconds since the last sign-in that the client accepts. OIDC Core §3.1.2.1."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise Malformed("max_age", "a number of seconds, in at most ten digits")
    return int(text)
