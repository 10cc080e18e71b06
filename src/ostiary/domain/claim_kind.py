"""Of what kind the value of a claim is: the contracts and OIDC Core §5.1 say it, and clients rely on it."""

from collections.abc import Mapping
from enum import Enum


class ClaimKind(Enum):
    TEXT = "text"
    BOOLEAN = "boolean"
    ADDRESS = "address"  # an object of texts
    OBJECT = "object"


# By datum; of any other nothing is known.
CLAIM_KINDS: Mapping[str, ClaimKind] = {
    "name": ClaimKind.TEXT,
    "given_name": ClaimKind.TEXT,
    "middle_name": ClaimKind.TEXT,
    "family_name": ClaimKind.TEXT,
    "nickname": ClaimKind.TEXT,
    "preferred_username": ClaimKind.TEXT,
    "picture": ClaimKind.TEXT,
    "birthdate": ClaimKind.TEXT,
    "email": ClaimKind.TEXT,
    "email_verified": ClaimKind.BOOLEAN,
    "phone_number": ClaimKind.TEXT,
    "address": ClaimKind.ADDRESS,
    "department": ClaimKind.TEXT,
    "title": ClaimKind.TEXT,
    "netteller_id": ClaimKind.TEXT,
    "cash_management_user_id": ClaimKind.TEXT,
    "cash_management_user": ClaimKind.OBJECT,
    "theme_data": ClaimKind.OBJECT,
    "esi_bsl_token": ClaimKind.TEXT,
}
