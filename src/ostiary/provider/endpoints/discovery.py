"""Provider metadata: what works here, read from the registries. OIDC Discovery §3, RFC 8414 §2."""

import json

from ostiary.accounts.factors import reachable_levels
from ostiary.domain.client import AuthMethod, SubjectType
from ostiary.domain.issuer import Issuer
from ostiary.domain.profile import PROFILES, Profile
from ostiary.protocol.jose.jws import HS256
from ostiary.protocol.pkce import S256
from ostiary.protocol.prompt import Prompt
from ostiary.protocol.response_mode import ResponseMode
from ostiary.protocol.tokens import Json
from ostiary.provider.client_auth import method_names
from ostiary.provider.exchange import Document, EndpointRequest
from ostiary.provider.grants import GRANTS
from ostiary.provider.op import OpenIDProvider

MEDIA_TYPE = "application/json"
MAX_AGE = 300


async def discovery(_request: EndpointRequest, op: OpenIDProvider) -> Document:
    return op.discovery


def discovery_document(issuer: Issuer) -> Document:
    body = json.dumps(metadata(issuer)).encode("ascii")
    return Document(body=body, media_type=MEDIA_TYPE, max_age=MAX_AGE)


def metadata(issuer: Issuer) -> dict[str, Json]:
    """The members of the document. What is listed works; what works is listed."""
    profile = PROFILES[issuer.profile_name]
    algorithms: list[Json] = [str(algorithm) for algorithm in profile.algorithms]
    return {
        "issuer": issuer.url,
        "authorization_endpoint": issuer.endpoint("auth"),
        "token_endpoint": issuer.endpoint("token"),
        "userinfo_endpoint": issuer.endpoint("me"),
        "pushed_authorization_request_endpoint": issuer.endpoint("request"),
        "require_pushed_authorization_requests": profile.requires_par,
        "revocation_endpoint": issuer.endpoint("token/revocation"),
        "introspection_endpoint": issuer.endpoint("token/introspection"),
        "jwks_uri": issuer.endpoint("jwks"),
        "end_session_endpoint": issuer.endpoint("logout"),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "scopes_supported": sorted(issuer.scopes),
        "claims_supported": sorted(_claims(issuer)),
        "response_types_supported": ["code"],
        "response_modes_supported": [str(mode) for mode in ResponseMode],
        "grant_types_supported": [*GRANTS],
        "subject_types_supported": [str(subject_type) for subject_type in SubjectType],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        **_client_authentication(profile),
        "dpop_signing_alg_values_supported": sorted(profile.proof_algorithms),
        "introspection_signing_alg_values_supported": algorithms,
        "code_challenge_methods_supported": [S256],
        "prompt_values_supported": [str(prompt) for prompt in Prompt],
        "authorization_response_iss_parameter_supported": True,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "acr_values_supported": [issuer.security_level(level) for level in reachable_levels()],
    }


def _client_authentication(profile: Profile) -> dict[str, Json]:
    """By what clients prove who they are, and what assertions are signed with. RFC 8414 §2.

    Introspection is for clients that can prove themselves.
    """
    names = [*method_names(profile)]
    algorithms = [str(algorithm) for algorithm in profile.algorithms]
    if AuthMethod.CLIENT_SECRET_JWT in profile.auth_methods:
        algorithms.append(HS256)
    members: dict[str, Json] = {}
    for endpoint in ("token", "revocation", "introspection"):
        left_out = {"none"} if endpoint == "introspection" else set()
        methods = [name for name in names if name not in left_out]
        members[f"{endpoint}_endpoint_auth_methods_supported"] = methods
        members[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = algorithms
    return members


def _claims(issuer: Issuer) -> set[str]:
    """Those about the person, and those that every ID token has."""
    protocol = {"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "nonce"}
    return {*issuer.face.data, *protocol}
