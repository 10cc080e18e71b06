"""What the tests of faults share."""

import pytest

from tests.faults.table import Figures


@pytest.fixture
def figures() -> Figures:
    """What a test measured; `make faults` prints it."""
    return Figures()
