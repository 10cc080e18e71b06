"""The scopes that Ostiary itself gives a meaning."""

from ostiary.protocol.scope import OFFLINE_ACCESS, OPENID

CONSUMER_OFFLINE_ACCESS = "https://api.banno.com/consumer/auth/offline_access"

# Any of these gives a refresh token. OIDC Core §11, and the consumer contract's own name for it.
OFFLINE_SCOPES = frozenset({OFFLINE_ACCESS, CONSUMER_OFFLINE_ACCESS})

STANDARD_SCOPES = frozenset({OPENID, OFFLINE_ACCESS, "profile", "email", "address", "phone"})
