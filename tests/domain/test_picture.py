"""Pictures of people, and the initials in their place."""

import pytest

from ostiary.domain.picture import find_media_type, initials
from ostiary.protocol.tokens import Claims


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0...", "image/jpeg"),
        (b"\x89PNG", None),
        (b"GIF89a", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<html>\x89PNG\r\n\x1a\n", None),
        (b"RIFF....WEBP", None),
        (b"", None),
    ],
)
def test_a_picture_is_what_its_first_bytes_say(data: bytes, media_type: str | None) -> None:
    assert find_media_type(data) == media_type


@pytest.mark.parametrize(
    ("claims", "letters"),
    [
        ({"given_name": "Alice", "family_name": "Adams"}, "AA"),
        ({"given_name": "Alice", "family_name": None, "name": "Bob Brown"}, "A"),
        ({"name": "Bob Quentin Brown"}, "BB"),
        ({"name": "Prince"}, "P"),
        ({"preferred_username": "carol"}, "C"),
        ({"given_name": "élodie", "family_name": "ßen"}, "ÉS"),
        ({"given_name": "<b>", "family_name": "Adams"}, "A"),
        ({"name": "  "}, ""),
        ({"name": 5}, "5"),
        ({}, ""),
    ],
)
def test_initials_are_two_letters_at_most(claims: Claims, letters: str) -> None:
    assert initials(claims) == letters
