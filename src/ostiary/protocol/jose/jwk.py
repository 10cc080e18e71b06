"""Public keys as JSON Web Keys. RFC 7517, RFC 7638."""

from collections.abc import Mapping

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, thumbprint

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.tokens import Json

# The public members of each kind of key: an allow-list, so that nothing private can slip out.
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
_KINDS: dict[Algorithm, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    Algorithm.RS256: RSAKey,
    Algorithm.PS256: RSAKey,
    Algorithm.ES256: ECKey,
    Algorithm.EDDSA: OKPKey,
}


def public_jwk(public_pem: bytes, algorithm: Algorithm) -> dict[str, Json]:
    """The JWK of a public key, named by its thumbprint and bound to one algorithm."""
    key = _KINDS[algorithm].import_key(public_pem)
    members = key.as_dict(private=False)
    public: dict[str, Json] = {
        name: str(members[name]) for name in _PUBLIC_MEMBERS if name in members
    }
    return public | {"kid": key.thumbprint(), "use": "sig", "alg": str(algorithm)}


def is_named_by_thumbprint(kid: str, jwk: Mapping[str, Json]) -> bool:
    """Whether this is the key that was given this name. RFC 7638 §3."""
    members = {name: value for name, value in jwk.items() if name in _PUBLIC_MEMBERS}
    try:
        return thumbprint(members) == kid
    except (JoseError, KeyError, TypeError, ValueError):
        return False
