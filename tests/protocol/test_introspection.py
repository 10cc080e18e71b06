"""An introspection response as a signed token. RFC 9701 §5."""

import pytest

from ostiary.protocol.introspection import INTROSPECTION_TOKEN_TYPE, introspection_token_claims
from ostiary.protocol.tokens import Json


@pytest.mark.spec("RFC 9701 §5")
def test_an_introspection_token_holds_the_answer_and_is_no_access_token() -> None:
    """RFC 9701 §5: iss, aud, iat and token_introspection; neither sub nor exp beside them."""
    answer: dict[str, Json] = {"active": True, "sub": "alice", "exp": 1_700_000_600}
    claims = introspection_token_claims(
        issuer="https://op.example", audience="rs", issued_at=1_700_000_000, introspection=answer
    )
    assert claims == {
        "iss": "https://op.example",
        "aud": "rs",
        "iat": 1_700_000_000,
        "token_introspection": answer,
    }
    assert INTROSPECTION_TOKEN_TYPE == "token-introspection+jwt"
