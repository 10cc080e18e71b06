"""What `ostiary apply --example` prints: a small, complete file that can be applied as it is."""

EXAMPLE = """\
# What `ostiary apply -f FILE` makes of the database. Leave out what should be as it is by default.

[[issuers]]
id = "main"                             # the short name by which this file and commands know it
url = "https://id.example.com"          # what tokens carry; clients need it to the letter
face = "enterprise"                     # "enterprise" or "consumer": which contract it speaks
name = "Example Bank"
# base_path = "/a/oidc-provider/api/v0"
# environment = "production"            # or "sandbox", which `ostiary serve` refuses
# profile = "oidc"                      # or "oauth21", "fapi2_security": what every client has to do
# quirks = ["expires-in-string"]
# zero_institution = "zero"             # to which everybody belongs; for who chooses none
# api_scopes = ["accounts:read"]        # further scopes, for APIs; a client has those it names
# access_token_algorithm = "ES256"
# require_dpop_nonce = true             # every DPoP proof carries a nonce of ours
# lifetimes = { code = "60s", access_token = "10m", refresh_token = "30d", session = "1d" }

[[institutions]]
issuer = "main"
id = "garden"
name = "Garden Credit Union"
brand_color = "#14532d"
support = "Call 1-800-555-0134, weekdays 8 am to 6 pm."
# identifier_label = "Username"
# sign_in_layout = "identifier_first"   # or "one_page"

[[clients]]
issuer = "main"
client_id = "budget-buddy"
name = "Budget Buddy"
institution = "garden"
# further_institutions = ["harbor"]     # then a member of several chooses one after signing in
redirect_uris = ["https://budget.example.com/auth/cb"]
# post_logout_redirect_uris = ["https://budget.example.com/goodbye"]  # besides the redirect URIs
# backchannel_logout_uri = "https://budget.example.com/auth/logout"   # told when a session ends
# web_origins = ["https://app.example.com"]  # whose scripts may read our answers (CORS)
# Left out, scopes are all those of the issuer's face; one of api_scopes is given only by name.
scopes = ["openid", "profile", "email", "offline_access"]
# Without a secret here, make one with: ostiary client secret budget-buddy
# secret = "${env:BUDGET_BUDDY_SECRET}" # or "${file:budget-buddy.secret}"
# auth_method = "client_secret"         # "private_key_jwt" with keys; "none" for a public client
# public_keys = ["${file:public.pem}"]  # or: jwks_uri = "https://budget.example.com/jwks"
# application_type = "web"              # or "native"
# grant_types = ["authorization_code", "refresh_token"]
# consent_required = true
# profile = "fapi2_security"            # in place of the issuer's
# require_par = true                    # requests are pushed, or refused
# require_dpop = true                   # no token without a DPoP proof
# may_introspect = true                 # an API that asks what the tokens it gets are worth
# userinfo_algorithm = "ES256"          # userinfo comes as a signed JWT; "" for plain JSON
# subject_type = "pairwise"             # it sees identifiers of its own; "public" is the default
# sector = "example.com"                # clients of one sector see the same pairwise identifiers
# restricted_claims = ["tax_id"]        # on the consumer face: what it gets only if switched on
# disabled = false

[[users]]
issuer = "main"
username = "alice"
# password = "${env:ALICE_PASSWORD}"    # or: ostiary user password alice

[[users.memberships]]
institution = "garden"

[users.memberships.claims]
name = "Alice Adams"
given_name = "Alice"
family_name = "Adams"
email = "alice.adams@example.com"
email_verified = true
"""
