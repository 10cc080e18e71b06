"""What the settings say of who asks: whom to believe, and how much may come."""

from ostiary.app import Front
from ostiary.provider.limits import Limits
from ostiary.settings import UNIX, LimitSettings, ServerSettings, Settings
from ostiary.web.connections import ConnectionLimits, make_room
from ostiary.web.forwarded import TrustedProxies


def front_of(settings: Settings) -> Front:
    return Front(proxies=_proxies(settings.server), limits=_limits(settings.limits))


def connection_limits(limits: LimitSettings) -> ConnectionLimits:
    return ConnectionLimits(
        connections=make_room(limits.connections),
        head_seconds=limits.head_seconds,
        body_seconds=limits.body_seconds,
        answer_seconds=limits.answer_seconds,
    )


def _proxies(server: ServerSettings) -> TrustedProxies:
    header = server.client_certificate_header
    return TrustedProxies(
        networks=tuple(each for each in server.trusted_proxies if not isinstance(each, str)),
        unix=UNIX in server.trusted_proxies,
        family=server.forwarded_headers,
        certificate_header=None if header is None else header.lower().encode("ascii"),
    )


def _limits(limits: LimitSettings) -> Limits:
    return Limits(
        per_address=limits.requests_per_minute_per_address,
        per_client=limits.requests_per_minute_per_client,
        failures=limits.failures_per_minute,
        pushed_requests=limits.pushed_requests_per_minute_per_client,
        sign_ins=limits.sign_ins_per_minute_per_address,
    )
