"""What keeps a client from proving who it is, or lets others. OIDC Core §9, RFC 7523 §3, RFC 8725 §3.4.

Whether its profile allows the method and the algorithm stands in `profile_faults`.
"""

from collections.abc import Iterator

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.issuer import Environment, Issuer
from ostiary.management.faults import Fault
from ostiary.management.profile_faults import profile_of
from ostiary.outbound.destination import parse_destination
from ostiary.protocol.client_assertion import ASSERTION_ALGORITHMS
from ostiary.protocol.jose.algorithms import ClientAlgorithm
from ostiary.protocol.jose.public_key import parse_key_set
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import LOOPBACK_HOSTS

SECRET_METHODS = frozenset({AuthMethod.CLIENT_SECRET, AuthMethod.CLIENT_SECRET_JWT})


def proof_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    yield from _out_of_place(client)
    if client.auth_method is AuthMethod.PRIVATE_KEY_JWT:
        yield from _source_faults(client)
        yield from _key_faults(client, issuer)
        yield from _jwks_uri_faults(client, issuer)


def _out_of_place(client: Client) -> Iterator[Fault]:
    """What is kept for another method than the client's."""
    by_key = client.auth_method is AuthMethod.PRIVATE_KEY_JWT
    for field, value, fits in (
        ("secret", client.secrets, client.auth_method in SECRET_METHODS),
        ("public_keys", client.public_keys, by_key),
        ("jwks_uri", client.jwks_uri, by_key),
        ("assertion_algorithm", client.assertion_algorithm, by_key),
    ):
        if value and not fits:
            yield Fault(field=field, message=f"leave it out: the client uses {client.auth_method}")


def _source_faults(client: Client) -> Iterator[Fault]:
    if not (client.public_keys or client.jwks_uri):
        message = "write the client's public keys, in PEM or as JWKs; or else its jwks_uri"
        yield Fault(field="public_keys", message=message)
    if client.public_keys and client.jwks_uri:
        message = "leave it out where there are public keys: they come from one of them"
        yield Fault(field="jwks_uri", message=message)


def _key_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    """Each key has to be of use for the client's assertions."""
    usable = _usable_algorithms(client, issuer)
    if not (client.public_keys and usable):
        return
    keys = [dict(jwk) for jwk in client.public_keys]
    try:
        parse_key_set({"keys": keys}, usable, skip_unusable=False)
    except Malformed as error:
        names = " or ".join(sorted(usable))
        yield Fault(field="public_keys", message=f"write {error.expected} ({names})")


def _usable_algorithms(client: Client, issuer: Issuer) -> frozenset[ClientAlgorithm]:
    """None when the registered algorithm is not of the profile, which is a fault by itself."""
    profile = profile_of(client, issuer)
    allowed = ASSERTION_ALGORITHMS if profile is None else profile.algorithms
    return frozenset(
        ClientAlgorithm(algorithm)
        for algorithm in allowed
        if client.assertion_algorithm in {None, algorithm}
    )


def _jwks_uri_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    """Whether the fetcher may call it, it decides at each call."""
    if client.jwks_uri is None:
        return
    try:
        origin = parse_destination(client.jwks_uri).origin
    except Malformed as error:
        yield Fault(field="jwks_uri", message=f"write {error.expected}")
        return
    beside = issuer.environment is Environment.SANDBOX and origin.host in LOOPBACK_HOSTS
    if origin.scheme != "https" and not beside:
        message = "write an https URL; http is for loopback, at a sandbox"
        yield Fault(field="jwks_uri", message=message)
