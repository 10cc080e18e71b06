"""The public keys that have signed audit seals, kept for as long as there are seals.

Public, but sealed under the master key all the same: so nobody who can only write to the database
can put a key of their own in their place, and sign a chain anew.
"""

import json
from collections.abc import Mapping

from ostiary.protocol.compact_json import encode_json
from ostiary.protocol.tokens import Json
from ostiary.signing.key_name import check_name
from ostiary.signing.master_key import MasterKey


def seal_audit_key(
    issuer_id: str, kid: str, public_jwk: Mapping[str, Json], master_key: MasterKey
) -> bytes:
    check_name(kid, public_jwk)
    return master_key.seal(encode_json(public_jwk), _context(issuer_id, kid))


def open_audit_key(
    issuer_id: str, kid: str, sealed: bytes, master_key: MasterKey
) -> Mapping[str, Json]:
    """The JWK; raises MasterKeyError for one that was not sealed under this master key."""
    jwk: Mapping[str, Json] = json.loads(master_key.open(sealed, _context(issuer_id, kid)))
    return jwk


def _context(issuer_id: str, kid: str) -> str:
    return f"audit-key {issuer_id} {kid}"
