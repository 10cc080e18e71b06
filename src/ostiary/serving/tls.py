"""TLS of our own, for who has no proxy that does it. RFC 9325 §3.1.1, §4.2; RFC 8705 §2."""

import ssl
from pathlib import Path

from ostiary.management.errors import Failure, ManagementError
from ostiary.settings import ServerSettings


def tls_context(server: ServerSettings) -> ssl.SSLContext | None:
    """None where plain http is spoken. Raises ManagementError for files that do not do."""
    certificate, key = server.tls_certificate, server.tls_key
    if certificate is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A password would be asked for on the terminal, of which a service has none.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        raise _unusable(f"{certificate} with {key}", error) from error
    if (authority := server.tls_client_ca) is not None:
        # Asked for, not demanded: browsers have none. A client that must have one is refused later.
        context.verify_mode = ssl.CERT_OPTIONAL
        try:
            context.load_verify_locations(authority)
        except OSError as error:
            raise _unusable(str(authority), error) from error
    return context


def _unusable(what: str | Path, error: OSError) -> ManagementError:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return ManagementError(
        f"cannot use {what} for TLS: {reason or error}",
        "check server.tls_certificate (PEM, the whole chain), server.tls_key (PEM, no password, "
        "the certificate's own) and server.tls_client_ca, and that Ostiary may read them",
        Failure.INVALID,
    )
