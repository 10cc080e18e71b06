"""`ostiary apply`: what a client may know of people, and of what kind claims are."""

from pathlib import Path

import pytest

from tests.cli.terminal import run

ISSUER = """
[[issuers]]
id = "digital"
url = "https://digital.example.com"
face = "consumer"

[[institutions]]
issuer = "digital"
id = "garden"
name = "Garden"
"""
CLIENT = """
[[clients]]
issuer = "digital"
client_id = "lender"
name = "Lender"
institution = "garden"
auth_method = "none"
redirect_uris = ["https://lender.example/cb"]
"""
USER = """
[[users]]
issuer = "digital"
username = "alice"
[[users.memberships]]
institution = "garden"
[users.memberships.claims]
"""


def apply(text: str) -> None:
    Path("more.toml").write_text(text, "utf-8")
    answer = run("apply", "-f", "more.toml")
    assert answer.code == 0, answer.err


def faults(text: str) -> list[str]:
    Path("more.toml").write_text(text, "utf-8")
    answer = run("apply", "-f", "more.toml")
    assert answer.code == 2, answer.out
    return [line.strip() for line in answer.err.splitlines()[1:] if line.startswith("  ")]


def registered(client_id: str) -> dict[str, object]:
    (found,) = [
        each for each in run("client", "list", "--json").json if each["client_id"] == client_id
    ]
    return dict(found)


def test_what_a_client_may_know_is_registered_and_taken_back(installed: Path) -> None:
    apply(
        ISSUER
        + CLIENT
        + 'userinfo_algorithm = "ES256"\nsubject_type = "pairwise"\nsector = "example.com"\n'
        + 'restricted_claims = ["tax_id", "customer_identifier"]\n'
    )
    found = registered("lender")
    assert found["userinfo_algorithm"] == "ES256"
    assert found["subject_type"] == "pairwise"
    assert found["sector"] == "example.com"
    assert found["restricted_claims"] == ["customer_identifier", "tax_id"]
    apply(
        ISSUER
        + CLIENT
        + 'userinfo_algorithm = ""\nsubject_type = "public"\nsector = ""\nrestricted_claims = []\n'
    )
    found = registered("lender")
    assert (found["userinfo_algorithm"], found["sector"]) == (None, None)
    assert (found["subject_type"], found["restricted_claims"]) == ("public", [])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('restricted_claims = ["tax_ids"]', "restricted_claims: write some of accounts, "),
        ('restricted_claims = ["netteller_id"]', "restricted_claims: write some of accounts, "),
        (
            'restricted_claims = ["https://api.banno.com/consumer/claim/tax_id"]',
            "restricted_claims: write some of accounts, ",
        ),
        ('sector = "https://example.com"', "sector: write a host name"),
        ('sector = "Example.com"', "sector: write a host name"),
        ('subject_type = "private"', "subject_type: write "),
        ('userinfo_algorithm = "HS256"', "userinfo_algorithm: write "),
        (
            'profile = "fapi2_security"\nauth_method = "private_key_jwt"\n'
            'jwks_uri = "https://lender.example/jwks"\nid_token_algorithm = "ES256"\n'
            'userinfo_algorithm = "RS256"',
            "userinfo_algorithm: write one that fapi2_security allows",
        ),
    ],
)
def test_what_cannot_be_registered(installed: Path, line: str, fault: str) -> None:
    client = CLIENT.replace('auth_method = "none"\n', "") if "auth_method" in line else CLIENT
    (found,) = faults(f"{ISSUER}{client}{line}\n")
    assert f"clients[0].{fault}" in found


def test_the_enterprise_face_has_nothing_to_switch_on(installed: Path) -> None:
    text = (ISSUER + CLIENT).replace('"consumer"', '"enterprise"')
    (found,) = faults(text + 'restricted_claims = ["tax_id"]\n')
    assert "clients[0].restricted_claims: leave it out: there are none" in found


@pytest.mark.parametrize(
    "uris",
    [
        '["https://one.example/cb", "https://two.example/cb"]',
        '["http://localhost:8080/cb"]',
        '["https://one.example/cb", "http://127.0.0.1/cb"]',
    ],
)
def test_pairwise_needs_one_public_host_or_a_sector(installed: Path, uris: str) -> None:
    client = CLIENT.replace('["https://lender.example/cb"]', uris)
    (found,) = faults(f'{ISSUER}{client}subject_type = "pairwise"\n')
    assert "clients[0].redirect_uris: write a sector too" in found
    apply(f'{ISSUER}{client}subject_type = "pairwise"\nsector = "lender.example"\n')


def test_a_service_needs_no_sector(installed: Path) -> None:
    service = CLIENT.replace(
        'auth_method = "none"\nredirect_uris = ["https://lender.example/cb"]',
        'grant_types = ["client_credentials"]',
    )
    apply(f'{ISSUER}{service}subject_type = "pairwise"\n')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sector = ", 'sector = 5 # "'),
        ('["https://lender.example/cb"]', "5"),
        ('["https://lender.example/cb"]', "[5]"),
        ('["https://lender.example/cb"]', '["https://[::1"]'),
        ('subject_type = "pairwise"', "subject_type = 5"),
    ],
)
def test_what_cannot_be_read_is_the_only_fault(installed: Path, old: str, new: str) -> None:
    client = CLIENT.replace("https://lender.example", "https://one.example")
    client = client.replace("https://one.example/cb", "https://lender.example/cb")
    text = f'{ISSUER}{client}subject_type = "pairwise"\n'
    if old == "sector = ":
        text = text.replace("https://lender.example/cb", "http://localhost/cb")
        text += 'sector = "x.example"\n'
    assert old in text
    (found,) = faults(text.replace(old, new, 1))
    assert "sector too" not in found


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("netteller_id = 888800000001", "write text in quotes for the claim netteller_id"),
        ('theme_data = "blue"', "write an object for the claim theme_data"),
        ("cash_management_user = []", "write an object for the claim cash_management_user"),
        ('address = "1 Main Street"', "write an object of texts, such as street_address"),
        ("address = { postal_code = 50613 }", "write an object of texts, such as street_address"),
        ('email_verified = "yes"', "write true or false for the claim email_verified"),
    ],
)
def test_a_claim_of_the_wrong_kind_is_told(installed: Path, line: str, advice: str) -> None:
    (found,) = faults(f"{ISSUER}{USER}{line}\n")
    assert advice in found


def test_claims_of_every_kind_and_others_are_taken(installed: Path) -> None:
    apply(
        ISSUER
        + USER
        + 'netteller_id = "888800000001"\ntheme_data = { color = "blue" }\n'
        + 'address = { postal_code = "506130000" }\nemail_verified = false\nloans = [1, 2]\n'
    )
