"""An institution: a bank or credit union inside an issuer."""

from dataclasses import dataclass
from enum import StrEnum


class SignInLayout(StrEnum):
    """Whether the username is asked for first, or together with the password."""

    IDENTIFIER_FIRST = "identifier_first"
    ONE_PAGE = "one_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    institution_id: str
    name: str
    brand_color: str = "#1f4e79"
    identifier_label: str = "Username"
    support: str | None = None
    sign_in_layout: SignInLayout = SignInLayout.IDENTIFIER_FIRST
