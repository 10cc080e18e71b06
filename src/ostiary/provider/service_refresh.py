"""Refresh tokens of clients that act for themselves: what the quirk `refresh-token-always` adds.

RFC 6749 §4.4.3 says that there should be none: the client can ask again. The contract requires one
in every token response. It stands on no authorization, so it carries its scope, under its MAC.
"""

from dataclasses import dataclass, replace

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.quirks import Quirk
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.spent import SpentKind, spent_id
from ostiary.protocol.base64url import decode_base64url, encode_base64url
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import format_scope, parse_scope
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.revocation import CLIENT_REQUEST
from ostiary.storage.ids import instant_of, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRefresh:
    """`text` is the token itself: it does not rotate."""

    text: str
    handle: Handle
    scope: frozenset[str]


def mint_service_refresh(
    client: Client, scope: frozenset[str], op: OpenIDProvider, now: int
) -> str | None:
    """None without the quirk, or for a client that cannot refresh."""
    if Quirk.REFRESH_TOKEN_ALWAYS not in op.issuer.quirks:
        return None
    if "refresh_token" not in client.grant_types:
        return None
    said = format_scope(scope)
    sealed = op.handles.seal(
        Handle(id=new_id(now)), Purpose.SERVICE_REFRESH, _bound_to(client, said)
    )
    return f"{sealed}.{encode_base64url(said.encode())}"


def find_service_refresh(text: str, client: Client, op: OpenIDProvider) -> ServiceRefresh | None:
    """One that was given to this client, dead or alive."""
    sealed, _, encoded = text.partition(".")
    try:
        said = decode_base64url(encoded).decode() if encoded else ""
        scope = parse_scope(said or None)
    except (Malformed, UnicodeDecodeError):
        return None
    handle = op.handles.open(sealed, Purpose.SERVICE_REFRESH, _bound_to(client, said))
    return None if handle is None else ServiceRefresh(text=text, handle=handle, scope=scope)


async def check_service_refresh(
    text: str, client: Client, op: OpenIDProvider, now: int
) -> ServiceRefresh:
    found = find_service_refresh(text, client, op)
    if found is None:
        raise ReasonCode.REFRESH_TOKEN_UNKNOWN.refusal(
            expected="a refresh token given to this client"
        )
    if (
        Quirk.REFRESH_TOKEN_ALWAYS not in op.issuer.quirks
        or "client_credentials" not in client.grant_types
    ):
        raise ReasonCode.AUTHORIZATION_ENDED.refusal()
    if now >= _expires_at(found, op):
        raise ReasonCode.REFRESH_TOKEN_EXPIRED.refusal()
    if await op.store.spent.contains(op.issuer.issuer_id, _spent_id(found, client), now):
        raise ReasonCode.AUTHORIZATION_ENDED.refusal()
    return replace(found, scope=found.scope & client.scopes)


async def revoke_service_refresh(text: str, client: Client, op: OpenIDProvider, now: int) -> None:
    """Of another client, or unknown: nothing to do. RFC 7009 §2.2."""
    found = find_service_refresh(text, client, op)
    if found is None:
        return
    event = AuditEvent(
        type=EventType.AUTHORIZATION_REVOKED,
        at=now,
        actor=client.client_id,
        client_id=client.client_id,
        reason=CLIENT_REQUEST,
    )
    await op.store.spent.revoke(
        op.issuer.issuer_id,
        _spent_id(found, client),
        expires_at=_expires_at(found, op),
        event=event,
    )


def _bound_to(client: Client, scope: str) -> str:
    return f"{client.client_id} {scope}"


def _expires_at(found: ServiceRefresh, op: OpenIDProvider) -> int:
    return instant_of(found.handle.id) + op.issuer.lifetimes.refresh_token


def _spent_id(found: ServiceRefresh, client: Client) -> bytes:
    return spent_id(SpentKind.REFRESH_TOKEN, client.client_id, found.handle.id.hex())
