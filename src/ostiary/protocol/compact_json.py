"""JSON in as few bytes as it takes, as tokens and responses carry it. RFC 8259."""

import json
from collections.abc import Mapping

from ostiary.protocol.tokens import Json

# One encoder, made once: json.dumps makes a new one for each call that is not plain.
_encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)


def encode_json(members: Mapping[str, Json]) -> bytes:
    return _encoder.encode(members).encode("ascii")
