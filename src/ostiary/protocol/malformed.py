"""The one exception of this package: a text that is not what its standard says it is."""


class Malformed(ValueError):
    """`what` names the thing that was read; `expected` says, in words, what it should look like."""

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(f"{what}: expected {expected}")
        self.what = what
        self.expected = expected
