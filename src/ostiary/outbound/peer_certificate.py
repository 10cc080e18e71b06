"""The certificate with which a server proves who it is, seen as any client sees it."""

import asyncio
import socket
import ssl

from ostiary.outbound.fetcher import NAME_NOT_FOUND, FetchFailed

SECONDS_TO_ANSWER = 5.0


async def certificate_expiry(host: str, port: int) -> int:
    """When it expires; raises FetchFailed when it or its chain would be trusted by nobody."""
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            _, writer = await asyncio.open_connection(
                host, port, ssl=ssl.create_default_context(), server_hostname=host
            )
    except ssl.SSLCertVerificationError as error:
        raise FetchFailed(error.verify_message) from error
    except socket.gaierror as error:
        raise FetchFailed(NAME_NOT_FOUND) from error
    except (OSError, TimeoutError) as error:
        raise FetchFailed(str(error) or "timed out") from error
    try:
        certificate = writer.get_extra_info("peercert")
        return int(ssl.cert_time_to_seconds(certificate["notAfter"]))
    finally:
        writer.transport.abort()
