"""What is wrong with the addresses of a client: where the browser may go, what we call, who may read.

RFC 6749 §3.1.2, RP-Initiated Logout §3.1, Back-Channel Logout §2.2.
"""

from collections.abc import Callable, Iterator
from functools import partial

from ostiary.domain.client import Client
from ostiary.domain.issuer import Environment, Issuer
from ostiary.management.faults import Fault
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import check_registrable
from ostiary.protocol.web_origin import check_registrable_origin


def address_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    check_uri = partial(check_registrable, native=client.native)
    yield from _malformed("redirect_uris", client.redirect_uris, check_uri)
    yield from _malformed("post_logout_redirect_uris", client.post_logout_redirect_uris, check_uri)
    yield from _malformed("web_origins", client.web_origins, check_registrable_origin)
    yield from _backchannel_faults(client, issuer)
    if "authorization_code" in client.grant_types and not client.redirect_uris:
        yield Fault(
            field="redirect_uris", message="write at least one for grant type authorization_code"
        )


def _malformed(field: str, values: tuple[str, ...], check: Callable[[str], str]) -> Iterator[Fault]:
    for value in values:
        try:
            check(value)
        except Malformed as error:
            yield Fault(field=field, message=f"write {error.expected}: {value!r}")


def _backchannel_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    """Whether the fetcher may call what is registered here, it decides at each call."""
    field, uri = "backchannel_logout_uri", client.backchannel_logout_uri
    if uri is None:
        return
    yield from _malformed(field, (uri,), partial(check_registrable, native=False))
    plain_http = not uri.lower().startswith("https:")
    if plain_http and issuer.environment is Environment.PRODUCTION:
        yield Fault(field=field, message=f"write an https URI: {uri!r}")
