"""The demo data's institutions and people: made up, with the shapes that the contracts document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.domain.institution import Institution, SignInLayout
from ostiary.protocol.tokens import Claims, Json

GARDEN_ID = "c8b309b0-fc09-11e5-8adf-0e09432615dc"
HARBOR_ID = "5d0f6c1e-7f52-4f0b-9a8e-3c2b7d9e4a61"

INSTITUTIONS = (
    Institution(
        institution_id=GARDEN_ID,
        name="Garden Credit Union",
        brand_color="#14532d",
        support="Call 1-800-555-0134, weekdays 8 am to 6 pm.",
    ),
    Institution(
        institution_id=HARBOR_ID,
        name="Harbor Community Bank",
        brand_color="#1e3a5f",
        support="Call 1-800-555-0178 or visit any branch.",
        sign_in_layout=SignInLayout.ONE_PAGE,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """What each face says of the person; the claims of `everywhere` are on both."""

    username: str
    note: str
    institution_ids: Sequence[str]
    everywhere: Claims
    enterprise: Claims
    consumer: Claims

    def claims(self, face_name: str) -> Claims:
        of_face: Mapping[str, Claims] = {"enterprise": self.enterprise, "consumer": self.consumer}
        return {**self.everywhere, **of_face[face_name]}


def _name(given_name: str, middle_name: str | None, family_name: str) -> dict[str, Json]:
    parts = (given_name, middle_name, family_name)
    return {
        "name": " ".join(part for part in parts if part),
        "given_name": given_name,
        "middle_name": middle_name,
        "family_name": family_name,
    }


def _contact(email: str, phone_number: str) -> dict[str, Json]:
    return {"email": email, "email_verified": True, "phone_number": phone_number}


def _address(street_address: str, locality: str, region: str, postal_code: str) -> dict[str, Json]:
    return {
        "address": {
            "street_address": street_address,
            "locality": locality,
            "region": region,
            "postal_code": postal_code,
        }
    }


def _banking(customer_number: str, user_type: str, *last_digits: str) -> dict[str, Json]:
    """What clients can ask for one by one; `customer_identifier` and `tax_id` are restricted."""
    return {
        "theme_data": {"primary_color": "#14532d", "appearance": "light"},
        "user_type": user_type,
        "masked_accounts": [f"x{digits}" for digits in last_digits],
        "customer_identifier": customer_number,
        "tax_id": f"900-70-{customer_number[-4:]}",
    }


PEOPLE = (
    DemoPerson(
        username="alice",
        note="one institution",
        institution_ids=(GARDEN_ID,),
        everywhere={
            **_name("Alice", "Q", "Adams"),
            **_contact("alice.adams@example.com", "+15155550101"),
            **_address("2911 Lovejoy Drive", "Cedar Falls", "IA", "506130000"),
        },
        enterprise={
            "preferred_username": "alice.adams@example.com",
            "department": "retail",
            "title": "teller",
        },
        consumer={
            **_banking("00010001", "business", "0017", "4402"),
            "preferred_username": "alice",
            "nickname": "Ali",
            "birthdate": "1984-03-14",
            "netteller_id": "888800000001",
            "cash_management_user_id": "alice-adams-bakery",
            "cash_management_user": {"company_name": "Adams Bakery", "role": "owner"},
        },
    ),
    DemoPerson(
        username="bob",
        note="two institutions",
        institution_ids=(GARDEN_ID, HARBOR_ID),
        everywhere={
            **_name("Bob", None, "Brown"),
            **_contact("bob.brown@example.com", "+15155550102"),
            **_address("14 Orchard Street", "Waterloo", "IA", "507010000"),
        },
        enterprise={
            "preferred_username": "bob.brown@example.com",
            "department": "lending",
            "title": "loan officer",
        },
        consumer={
            **_banking("00010002", "business", "1131"),
            "preferred_username": "bob",
            "nickname": "Bobby",
            "birthdate": "1979-11-02",
            "netteller_id": "888800000002",
            "cash_management_user_id": "bob-brown-nursery",
            "cash_management_user": {"company_name": "Brown & Sons Nursery", "role": "approver"},
        },
    ),
    DemoPerson(
        username="carol",
        note="one institution",
        institution_ids=(GARDEN_ID,),
        everywhere={
            **_name("Carol", "Ann", "Clark"),
            **_contact("carol.clark@example.com", "+15155550103"),
            **_address("77 Riverside Avenue", "Des Moines", "IA", "503090000"),
        },
        enterprise={
            "preferred_username": "carol.clark@example.com",
            "department": "operations",
            "title": "branch manager",
        },
        consumer={
            **_banking("00010003", "personal", "2091"),
            "preferred_username": "carol",
            "nickname": "Caz",
            "birthdate": "1991-07-25",
            "netteller_id": "888800000003",
            "cash_management_user_id": "carol-clark",
            "cash_management_user": {"company_name": "Clark Consulting", "role": "owner"},
        },
    ),
)
