"""Provider metadata: what works here, read from the registries. OIDC Discovery §3, RFC 8414 §2."""

import json

from ostiary.domain.issuer import Issuer
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.pkce import S256
from ostiary.protocol.prompt import Prompt
from ostiary.protocol.response_mode import ResponseMode
from ostiary.protocol.tokens import Json
from ostiary.provider.client_auth import METHODS
from ostiary.provider.exchange import Document, EndpointRequest
from ostiary.provider.grants import GRANTS
from ostiary.provider.op import OpenIDProvider

MEDIA_TYPE = "application/json"
MAX_AGE = 300


async def discovery(_request: EndpointRequest, op: OpenIDProvider) -> Document:
    return Document(body=op.discovery, media_type=MEDIA_TYPE, max_age=MAX_AGE)


def discovery_document(issuer: Issuer) -> bytes:
    return json.dumps(metadata(issuer)).encode("ascii")


def metadata(issuer: Issuer) -> dict[str, Json]:
    """The members of the document. What is listed works; what works is listed."""
    return {
        "issuer": issuer.url,
        "authorization_endpoint": issuer.endpoint("auth"),
        "token_endpoint": issuer.endpoint("token"),
        "userinfo_endpoint": issuer.endpoint("me"),
        "jwks_uri": issuer.endpoint("jwks"),
        "end_session_endpoint": issuer.endpoint("logout"),
        "scopes_supported": sorted(issuer.scopes),
        "claims_supported": sorted(_claims(issuer)),
        "response_types_supported": ["code"],
        "response_modes_supported": [str(mode) for mode in ResponseMode],
        "grant_types_supported": [*GRANTS],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [str(algorithm) for algorithm in Algorithm],
        "token_endpoint_auth_methods_supported": [method.METHOD for method in METHODS],
        "code_challenge_methods_supported": [S256],
        "prompt_values_supported": [str(prompt) for prompt in Prompt],
        "authorization_response_iss_parameter_supported": True,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "acr_values_supported": [issuer.security_level("standard")],
    }


def _claims(issuer: Issuer) -> set[str]:
    released = {name for names in issuer.face.claims.values() for name in names}
    return released | {"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "nonce"}
