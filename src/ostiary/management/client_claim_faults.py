"""What is wrong with what a client may know of people. OIDC Core §8.1."""

import re
from collections.abc import Iterator

from ostiary.domain.client import Client, SubjectType
from ostiary.domain.face import FACES
from ostiary.domain.issuer import Issuer
from ostiary.domain.subjects import find_sector
from ostiary.management.faults import Fault

_SECTOR = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def claim_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    yield from _restricted_faults(client, issuer)
    yield from _sector_faults(client)


def _restricted_faults(client: Client, issuer: Issuer) -> Iterator[Fault]:
    if issuer.face_name not in FACES:
        return  # told of the issuer itself
    known = issuer.face.restricted
    advice = (
        f"write some of {', '.join(sorted(known))}" if known else "leave it out: there are none"
    )
    for name in sorted(client.restricted_claims - known):
        yield Fault(field="restricted_claims", message=f"{advice}: not {name!r}")


def _sector_faults(client: Client) -> Iterator[Fault]:
    if client.sector is not None and not _SECTOR.fullmatch(client.sector):
        yield Fault(field="sector", message='write a host name, such as "example.com"')
    pairwise = client.subject_type is SubjectType.PAIRWISE
    signs_people_in = "authorization_code" in client.grant_types
    if pairwise and signs_people_in and not _has_sector(client):
        message = "write a sector too: these do not have one public host in common"
        yield Fault(field="redirect_uris", message=message)


def _has_sector(client: Client) -> bool:
    try:
        return find_sector(client) is not None
    except ValueError:  # a redirect URI that cannot be read, which is told of it
        return True
