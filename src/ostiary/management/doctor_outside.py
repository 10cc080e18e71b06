"""The doctor's checks from outside: whether clients find the issuers as they are configured."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from ostiary.domain.instants import readable
from ostiary.domain.issuer import DAY, Issuer
from ostiary.management.doctor import Patient
from ostiary.management.findings import Finding, fail, ok, warn
from ostiary.outbound.fetcher import NAME_NOT_FOUND, FetchFailed
from ostiary.outbound.peer_certificate import certificate_expiry

CERTIFICATE_AHEAD = 14 * DAY
HTTPS = 443
NAME_IT = "give it an address in the DNS, or correct the URL of the issuer: ostiary apply -f FILE"


async def check_reachable(patient: Patient) -> AsyncIterator[Finding]:
    """Through every proxy on the way the metadata has to be what it is here. OIDC Discovery §4."""
    for issuer in patient.issuers:
        yield await _reach(patient, issuer)


async def _reach(patient: Patient, issuer: Issuer) -> Finding:
    name = f"outside of {issuer.issuer_id}"
    url = f"{issuer.url}/.well-known/openid-configuration"
    try:
        told = await patient.fetcher.fetch_json(url)
    except FetchFailed as error:
        return fail(
            name,
            f"{url} does not answer as it should: {error.reason}",
            _advice(error, "start ostiary serve; then see the proxy's Host header and its path"),
        )
    expected = patient.metadata_of(issuer)
    changed = [key for key in expected.keys() | told.keys() if expected.get(key) != told.get(key)]
    if changed:
        return fail(
            name,
            f"{url} tells other {', '.join(sorted(changed))}",
            "another server answers there, an older version, or a cache: compare with curl",
        )
    return ok(name, f"{url} tells what is configured here")


def _advice(error: FetchFailed, otherwise: str) -> str:
    return NAME_IT if error.reason == NAME_NOT_FOUND else otherwise


async def check_certificates(patient: Patient) -> AsyncIterator[Finding]:
    for issuer in patient.issuers:
        if issuer.secure:
            yield await _certificate(patient, issuer)


async def _certificate(patient: Patient, issuer: Issuer) -> Finding:
    name = f"TLS of {issuer.issuer_id}"
    parts = urlsplit(issuer.url)
    try:
        expires_at = await certificate_expiry(parts.hostname or "", parts.port or HTTPS)
    except FetchFailed as error:
        return fail(
            name,
            f"{issuer.host}: {error.reason}",
            _advice(error, "serve the whole chain, for this name, of a root that clients know"),
        )
    if expires_at < patient.now + CERTIFICATE_AHEAD:
        return warn(name, f"expires {readable(expires_at)}", "renew the certificate")
    return ok(name, f"trusted, and valid until {readable(expires_at)}")
