"""Every operation of an issuer: the endpoints of web/routes.py, and two pages that clients lead to.

An endpoint is described here by its name; to add one, a function, and a line in _ENDPOINTS.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ostiary.domain.issuer import Issuer
from ostiary.domain.profile import PROFILES
from ostiary.domain.quirks import Quirk
from ostiary.provider.client_auth import method_names
from ostiary.provider.endpoints import discovery, introspection, jwks, userinfo
from ostiary.web.openapi import reasons
from ostiary.web.openapi.model import (
    JSON_TYPE,
    Form,
    Operation,
    Parameter,
    Security,
    Tag,
)
from ostiary.web.openapi.parameters import (
    ACCESS_TOKEN,
    PROOF,
    TOKEN,
    TOKEN_TYPE_HINT,
    authorization_parameters,
    credentials,
    grant_forms,
)
from ostiary.web.openapi.place import Place, place_of
from ostiary.web.openapi.schemas import JWT, reference
from ostiary.web.openapi.visits import (
    PICTURE_PATH,
    describe_authorization,
    describe_logout,
    describe_picture,
)
from ostiary.web.routes import Endpoint, endpoint_paths

Describe = Callable[[Place, str], Operation]


def operations(issuer: Issuer) -> tuple[Operation, ...]:
    """All of them, by tag, and within one in the order of the endpoints."""
    tags = [*Tag]
    return tuple(sorted(_operations(issuer), key=lambda operation: tags.index(operation.tag)))


def _operations(issuer: Issuer) -> Iterator[Operation]:
    paths: dict[Endpoint, list[str]] = {}
    for path, endpoint in endpoint_paths(issuer):
        paths.setdefault(endpoint, []).append(path)
    places = [
        (place_of(each, tuple(at), issuer), _ENDPOINTS[each.name]) for each, at in paths.items()
    ]
    logout = Place(issuer=issuer, path=f"{issuer.base_path}/logout", methods=("GET", "POST"))
    picture = Place(issuer=issuer, path=PICTURE_PATH, methods=("GET",))
    for place, describe in (*places, (logout, describe_logout), (picture, describe_picture)):
        for method in place.methods:
            yield describe(place, method)


# ---- documents ---------------------------------------------------------------------------------


def _discovery(at: Place, method: str) -> Operation:
    also = ", ".join(f"`{path}`" for path in at.aliases)
    return Operation(
        path=at.path,
        method=method,
        operation_id="discovery",
        tag=Tag.PROVIDER,
        summary="Find out what works here",
        text=f"The provider's metadata: what is listed works. The same at {also}. OIDC Discovery §4, "
        "RFC 8414 §3.",
        responses=(
            at.answers(
                200,
                "The metadata.",
                {discovery.MEDIA_TYPE: reference("Metadata")},
                {"Cache-Control": True},
            ),
            *at.refuses(reasons.ANYWHERE),
        ),
    )


def _jwks(at: Place, method: str) -> Operation:
    return Operation(
        path=at.path,
        method=method,
        operation_id="jwks",
        tag=Tag.PROVIDER,
        summary="Get the keys that verify what is signed here",
        text="A key is published before it is used, and until the last token that it has signed is "
        "gone. RFC 7517 §5.",
        responses=(
            at.answers(
                200,
                "The public keys.",
                {jwks.MEDIA_TYPE: reference("JwkSet")},
                {"Cache-Control": True},
            ),
            *at.refuses(reasons.ANYWHERE),
        ),
    )


# ---- what clients ask by themselves ------------------------------------------------------------


def _of_client(issuer: Issuer, operation: Operation) -> Operation:
    """Where a client proves itself, in one way: by a header, or in the form. RFC 6749 §2.3."""
    methods = method_names(PROFILES[issuer.profile_name])
    return replace(
        operation,
        credentials=credentials(issuer),
        security=(Security.BASIC,) if "client_secret_basic" in methods else (),
        security_optional=True,
    )


def _pushed_authorization(at: Place, method: str) -> Operation:
    status = 200 if Quirk.PAR_STATUS_200 in at.issuer.quirks else 201
    fields = authorization_parameters(at.issuer, pushed=True)
    operation = Operation(
        path=at.path,
        method=method,
        operation_id="pushAuthorizationRequest",
        tag=Tag.AUTHORIZATION,
        summary="Push an authorization request",
        text="The request is checked and kept, so that nobody can read or change it on its way: the "
        "browser takes nothing but `client_id` and `request_uri` to `auth`. RFC 9126 §2.",
        in_headers=(proof_header(at.issuer),),
        forms=(Form(name="PushedRequest", title="request", fields=fields),),
        responses=(
            at.answers(
                status, "It is kept.", {JSON_TYPE: reference("PushedResponse")}, nonce(at.issuer)
            ),
            *at.refuses(reasons.of_push(at.issuer)),
        ),
    )
    return _of_client(at.issuer, operation)


def _token(at: Place, method: str) -> Operation:
    operation = Operation(
        path=at.path,
        method=method,
        operation_id="token",
        tag=Tag.TOKENS,
        summary="Get tokens",
        text="For a code, for a refresh token, or for the client itself. With a DPoP proof the tokens "
        "are bound to its key. RFC 6749 §3.2, RFC 9449 §5.",
        in_headers=(proof_header(at.issuer),),
        forms=grant_forms(),
        responses=(
            at.answers(
                200, "The tokens.", {JSON_TYPE: reference("TokenResponse")}, nonce(at.issuer)
            ),
            *at.refuses(reasons.of_token(at.issuer)),
        ),
    )
    return _of_client(at.issuer, operation)


def _revocation(at: Place, method: str) -> Operation:
    operation = Operation(
        path=at.path,
        method=method,
        operation_id="revoke",
        tag=Tag.TOKENS,
        summary="Give a token back",
        text="A refresh token ends with everything that came of its sign-in, an access token alone. "
        "RFC 7009 §2.",
        forms=(Form(name="RevocationRequest", title="request", fields=(TOKEN, TOKEN_TYPE_HINT)),),
        responses=(
            at.answers(200, "It is worth nothing now, if it ever was."),
            *at.refuses(reasons.REVOCATION),
        ),
    )
    return _of_client(at.issuer, operation)


def _introspection(at: Place, method: str) -> Operation:
    operation = Operation(
        path=at.path,
        method=method,
        operation_id="introspect",
        tag=Tag.TOKENS,
        summary="Ask what a token is worth",
        text="For APIs whose client may introspect; signed, for who accepts "
        f"`{introspection.JWT_MEDIA_TYPE}`. RFC 7662 §2, RFC 9701 §4.",
        forms=(
            Form(name="IntrospectionRequest", title="request", fields=(TOKEN, TOKEN_TYPE_HINT)),
        ),
        responses=(
            at.answers(
                200,
                "What is known of it; nothing, of one that is not active.",
                {JSON_TYPE: reference("Introspection"), introspection.JWT_MEDIA_TYPE: JWT},
            ),
            *at.refuses(reasons.INTROSPECTION),
        ),
    )
    return _of_client(at.issuer, operation)


def _userinfo(at: Place, method: str) -> Operation:
    by_form = method == "POST"
    fields = Form(name="UserinfoRequest", title="request", fields=(ACCESS_TOKEN,), required=False)
    return Operation(
        path=at.path,
        method=method,
        operation_id="userinfoByForm" if by_form else "userinfo",
        tag=Tag.PEOPLE,
        summary=f"Learn about the person{', asked by a form' if by_form else ''}",
        text="What the institution knows and the scopes of the access token release, or the client "
        "has asked for; signed, for a client that is registered so. OIDC Core §5.3.",
        in_headers=(proof_header(at.issuer),),
        forms=(fields,) if by_form else (),
        security=(Security.BEARER, Security.DPOP),
        security_optional=by_form,
        responses=(
            at.answers(
                200,
                "The claims.",
                {JSON_TYPE: reference("Userinfo"), userinfo.JWT_MEDIA_TYPE: JWT},
                nonce(at.issuer),
            ),
            *at.refuses(reasons.of_userinfo(at.issuer)),
        ),
    )


def proof_header(issuer: Issuer) -> Parameter:
    """A proof is an example of what to send where the profile asks for one."""
    needed = PROFILES[issuer.profile_name].requires_dpop
    return replace(PROOF, example="$DPOP_PROOF") if needed else PROOF


def nonce(issuer: Issuer) -> dict[str, bool]:
    """Where a nonce is required, the answer to a proof has the next one. RFC 9449 §8.2."""
    return {"DPoP-Nonce": False} if issuer.require_dpop_nonce else {}


_ENDPOINTS: Mapping[str, Describe] = {
    "discovery": _discovery,
    "jwks": _jwks,
    "auth": describe_authorization,
    "request": _pushed_authorization,
    "token": _token,
    "token/revocation": _revocation,
    "token/introspection": _introspection,
    "me": _userinfo,
}
