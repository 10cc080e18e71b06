"""What a consent remembers of the client."""

from dataclasses import replace

import pytest

from ostiary.domain.client import ApplicationType
from ostiary.domain.consent import client_print
from tests.kit.world import ENTERPRISE, a_client

CLIENT = a_client("web", ENTERPRISE, redirect_uris=("https://a.example/cb", "https://b.example/cb"))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Another"},
        {"application_type": ApplicationType.NATIVE},
        {"redirect_uris": ("https://a.example/cb",)},
        {"redirect_uris": (*CLIENT.redirect_uris, "https://c.example/cb")},
        {"redirect_uris": ("https://a.example/cbhttps://b.example/cb",)},
    ],
)
def test_the_print_changes_with_what_people_see_of_a_client(changes: dict[str, object]) -> None:
    changed = replace(CLIENT, **changes)  # type: ignore[arg-type]
    assert client_print(changed) != client_print(CLIENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": tuple(reversed(CLIENT.redirect_uris))},
        {"secrets": ()},
        {"refresh_grace": 0},
        {"revision": 7},
    ],
)
def test_the_print_stays_with_what_nobody_sees(changes: dict[str, object]) -> None:
    changed = replace(CLIENT, **changes)  # type: ignore[arg-type]
    assert client_print(changed) == client_print(CLIENT)
