"""What keeps a client from working, or makes it unsafe. RFC 6749 §2.1, §4.4, RFC 9700 §2.1."""

import re
from collections.abc import Collection, Sequence

from ostiary.domain.client import Client
from ostiary.domain.face import FACES
from ostiary.domain.issuer import Issuer
from ostiary.management.client_addresses import address_faults
from ostiary.management.client_claim_faults import claim_faults
from ostiary.management.client_proof_faults import proof_faults
from ostiary.management.faults import Fault
from ostiary.management.institutions import unknown_institution
from ostiary.management.profile_faults import profile_faults

# The names of provider.grants.GRANTS, which this layer cannot see; a test compares the two.
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")

_CLIENT_ID = re.compile(r"[\x21-\x39\x3B-\x7E]{1,255}")  # no colon: HTTP Basic ends the id with one


def client_faults(
    client: Client, issuer: Issuer, institution_ids: Collection[str]
) -> Sequence[Fault]:
    """All of them; `institution_ids` are those of the issuer."""
    return [
        *_identity_faults(client, institution_ids),
        *address_faults(client, issuer),
        *_grant_faults(client),
        *_scope_faults(client, issuer),
        *_policy_faults(client),
        *profile_faults(client, issuer),
        *proof_faults(client, issuer),
        *claim_faults(client, issuer),
    ]


def new_client_faults(client: Client, before: Issuer, after: Issuer) -> Sequence[Fault]:
    """Those that a change of the issuer brings."""
    present = client_faults(client, before, client.institution_ids)
    changed = client_faults(client, after, client.institution_ids)
    return [fault for fault in changed if fault not in present]


def _identity_faults(client: Client, institution_ids: Collection[str]) -> Sequence[Fault]:
    faults = []
    if not _CLIENT_ID.fullmatch(client.client_id):
        faults.append(
            Fault(
                field="client_id",
                message="write 1 to 255 characters of printable ASCII without space and colon",
            )
        )
    if not client.name.strip():
        faults.append(Fault(field="name", message="write the name that people will read"))
    named = [("institution", client.institution_id)]
    named += [("further_institutions", each) for each in client.further_institution_ids]
    faults += [
        Fault(field=field, message=unknown_institution(each, institution_ids))
        for field, each in named
        if each not in institution_ids
    ]
    return faults


def _grant_faults(client: Client) -> Sequence[Fault]:
    faults = [
        Fault(field="grant_types", message=f"write some of {', '.join(GRANT_TYPES)}: not {name!r}")
        for name in sorted(client.grant_types.difference(GRANT_TYPES))
    ]
    if client.public and "client_credentials" in client.grant_types:
        faults.append(
            Fault(
                field="grant_types",
                message="leave out client_credentials: a public client has none",
            )
        )
    if not client.grant_types:
        faults.append(Fault(field="grant_types", message="write at least one"))
    return faults


def _scope_faults(client: Client, issuer: Issuer) -> Sequence[Fault]:
    if issuer.face_name not in FACES:
        return []  # told of the issuer itself
    unknown = sorted(client.scopes - issuer.scopes)
    known = ", ".join(sorted(issuer.scopes))
    advice = f"write some of {known}, or list it in the issuer's api_scopes"
    return [Fault(field="scopes", message=f"{advice}: not {name!r}") for name in unknown]


def _policy_faults(client: Client) -> Sequence[Fault]:
    faults = []
    if client.public and not client.require_pkce:
        faults.append(
            Fault(field="require_pkce", message="write true: a public client proves itself by PKCE")
        )
    if client.public and client.may_introspect:
        faults.append(
            Fault(
                field="may_introspect",
                message="leave it out: a public client proves nothing, so anybody could ask",
            )
        )
    if client.refresh_grace < 0:
        faults.append(Fault(field="refresh_grace", message="write seconds, 0 for off"))
    return faults
