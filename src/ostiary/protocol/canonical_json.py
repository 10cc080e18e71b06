"""JSON in the one spelling that its members have, to be hashed. RFC 8785 §3.2."""

import json
from collections.abc import Mapping

from ostiary.protocol.tokens import Json


def canonical_json(members: Mapping[str, Json]) -> bytes:
    """Of text, whole numbers, lists, objects and null; names are ASCII."""
    encoded = json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return encoded.encode()
