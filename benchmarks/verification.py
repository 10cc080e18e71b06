"""Before anything is measured: the tokens of each subject hold, by a library that is no subject's."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import jwt

from benchmarks.messages import LoadError, send
from benchmarks.relying_party import json_object, signature_algorithm, text
from benchmarks.workloads import Target


def verify(target: Target) -> None:
    """OpenID Connect Core §3.1.3.7, RFC 9068 §4."""
    party = target.party
    signed_in = target.sign_in(0)
    keys = jwt.PyJWKSet.from_dict(json_object(send(party.jwks.origin, party.jwks.get())))
    id_token = text(signed_in.tokens, "id_token")
    claims = checked(id_token, keys, target.variant.id_token, target, party.registration.client_id)
    access_token = text(signed_in.tokens, "access_token")
    expected = urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=")
    if claims.get("at_hash") not in (None, expected.decode()):
        raise LoadError("the ID token's at_hash is not the access token's")
    if signature_algorithm(access_token) != "opaque":
        checked(access_token, keys, target.variant.access_token, target, None)
    userinfo = json_object(send(party.userinfo.origin, party.userinfo_request(access_token)))
    if userinfo.get("sub") != claims["sub"]:
        raise LoadError(f"userinfo is about somebody else: {json.dumps(userinfo)[:200]}")


def checked(
    token: str, keys: jwt.PyJWKSet, algorithm: str, target: Target, audience: str | None
) -> dict[str, object]:
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=target.party.issuer,
            options={"verify_aud": audience is not None, "require": ["iss", "sub", "exp"]},
        )
    except (jwt.PyJWTError, KeyError) as error:
        raise LoadError(f"a token does not verify: {error!r}") from error
    return claims
