"""The signature of a client assertion, verified with what the client is registered for.

OIDC Core §9: private_key_jwt with a public key of the client, client_secret_jwt with its secret.
"""

import contextlib
from collections.abc import Sequence

from ostiary.domain.client import AuthMethod, Client
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.compact import UnverifiedToken
from ostiary.protocol.jose.jws import HS256, VerifiedToken, verify_hmac, verify_signature
from ostiary.protocol.jose.public_key import PublicKey
from ostiary.protocol.malformed import Malformed
from ostiary.provider.op import OpenIDProvider


async def verify_assertion(
    token: UnverifiedToken, client: Client, op: OpenIDProvider, now: int
) -> VerifiedToken:
    """The token, proved to be signed by the client. Raises Malformed."""
    if client.auth_method is AuthMethod.CLIENT_SECRET_JWT:
        return _verify_with_secret(token, client, op, now)
    algorithms = _algorithms(client, op)
    if token.algorithm not in algorithms:  # before keys are fetched for it
        raise Malformed("alg", " or ".join(sorted(algorithms)))
    return verify_signature(token, await _keys(token, client, op, now), algorithms)


def _algorithms(client: Client, op: OpenIDProvider) -> frozenset[ClientAlgorithm]:
    """Those of the client's profile, or the one of them that it is registered for."""
    return frozenset(
        ClientAlgorithm(algorithm)
        for algorithm in op.profile(client).algorithms
        if client.assertion_algorithm in {None, algorithm}
    )


async def _keys(
    token: UnverifiedToken, client: Client, op: OpenIDProvider, now: int
) -> Sequence[PublicKey]:
    if client.jwks_uri is None:
        return op.registered_keys(client)
    return await op.published_keys.find(
        op.issuer.issuer_id, client.client_id, client.jwks_uri, now, seeks=token.kid
    )


def _verify_with_secret(
    token: UnverifiedToken, client: Client, op: OpenIDProvider, now: int
) -> VerifiedToken:
    for secret in client.alive_secrets(now):
        opened = op.client_secrets.open(client.client_id, secret)
        if opened is None:
            continue
        with contextlib.suppress(Malformed):
            verified = verify_hmac(token, opened)
            op.secret_uses.note(op.issuer.issuer_id, client, secret, now)
            return verified
    raise Malformed("client_assertion", f"{HS256} with the client's current secret")
