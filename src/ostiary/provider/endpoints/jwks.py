"""The JSON Web Key Set: the public keys of everything that we sign. RFC 7517 §5."""

import json
from collections.abc import Iterable, Mapping

from ostiary.domain.signing_keys import JWKS_MAX_AGE
from ostiary.protocol.tokens import Json
from ostiary.provider.exchange import Document, EndpointRequest
from ostiary.provider.op import OpenIDProvider

MEDIA_TYPE = "application/json"


async def jwks(_request: EndpointRequest, op: OpenIDProvider) -> Document:
    return op.jwks


def jwks_document(public_jwks: Iterable[Mapping[str, Json]]) -> Document:
    body = json.dumps({"keys": [dict(jwk) for jwk in public_jwks]}).encode("ascii")
    return Document(body=body, media_type=MEDIA_TYPE, max_age=JWKS_MAX_AGE)
