"""A certificate authority for all tests of a worker, and an internet for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.outbound.certificates import TestAuthority
from tests.outbound.internet import Internet, open_internet


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
async def internet(authority: TestAuthority) -> AsyncIterator[Internet]:
    async with open_internet(authority) as opened:
        yield opened
