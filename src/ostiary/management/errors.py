"""The one exception of this package: what an operator asked for cannot be done, and what would help."""

from enum import Enum


class Failure(Enum):
    """Why not: it decides the command's exit code and the API's status."""

    INVALID = "invalid"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    REFUSED = "refused by policy"
    UNAVAILABLE = "not available"


class ManagementError(Exception):
    """`message` says what is wrong; `hint` is one sentence on what to do next."""

    def __init__(self, message: str, hint: str, failure: Failure = Failure.INVALID) -> None:
        super().__init__(f"{message}; {hint}")
        self.message = message
        self.hint = hint
        self.failure = failure
