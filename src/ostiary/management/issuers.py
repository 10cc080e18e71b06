"""Issuers: saved together with the keys without which they cannot answer."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from urllib.parse import urlsplit

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.face import FACES
from ostiary.domain.issuer import DAY, HOUR, Environment, Issuer, Lifetimes
from ostiary.domain.profile import PROFILES
from ostiary.domain.signing_keys import RETIREMENT
from ostiary.management.durations import written_duration
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.faults import Fault, raise_any
from ostiary.management.keys import add_first_keys
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.redirect_uri import LOOPBACK_HOSTS
from ostiary.protocol.scope import parse_scope
from ostiary.signing.master_key import MasterKey
from ostiary.storage.database import Conflict
from ostiary.storage.store import Store

# Keys are published for RETIREMENT after their last use; an hour of it is for clocks and caches.
LONGEST_TOKEN = RETIREMENT - HOUR
LONGEST_LIFETIME = 10 * 365 * DAY
_VERIFIED_BY_KEY = frozenset({"access_token", "id_token"})

_ISSUER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?")


async def save_issuer(store: Store, master_key: MasterKey, issuer: Issuer, now: int) -> None:
    """Add the issuer or change it; an issuer that is as it should be is left alone.

    Keys come first, so that whoever finds the issuer finds it able to sign.
    """
    raise_any(issuer_faults(issuer))
    at_host = await store.issuers.find_by_host(issuer.host)
    for other in (each for each in at_host if each.issuer_id != issuer.issuer_id):
        if other.url == issuer.url:
            raise _url_taken(issuer)
        if _overlap(other.base_path, issuer.base_path):
            raise _path_taken(issuer, other)
    await add_first_keys(store, master_key, issuer, now)
    if await store.issuers.find(issuer.issuer_id) == issuer:
        return
    event = AuditEvent(
        type=EventType.ISSUER_CHANGED,
        at=now,
        actor="operator",
        details={"issuer_id": issuer.issuer_id, "url": issuer.url},
    )
    try:
        await store.issuers.save(issuer, event)
    except Conflict as error:  # another process was faster
        raise _url_taken(issuer) from error
    if issuer.zero_institution_id is not None:
        await store.users.fill_zero(issuer.issuer_id, issuer.zero_institution_id, event)


async def find_issuer(store: Store, issuer_id: str | None) -> Issuer:
    """The issuer of this id; without an id, the only one there is."""
    found = await find_issuers(store, issuer_id)
    if len(found) > 1:
        known = ", ".join(issuer.issuer_id for issuer in found)
        raise ManagementError("there are several issuers", f"choose one with --issuer: {known}")
    return found[0]


async def find_holder(
    store: Store,
    issuer_id: str | None,
    kind: str,
    name: str,
    holds: Callable[[Issuer], Awaitable[bool]],
) -> Issuer:
    """The issuer of this id; without an id, the only one that holds what a command speaks of."""
    issuers = await find_issuers(store, issuer_id)
    if len(issuers) == 1:
        return issuers[0]
    holders = [issuer for issuer in issuers if await holds(issuer)]
    if len(holders) == 1:
        return holders[0]
    if not holders:
        raise ManagementError(
            f'there is no {kind} "{name}" at any issuer',
            f"see what there is with: ostiary {kind} list",
            Failure.NOT_FOUND,
        )
    known = ", ".join(issuer.issuer_id for issuer in holders)
    raise ManagementError(
        f'several issuers have a {kind} "{name}"', f"choose one with --issuer: {known}"
    )


async def find_issuers(store: Store, issuer_id: str | None) -> Sequence[Issuer]:
    """The issuer of this id; without an id, all there are. Never none."""
    issuers = await store.issuers.list()
    if not issuers:
        raise ManagementError(
            "there is no issuer yet", "add one with: ostiary apply -f FILE", Failure.NOT_FOUND
        )
    found = [issuer for issuer in issuers if issuer_id in {None, issuer.issuer_id}]
    if not found:
        known = ", ".join(issuer.issuer_id for issuer in issuers)
        raise ManagementError(
            f'there is no issuer "{issuer_id}"', f"choose one of: {known}", Failure.NOT_FOUND
        )
    return found


def issuer_faults(issuer: Issuer) -> Sequence[Fault]:
    """What keeps the issuer from working. OIDC Discovery §3: a URL without query and fragment."""
    checks = (
        (
            "id",
            _ISSUER_ID.fullmatch(issuer.issuer_id) is not None,
            'write a short name of small letters, digits and hyphens, such as "main"',
        ),
        (
            "url",
            is_issuer_url(issuer.url),
            'write https, a host in small letters and no final slash, such as "https://id.example.com"',
        ),
        (
            "base_path",
            _PATH.fullmatch(issuer.base_path) is not None,
            'write a path without final slash, such as "/a/oidc-provider/api/v0"',
        ),
        ("face", issuer.face_name in FACES, f"write one of: {', '.join(FACES)}"),
        ("profile", issuer.profile_name in PROFILES, f"write one of: {', '.join(PROFILES)}"),
        (
            "api_scopes",
            _are_scopes(issuer.api_scopes),
            "write names of printable ASCII without space, quote or backslash",
        ),
    )
    return [
        *(Fault(field=field, message=message) for field, holds, message in checks if not holds),
        *_lifetime_faults(issuer.lifetimes),
        *_profile_faults(issuer),
    ]


def _profile_faults(issuer: Issuer) -> Sequence[Fault]:
    """What of the issuer itself is against its profile. FAPI 2.0 §5.3.2, §5.4.1."""
    profile, lifetimes = PROFILES.get(issuer.profile_name), issuer.lifetimes
    if profile is None:
        return []  # told above
    faults = [
        Fault(
            field=f"lifetimes.{name}",
            message=f'{profile.name} asks for "{written_duration(longest)}" at most',
        )
        for name, seconds, longest in (
            ("code", lifetimes.code, profile.longest_code),
            ("pushed_request", lifetimes.pushed_request, profile.longest_push),
        )
        if longest is not None and seconds > longest
    ]
    if issuer.access_token_algorithm not in profile.algorithms:
        allowed = ", ".join(profile.algorithms)
        message = f"write one that {profile.name} allows: {allowed}"
        faults.append(Fault(field="access_token_algorithm", message=message))
    return faults


def _lifetime_faults(lifetimes: Lifetimes) -> Sequence[Fault]:
    """Nothing may end before it begins, and no token may outlive the key that verifies it."""
    faults = []
    for name, seconds in asdict(lifetimes).items():
        longest = LONGEST_TOKEN if name in _VERIFIED_BY_KEY else LONGEST_LIFETIME
        if not 1 <= seconds <= longest:
            message = f'write a duration from "1s" to "{written_duration(longest)}"'
            faults.append(Fault(field=f"lifetimes.{name}", message=message))
    return faults


def is_issuer_url(url: str) -> bool:
    """https; or plain http, but then on loopback, unless the issuer is a sandbox on a test network.

    Whether plain http may be *served* is decided where production starts.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"https", "http"}
        and _HOST.fullmatch(parts.netloc) is not None
        and _PATH.fullmatch(parts.path) is not None
        and not (parts.query or parts.fragment or url.endswith(("?", "#")))
    )


