"""The token that ends a client's session. Back-Channel Logout §2.4; section 9 of the attacks."""

import pytest

from ostiary.protocol.logout_token import LOGOUT_TOKEN_TYPE, logout_token_claims


@pytest.mark.spec("Back-Channel Logout §2.4")
def test_a_logout_token_says_whose_session_is_over_and_is_no_id_token() -> None:
    """Back-Channel Logout §2.4: iss, sub, aud, iat, exp, jti, events, sid; never nonce."""
    claims = logout_token_claims(
        issuer="https://op.example",
        subject="alice",
        session_id="session",
        audience="client",
        issued_at=1_700_000_000,
        expires_at=1_700_000_120,
        token_id="one",
    )
    assert claims == {
        "iss": "https://op.example",
        "sub": "alice",
        "aud": "client",
        "iat": 1_700_000_000,
        "exp": 1_700_000_120,
        "jti": "one",
        "sid": "session",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert LOGOUT_TOKEN_TYPE == "logout+jwt"
