"""The authorization request: located, checked, answered. RFC 6749 §4.1, OIDC Core §3.1.2."""