def production_faults(issuers: Sequence[Issuer]) -> Sequence[str]:
    """Why these issuers must not be served to the world, each in a sentence."""
    return [
        f'issuer "{issuer.issuer_id}" {reason}'
        for issuer in issuers
        for reason in _unfit_for_production(issuer)
    ]


def _unfit_for_production(issuer: Issuer) -> Sequence[str]:
    reasons = []
    if issuer.environment is Environment.SANDBOX:
        reasons.append("is a sandbox: serve it with ostiary dev, or apply another environment")
    if not issuer.secure and urlsplit(issuer.url).hostname not in LOOPBACK_HOSTS:
        reasons.append(f"has plain http beyond loopback ({issuer.url}): give it an https URL")
    return reasons


def _are_scopes(names: frozenset[str]) -> bool:
    try:
        return all(parse_scope(name) == {name} for name in names)
    except Malformed:
        return False


def _overlap(one: str, other: str) -> bool:
    """Whether requests below one path could be meant for the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _path_taken(issuer: Issuer, other: Issuer) -> ManagementError:
    return ManagementError(
        f"issuer {other.issuer_id} answers at {other.host}{other.base_path} already",
        f"give {issuer.issuer_id} a host of its own, or a base_path beside that one",
        Failure.CONFLICT,
    )


def _url_taken(issuer: Issuer) -> ManagementError:
    return ManagementError(
        f"another issuer has the URL {issuer.url}",
        "give each issuer a URL of its own",
        Failure.CONFLICT,
    )
