"""Client secrets: 256 random bits, kept as SHA-256, compared in constant time.

A password hash would cost every token request 20 ms and protect nothing: there is nothing to guess.
"""

import hmac
from hashlib import sha256

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import ClientPassword
from ostiary.provider.op import OpenIDProvider

_NOBODYS_HASH = "0" * 64


async def check_client_password(password: ClientPassword, op: OpenIDProvider) -> Client:
    """The client, proved by one of its secrets; an unknown client costs the same."""
    client = await op.find_client(password.client_id)
    now = op.clock.now()
    digest = sha256(password.secret.encode()).hexdigest()
    known = [
        secret.sha256
        for secret in (client.secrets if client else ())
        if secret.expires_at is None or now < secret.expires_at
    ]
    matches = [hmac.compare_digest(digest, secret) for secret in known or [_NOBODYS_HASH]]
    if client is None or client.auth_method is not AuthMethod.CLIENT_SECRET or not any(matches):
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(
            expected=_expected(client), received=f"a secret for {password.client_id}"
        )
    return client


def _expected(client: Client | None) -> str:
    if client is None:
        return "a registered client_id"
    if client.auth_method is not AuthMethod.CLIENT_SECRET:
        return f"authentication by {client.auth_method}"
    return "the client's current secret"
