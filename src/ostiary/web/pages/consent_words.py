"""What people read where clients have names: of scopes, and of what an institution knows of them."""

from collections.abc import Mapping

from ostiary.domain.issuer import DAY, HOUR, MINUTE
from ostiary.protocol.scope import OPENID

# What each scope is called. OIDC Core §5.4.
TITLES: Mapping[str, str] = {
    OPENID: "Who you are",
    "profile": "Your name and profile",
    "email": "Your email address",
    "phone": "Your phone number",
    "address": "Your postal address",
}
# What each datum is called; data of one name are one thing to a person.
WORDS: Mapping[str, str] = {
    "institution_id": "which institution you belong to",
    "netteller_id": "your NetTeller ID",
    "cash_management_user_id": "your cash management user",
    "cash_management_user": "your cash management user",
    "theme_data": "the colors of your institution",
    "name": "your name",
    "family_name": "your name",
    "given_name": "your name",
    "middle_name": "your name",
    "nickname": "your nickname",
    "preferred_username": "your username",
    "picture": "your picture",
    "birthdate": "your date of birth",
    "department": "your department",
    "title": "your job title",
    "email": "your email address",
    "email_verified": "whether it has been confirmed",
    "phone_number": "your phone number",
    "address": "street, city, state and postal code",
    "alt_given_name": "another first name of yours",
    "phone_numbers": "all of your phone numbers",
    "masked_accounts": "your accounts, with the last digits of their numbers",
    "accounts": "your accounts, with their full numbers",
    "shares": "your savings accounts",
    "share_cross_accounts": "savings accounts that you share with others",
    "loans": "your loans",
    "loan_cross_accounts": "loans that you share with others",
    "external_loans": "your loans elsewhere",
    "cards": "your cards",
    "tax_id": "your Social Security or other tax number",
    "id_documents": "your identity documents",
    "customer_identifier": "your customer number",
    "cif": "your customer record (CIF)",
    "member_number": "your member number",
    "pcid": "your PCID",
    "organization_id": "which business you act for",
    "user_type": "whether you bank for yourself or for a business",
    "devices": "the devices on which you bank",
    "configuration_values": "how your online banking is set up",
    "institution_details": "name and address of your institution",
    "institution_assets": "logos and pictures of your institution",
    "fi_routing_number": "the routing number of your institution",
    "ipay_common_login_id": "your sign-in for bill payments",
    "ipay_subscriber_id": "your number for bill payments",
    "jxchange_customer_data": "your record in the systems of your institution",
    "custom_jxchange_wa_ace_data": "your record in the systems of your institution",
    "bsl_token": "a key to services of your institution",
    "esi_bsl_token": "a key to services of your institution",
    "external_tracking_records": "numbers under which other services know you",
    "tracking_info": "numbers under which other services know you",
}
# Under which title a datum stands that no scope releases to every client.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "Your accounts": (
        "masked_accounts",
        "accounts",
        "shares",
        "share_cross_accounts",
        "loans",
        "loan_cross_accounts",
        "external_loans",
        "cards",
    ),
    "Numbers and documents that identify you": (
        "tax_id",
        "id_documents",
        "customer_identifier",
        "member_number",
        "cif",
        "pcid",
    ),
    "More about you": ("alt_given_name", "phone_numbers", "user_type", "organization_id"),
    "Your online banking": ("devices", "configuration_values"),
    "Your institution": ("institution_details", "institution_assets", "fi_routing_number"),
    "Your bill payments": ("ipay_common_login_id", "ipay_subscriber_id"),
    "Records and keys of other systems": (
        "jxchange_customer_data",
        "custom_jxchange_wa_ace_data",
        "bsl_token",
        "esi_bsl_token",
        "external_tracking_records",
        "tracking_info",
    ),
}
# What every client learns.
IDENTIFIER = "an identifier that stands for you"

_UNITS = {365 * DAY: "year", DAY: "day", HOUR: "hour", MINUTE: "minute", 1: "second"}


def duration(seconds: int) -> str:
    """In the largest unit that tells it exactly: "1 year", "30 days"."""
    unit = next(unit for unit in _UNITS if seconds % unit == 0)
    count = seconds // unit
    return f"{count} {_UNITS[unit]}{'' if count == 1 else 's'}"
