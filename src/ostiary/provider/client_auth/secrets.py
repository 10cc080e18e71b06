"""Client secrets: 256 random bits, kept as SHA-256, compared in constant time.

A password hash would cost every token request 20 ms and protect nothing: there is nothing to guess.
"""

import hmac
from hashlib import sha256

from ostiary.domain.client import AuthMethod, Client, ClientSecret
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.credentials import ClientPassword
from ostiary.provider.client_auth.registration import check_registered
from ostiary.provider.op import OpenIDProvider

_NOBODYS = ClientSecret(secret_id="", sha256="0" * 64, created_at=0)


async def check_client_password(password: ClientPassword, op: OpenIDProvider) -> Client:
    """The client, proved by one of its secrets; an unknown client costs the same."""
    now = op.clock.now()
    found = await op.find_client(password.client_id)
    matching = _matching(password, found.alive_secrets(now) if found else ())
    client = check_registered(found, password.client_id, {AuthMethod.CLIENT_SECRET}, op)
    if matching is None:
        raise ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(
            expected="the client's current secret", received=f"a secret for {client.client_id}"
        )
    op.secret_uses.note(op.issuer.issuer_id, client, matching, now)
    return client


def _matching(password: ClientPassword, known: tuple[ClientSecret, ...]) -> ClientSecret | None:
    """The secret that was presented, among those that are known."""
    presented = (
        [password.secret] if password.raw_secret is None else [password.secret, password.raw_secret]
    )
    digests = [sha256(each.encode()).hexdigest() for each in presented]
    matches = [
        secret
        for secret in known or (_NOBODYS,)
        for digest in digests
        if hmac.compare_digest(digest, secret.sha256)
    ]
    return matches[0] if matches and matches[0] is not _NOBODYS else None
