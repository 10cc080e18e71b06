"""What the userinfo endpoint tells."""

from oauth2_provider.oauth2_validators import OAuth2Validator


class Claims(OAuth2Validator):
    oidc_claim_scope = None

    def get_additional_claims(self):
        return {
            "name": lambda request: "Alice Example",
            "given_name": lambda request: "Alice",
            "family_name": lambda request: "Example",
            "email": lambda request: "alice@example.com",
            "email_verified": lambda request: True,
        }
